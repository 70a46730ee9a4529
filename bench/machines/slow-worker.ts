import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { packageRoot } from "../../src/base/package-root.ts";
import { readAddress } from "../../src/broker/address.ts";
import type { Searches } from "../../src/broker/search-worker.ts";
import { serve } from "../../src/broker/serve.ts";
import { workerSearches } from "../../src/cli/worker-searches.ts";
import { isMain } from "../durability/arguments.ts";

/*
 * A worker like any other whose networks take QES_BENCH_MILLISECONDS each, most of it asleep, and whose searches take so many seconds more, asleep: many of them on few cores
 * measure what a broker and faults cost, and not the cores. Arguments: the address, threads; a folder and the seconds, where it is to run searches.
 */
async function main(): Promise<void> {
  const [url, threads, folder, seconds] = process.argv.slice(2);
  const none: Searches = { program: "bench", idOf: () => "", run: async () => "stopped", stop: () => {} };
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  await serve(readAddress(url, { where: "bench", insecure: true }), {
    threads: Number(threads),
    version: "bench",
    stop: stop.signal,
    worker: join(packageRoot, "bench/machines/slow-score.cjs"),
    searches: folder === undefined ? none : late(workerSearches(folder), Number(seconds)),
    onStart: ({ name }) => console.error(`${name}: serves ${url}`),
    onSearch: () => {},
    onError: (message) => console.error(message),
  });
}

function late(searches: Searches, seconds: number): Searches {
  return {
    ...searches,
    async run(search) {
      const answer = await searches.run(search);
      await after(1000 * seconds);
      return answer;
    },
  };
}

if (isMain(import.meta.url)) await main();
