import { join } from "node:path";
import { packageRoot } from "../../src/base/package-root.ts";
import { readAddress } from "../../src/broker/address.ts";
import { serve } from "../../src/broker/serve.ts";
import { isMain } from "../durability/arguments.ts";

/*
 * A worker like any other whose networks take QES_BENCH_MILLISECONDS each, most of it asleep: many of them on few cores measure what a broker and faults cost, and not the cores.
 * Arguments: the address, threads.
 */
async function main(): Promise<void> {
  const [url, threads] = process.argv.slice(2);
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  await serve(readAddress(url, { where: "bench", insecure: true }), {
    threads: Number(threads),
    version: "bench",
    stop: stop.signal,
    worker: join(packageRoot, "bench/machines/slow-score.cjs"),
    searches: { program: "bench", idOf: () => "", run: async () => "stopped", stop: () => {} },
    onStart: ({ name }) => console.error(`${name}: serves ${url}`),
    onSearch: () => {},
    onError: (message) => console.error(message),
  });
}

if (isMain(import.meta.url)) await main();
