import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readAddress } from "../../src/broker/address.ts";
import { Broker } from "../../src/broker/broker.ts";
import { scoringBuild } from "../../src/broker/build.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { BatchPool } from "../../src/pool/batch-pool.ts";
import { packSetup } from "../../src/pool/message.ts";
import type { Transport } from "../../src/pool/transport.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { startSearch } from "../../src/run/run.ts";
import { isMain, numberArgument } from "../durability/arguments.ts";

/*
 * What a broker costs a search without faults: 59 generations of 5 batches of 8 networks, which take 100 ms asleep, on 3 workers of 2 threads and a Redis on
 * this machine; and the CPU time of the process that searches, beyond that of the same search alone. Arguments: --port of a Redis, --rounds, --generations, --milliseconds.
 */

const GENERATIONS = numberArgument("generations", 59);
const BATCHES = 5;
const NETWORKS = 8;
const WORKERS = 3;
const THREADS = 2;

const preset = parseConfig(presetValue("imagenet-mixed-7.0g"), "preset");
const generation = BATCHES * NETWORKS;

async function main(): Promise<void> {
  const url = `redis://127.0.0.1:${numberArgument("port", 6379)}`;
  const program = fileURLToPath(new URL("./slow-worker.js", import.meta.url));
  const env = { ...process.env, QES_BENCH_MILLISECONDS: String(numberArgument("milliseconds", 100) / NETWORKS) };
  const workers: ChildProcess[] = [];
  for (let i = 0; i < WORKERS; i++) {
    workers.push(
      spawn(process.execPath, [program, url, String(THREADS)], { env, stdio: ["ignore", "ignore", "inherit"] }),
    );
  }
  const broker = await Broker.open(readAddress(url, { where: "bench", insecure: false }), { build: scoringBuild() });
  try {
    while (broker.slots < WORKERS * (THREADS + 1)) await after(100);
    // The first round starts threads.
    for (let round = 0; round <= numberArgument("rounds", 3); round++) await measure(broker, 1 + round);
  } finally {
    broker.close();
    for (const worker of workers) worker.kill("SIGTERM");
  }
}

async function measure(broker: Broker, seed: number): Promise<void> {
  const search = {
    ...preset.search,
    seed,
    generation,
    growing: false,
    evaluations: GENERATIONS * generation,
    stopGap: "off" as const,
  };
  const config = { ...preset, search };
  let batches = 0;
  const elsewhere = (problem: Problem) => {
    const transport = broker.transport(packSetup(problem));
    const counting: Transport = {
      slots: BATCHES,
      run(request, signal) {
        batches++;
        return transport.run(request, signal);
      },
      restart: () => transport.restart(),
      close: () => transport.close(),
    };
    const { space, scoringContext } = problem;
    return new BatchPool(counting, { genomeLength: space.genomeLength, scoringContext, most: NETWORKS });
  };
  const alone = await timed(() => startSearch(config, { archive: ":memory:", threads: 0 }));
  const remote = await timed(() => startSearch(config, { archive: ":memory:", elsewhere }));
  if (alone.digest !== remote.digest) throw new Error("another digest");
  const cpu = (1000 * (remote.cpu - alone.cpu)) / batches;
  console.log(
    `${batches} batches in ${remote.seconds.toFixed(2)} s, ${cpu.toFixed(3)} ms of CPU a batch, equal digest`,
  );
}

/** Seconds. */
async function timed(run: () => Promise<{ readonly digest: string }>) {
  const began = performance.now();
  const before = process.cpuUsage();
  const { digest } = await run();
  const { user, system } = process.cpuUsage(before);
  return { digest, seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
}

if (isMain(import.meta.url)) await main();
