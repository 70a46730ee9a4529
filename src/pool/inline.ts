import { setImmediate as nextTurn } from "node:timers/promises";
import type { BatchScores, Scorer } from "../problem/scorer.ts";
import { inOldOrder, neighbours } from "./neighbours.ts";
import type { Pool } from "./pool.ts";

/** Milliseconds of scoring between two turns of the event loop, in which signals are delivered. */
export const SLICE = 200;
/** Milliseconds of scoring a genome from which on it is worth to bring neighbours together first, which takes some microseconds. */
const WORTH_SORTING = 0.1;

/** Scores in the calling thread, which it gives back now and then. */
export class InlinePool implements Pool {
  readonly threads = 0;
  readonly faults: ReadonlyMap<string, number> = new Map();
  readonly #scorer: Scorer;
  /** Genomes of a slice; grows to what its time allows. */
  #slice: number;
  /** Milliseconds a genome of the last slice. */
  #each = 0;
  #closed = false;

  /** @param slice genomes of the first slice, of which nothing is known: 1 where a genome may take seconds */
  constructor(scorer: Scorer, slice = 16) {
    this.#scorer = scorer;
    this.#slice = slice;
  }

  async score(genomes: Uint8Array): Promise<BatchScores> {
    if (this.#each < WORTH_SORTING) return this.#scoreInOrder(genomes);
    const { genomes: sorted, order } = neighbours(genomes, this.#scorer.genomeLength);
    return inOldOrder(order, await this.#scoreInOrder(sorted));
  }

  async #scoreInOrder(genomes: Uint8Array): Promise<BatchScores> {
    const length = this.#scorer.genomeLength;
    const count = genomes.length / length;
    const scores = new Float64Array(count);
    let standardErrors: Float64Array | undefined;
    const failures: (readonly [number, string])[] = [];
    for (let first = 0; first < count; ) {
      const end = Math.min(count, first + this.#slice);
      const began = performance.now();
      const part = this.#scorer.score(genomes.subarray(first * length, end * length));
      const taken = performance.now() - began;
      scores.set(part.scores, first);
      if (part.standardErrors !== undefined) {
        standardErrors ??= new Float64Array(count);
        standardErrors.set(part.standardErrors, first);
      }
      for (const [index, reason] of part.failures) failures.push([first + index, reason]);
      this.#each = taken / (end - first);
      // At most double, since a first slice may be quick by chance.
      const fits = Math.floor((SLICE * (end - first)) / Math.max(taken, 1e-3));
      this.#slice = Math.max(1, Math.min(fits, 2 * this.#slice));
      first = end;
      if (first < count && taken > SLICE / 10) await nextTurn();
      if (this.#closed) throw new Error("the pool was closed while it scored");
    }
    return standardErrors === undefined ? { scores, failures } : { scores, standardErrors, failures };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
