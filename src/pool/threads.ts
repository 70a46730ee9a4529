import { refuseNarrowThreads } from "../base/address-space.ts";
import type { Problem } from "../problem/problem.ts";
import { kindOf } from "../score/kinds/kinds.ts";
import { BatchPool } from "./batch-pool.ts";
import { packSetup } from "./message.ts";
import { type ThreadOptions, ThreadTransport } from "./thread-transport.ts";
import type { TimeLimits } from "./time-limit.ts";

/** Of a problem, what its scoring threads and their pool take. */
export type Scored = Pick<Problem, "config" | "scoringContext"> & {
  readonly space: Pick<Problem["space"], "genomeLength">;
};

export interface ThreadPoolOptions extends ThreadOptions {
  /** Most genomes a message carries. */
  readonly most?: number | undefined;
  readonly limits?: TimeLimits | undefined;
}

/** A pool of worker threads that score a problem's genomes. @throws UserError where a limit on addresses leaves no room for them */
export function openThreads(problem: Scored, threads: number, options: ThreadPoolOptions = {}): BatchPool {
  refuseNarrowThreads(threads);
  const { space, scoringContext } = problem;
  const { most, limits } = options;
  const { score } = problem.config;
  const noise = kindOf(score).noise?.(score);
  const transport = new ThreadTransport(packSetup(problem), threads, { noise, ...options });
  return new BatchPool(transport, { genomeLength: space.genomeLength, scoringContext, most, limits });
}
