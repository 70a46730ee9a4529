import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { pack, unpack } from "msgpackr/pack";
import { ThreadTransport } from "../../src/pool/thread-transport.ts";
import { type Transport, TransportDown } from "../../src/pool/transport.ts";

/*
 * Another machine, as far as a pool can tell: requests go through a socket to threads at its other end. In the tests to hold the seam open:
 * such a transport is one file, knows nothing of genomes, and passes the contract.
 */

/** What goes to the other end: a setup first, then requests, and those that are not wanted any more. */
type Asked =
  | { setup: Uint8Array; slots: number; worker: string }
  | { id: number; request: Uint8Array }
  | { abort: number };
/** What comes back. */
type Told = { id: number; reply?: Uint8Array; error?: string; down?: boolean };

/** Four bytes of length, then msgpack. */
function send(socket: Socket, message: Asked | Told | { restart: true }): void {
  const bytes = pack(message);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  socket.write(Buffer.concat([length, bytes]));
}

function receive(socket: Socket, take: (message: never) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32LE(0)) {
      const end = 4 + rest.readUInt32LE(0);
      take(unpack(rest.subarray(4, end)) as never);
      rest = rest.subarray(end);
    }
  });
}

/** The other end. */
export async function serve(): Promise<Server> {
  const server = createServer((socket) => {
    let threads: ThreadTransport | undefined;
    const aborts = new Map<number, AbortController>();
    socket.on("error", () => {});
    socket.on("close", () => threads?.close());
    receive(socket, async (message: Asked | { restart: true }) => {
      if ("setup" in message) threads = new ThreadTransport(message.setup, message.slots, { worker: message.worker });
      else if ("restart" in message) threads!.restart();
      else if ("abort" in message) aborts.get(message.abort)?.abort(new Error("not wanted any more"));
      else {
        const { id, request } = message;
        const abort = new AbortController();
        aborts.set(id, abort);
        try {
          send(socket, { id, reply: await threads!.run(request, abort.signal) });
        } catch (error) {
          send(socket, { id, error: (error as Error).message, down: error instanceof TransportDown });
        } finally {
          aborts.delete(id);
        }
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

export class SocketTransport implements Transport {
  readonly slots: number;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { resolve(reply: Uint8Array): void; reject(error: Error): void }>();
  #ids = 0;

  constructor(port: number, setup: Uint8Array, slots: number, worker: string) {
    this.slots = slots;
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the connection was closed"));
    });
    send(this.#socket, { setup, slots, worker });
    receive(this.#socket, ({ id, reply, error, down }: Told) => {
      const waiting = this.#waiting.get(id);
      if (reply !== undefined) waiting?.resolve(reply);
      else waiting?.reject(down ? new TransportDown(error) : new Error(error));
    });
  }

  async run(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const id = this.#ids++;
    const abort = () => send(this.#socket, { abort: id });
    signal.addEventListener("abort", abort, { once: true });
    send(this.#socket, { id, request });
    try {
      return await new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener("abort", abort);
    }
  }

  restart(): void {
    send(this.#socket, { restart: true });
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    this.#socket.destroy();
    await once(this.#socket, "close");
  }
}
