import { availableParallelism } from "node:os";
import { threadsWithinAddresses } from "../base/address-space.ts";
import type { GenomeEngine } from "../engine/engine.ts";
import { InlinePool } from "../pool/inline.ts";
import { MeasuredPool } from "../pool/measured.ts";
import type { Pool } from "../pool/pool.ts";
import { openThreads } from "../pool/threads.ts";
import type { TimeLimits } from "../pool/time-limit.ts";
import type { Problem } from "../problem/problem.ts";
import { createScorer } from "../problem/scorer.ts";
import { kindOf } from "../score/kinds/kinds.ts";

export interface PoolOptions {
  /** 0 scores in this thread; absent: chosen by measurement. Never changes the result. */
  readonly threads?: number | undefined;
  /** How long a thread may score. */
  readonly limits?: TimeLimits | undefined;
}

/**
 * A pool of the given threads; where none are given, one that measures, and begins where the kind of score says.
 * @param engine of the space, where there is one already
 */
export function openPool(problem: Problem, { threads, limits }: PoolOptions, engine?: GenomeEngine): Pool {
  const { config, space } = problem;
  const { genomeLength } = space;
  const { begin } = kindOf(config.score);
  const inline = () => new InlinePool(createScorer(problem, engine), begin === "threads" ? 1 : undefined);
  const inThreads = (count: number) => openThreads(problem, count, { limits });
  if (threads !== undefined) return threads === 0 ? inline() : inThreads(threads);
  const cpus = Math.min(availableParallelism(), threadsWithinAddresses());
  if (cpus === 0) return inline();
  return new MeasuredPool({ inline, threads: () => inThreads(cpus) }, { begin, genomeLength, cpus });
}
