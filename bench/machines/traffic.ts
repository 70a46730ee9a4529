import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readAddress } from "../../src/broker/address.ts";
import { Broker } from "../../src/broker/broker.ts";
import { scoringBuild } from "../../src/broker/build.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { BatchPool } from "../../src/pool/batch-pool.ts";
import { answer, contextKey, packSetup } from "../../src/pool/message.ts";
import type { Transport } from "../../src/pool/transport.ts";
import type { Problem } from "../../src/problem/problem.ts";
import { createScorer, type Scorer } from "../../src/problem/scorer.ts";
import { startSearch } from "../../src/run/run.ts";
import { isMain, numberArgument } from "../durability/arguments.ts";

/*
 * What a broker costs a search without faults: 59 generations of 5 batches of 8 networks, which take 100 ms asleep, on 3 workers of 2 threads and a Redis on
 * this machine; and the CPU time of the process that searches, beyond that of the same search whose batches sleep in that process. Arguments: --port of a Redis, --rounds, --generations, --milliseconds.
 */

const GENERATIONS = numberArgument("generations", 59);
const BATCHES = 5;
const NETWORKS = 8;
const WORKERS = 3;
const THREADS = 2;
const milliseconds = numberArgument("milliseconds", 100);

const preset = parseConfig(presetValue("imagenet-mixed-7.0g"), "preset");
const generation = BATCHES * NETWORKS;

async function main(): Promise<void> {
  const url = `redis://127.0.0.1:${numberArgument("port", 6379)}`;
  const program = fileURLToPath(new URL("./slow-worker.js", import.meta.url));
  const env = { ...process.env, QES_BENCH_MILLISECONDS: String(milliseconds / NETWORKS) };
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
  const by = (open: (problem: Problem) => Transport) => (problem: Problem) => {
    const transport = open(problem);
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
  const scores = new Map<string, number>();
  const asleep = by((problem) => new Asleep(problem, scores));
  // Scores all of them, so that the next time none is to be scored.
  await startSearch(config, { archive: ":memory:", elsewhere: asleep });
  const here = await timed(() => startSearch(config, { archive: ":memory:", elsewhere: asleep }));
  batches = 0;
  const elsewhere = by((problem) => broker.transport(packSetup(problem)));
  const remote = await timed(() => startSearch(config, { archive: ":memory:", elsewhere }));
  if (here.digest !== remote.digest) throw new Error("another digest");
  const [user, system] = [remote.user - here.user, remote.system - here.system].map((cpu) => (1000 * cpu) / batches);
  console.log(
    `${batches} batches in ${remote.seconds.toFixed(2)} s, ${(user + system).toFixed(3)} ms of CPU a batch, ${system.toFixed(3)} of it the system's, equal digest`,
  );
}

/** Answers after a batch's time, as a broker does, with scores that are known. */
class Asleep implements Transport {
  readonly slots = BATCHES;
  readonly #context: string;
  readonly #length: number;
  readonly #scorer: Scorer;
  readonly #scores: Map<string, number>;

  constructor(problem: Problem, scores: Map<string, number>) {
    this.#context = contextKey(problem.scoringContext);
    this.#length = problem.space.genomeLength;
    this.#scorer = createScorer(problem);
    this.#scores = scores;
  }

  async run(request: Uint8Array): Promise<Uint8Array> {
    await after(milliseconds);
    return answer(request, this.#context, (genomes) => ({ scores: this.#known(genomes), failures: [] }));
  }

  #known(genomes: Uint8Array): Float64Array {
    const scores = new Float64Array(genomes.length / this.#length);
    for (let i = 0; i < scores.length; i++) {
      const genome = genomes.slice(i * this.#length, (i + 1) * this.#length);
      const name = genome.toString();
      const score = this.#scores.get(name) ?? this.#scorer.score(genome).scores[0];
      this.#scores.set(name, score);
      scores[i] = score;
    }
    return scores;
  }

  restart(): void {}

  async close(): Promise<void> {}
}

/** Seconds. */
async function timed(run: () => Promise<{ readonly digest: string }>) {
  const began = performance.now();
  const before = process.cpuUsage();
  const { digest } = await run();
  const { user, system } = process.cpuUsage(before);
  return { digest, seconds: (performance.now() - began) / 1000, user: user / 1e6, system: system / 1e6 };
}

if (isMain(import.meta.url)) await main();
