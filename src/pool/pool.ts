import type { BatchScores } from "../problem/scorer.ts";

/**
 * Scores genomes somewhere. Its contract, which test/pool/contract.ts runs on every implementation:
 * the scores come back in the order of the genomes; they do not depend on the number of threads or on how the genomes were split;
 * a genome that cannot be scored is a failure with a reason, never an exception; other work of the thread that waits (signals) gets its
 * turn in between; `close` ends every thread, abandons what is being scored and may be called twice.
 */
export interface Pool {
  readonly threads: number;
  /** What went wrong in scoring threads so far and was done again, by reason. */
  readonly faults: ReadonlyMap<string, number>;
  /** @param genomes whole genomes, one after another; read before the promise settles, not kept after */
  score(genomes: Uint8Array): Promise<BatchScores>;
  /**
   * Scores a population again, where others did who may err. Absent where the scores are this program's own.
   * @throws UserError where these are not its scores
   */
  confirm?(genomes: Uint8Array, scores: Float64Array): Promise<void>;
  close(): Promise<void>;
}
