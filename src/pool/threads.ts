import { pack, unpack } from "msgpackr";
import { Piscina } from "piscina";
import type { Config } from "../config.ts";
import { builtFile } from "../package-root.ts";
import type { Pool } from "./pool.ts";
import type { BatchScores } from "./scorer.ts";

/** So many that the threads end a generation nearly together. */
const BATCHES_A_THREAD = 16;

/** Scores in worker threads; a message is msgpack bytes each way. */
export class ThreadPool implements Pool {
  readonly threads: number;
  readonly #genomeLength: number;
  readonly #batch: number;
  readonly #piscina: Piscina<Uint8Array, Uint8Array>;

  /** @param batch most genomes a message carries */
  constructor(config: Config, genomeLength: number, threads: number, batch: number) {
    this.threads = threads;
    this.#genomeLength = genomeLength;
    this.#batch = batch;
    this.#piscina = new Piscina<Uint8Array, Uint8Array>({
      filename: builtFile("workers/score.js"),
      minThreads: threads,
      maxThreads: threads,
      workerData: { config: pack(config) },
    });
  }

  async score(genomes: Uint8Array): Promise<BatchScores> {
    const length = this.#genomeLength;
    const count = genomes.length / length;
    const size = Math.max(1, Math.min(this.#batch, Math.ceil(count / (this.threads * BATCHES_A_THREAD))));
    const tasks: Promise<Uint8Array>[] = [];
    for (let first = 0; first < count; first += size) {
      const end = Math.min(count, first + size);
      tasks.push(this.#piscina.run(genomes.slice(first * length, end * length)));
    }
    const scores = new Float64Array(count);
    const failures: (readonly [number, string])[] = [];
    let first = 0;
    for (const reply of await Promise.all(tasks)) {
      const batch = unpack(reply) as { scores: Uint8Array; failures: [number, string][] };
      const values = new Float64Array(new Uint8Array(batch.scores).buffer);
      scores.set(values, first);
      for (const [index, reason] of batch.failures) failures.push([first + index, reason]);
      first += values.length;
    }
    return { scores, failures };
  }

  async close(): Promise<void> {
    await this.#piscina.destroy();
  }
}
