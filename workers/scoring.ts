import { type Asked, noiseOf, type Told } from "../src/broker/scoring-process.ts";
import { ThreadTransport } from "../src/pool/thread-transport.ts";
import { TransportDown } from "../src/pool/transport.ts";

/*
 * Scores requests of one setup in threads, for the process that started it. A process of its own: what it dies of takes nothing along, and the one that
 * started it knows that it died.
 */

const aborts = new Map<number, AbortController>();
let threads: ThreadTransport | undefined;
let down = false;

const tell = (told: Told) => {
  if (process.connected) process.send!(told);
};

async function run(id: number, request: Uint8Array): Promise<void> {
  const abort = new AbortController();
  aborts.set(id, abort);
  try {
    if (down) threads!.restart();
    tell({ id, reply: await threads!.run(request, abort.signal) });
    down = false;
  } catch (error) {
    down = error instanceof TransportDown;
    tell({ id, error: (error as Error).message, down });
  } finally {
    aborts.delete(id);
  }
}

process.on("message", (asked: Asked) => {
  if ("setup" in asked) {
    const { setup, threads: count, worker } = asked;
    threads = new ThreadTransport(setup, count, { noise: noiseOf(setup), ...(worker === undefined ? {} : { worker }) });
  } else if ("abort" in asked) aborts.get(asked.abort)?.abort(new Error("not wanted any more"));
  else run(asked.id, asked.request);
});
// Nothing of it is to outlive the one that started it, a thread that hangs included.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// A terminal's Ctrl-C is for the process that started this one: it finishes what is in hand.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
