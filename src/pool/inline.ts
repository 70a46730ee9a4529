import type { Pool } from "./pool.ts";
import type { Scorer } from "./scorer.ts";

/** Scores in the calling thread. */
export class InlinePool implements Pool {
  readonly threads = 0;
  readonly #scorer: Scorer;

  constructor(scorer: Scorer) {
    this.#scorer = scorer;
  }

  async score(genomes: Uint8Array) {
    return this.#scorer.score(genomes);
  }

  async close(): Promise<void> {}
}
