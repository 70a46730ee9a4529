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
import type { Checkpoint } from "../search/loop.ts";

export interface PoolOptions {
  /** 0 scores in this thread; absent: chosen by measurement. Never changes the result. */
  readonly threads?: number | undefined;
  /** Opens a pool elsewhere, in the place of threads here. Never changes the result. */
  readonly elsewhere?: ((problem: Problem) => Pool) | undefined;
  /** How long a thread may score. */
  readonly limits?: TimeLimits | undefined;
}

/**
 * A pool of the given threads; where none are given, one that measures, and begins where the kind of score says.
 * @param engine of the space, where there is one already
 */
export function openPool(problem: Problem, { threads, elsewhere, limits }: PoolOptions, engine?: GenomeEngine): Pool {
  if (elsewhere !== undefined) return elsewhere(problem);
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

/** Has a pool score a population again where others scored it. @throws UserError where its scores are wrong */
export async function confirmed(
  pool: Pool,
  { genomes, scores }: Pick<Checkpoint, "genomes" | "scores">,
): Promise<true> {
  await pool.confirm?.(genomes, scores);
  return true;
}
