import { UserError } from "../base/user-error.ts";
import { defaultScore, type ScoreConfig } from "../config/config.ts";
import { Network } from "../network/network.ts";
import { openProblem, type Problem } from "../problem/problem.ts";
import type { BatchScores } from "../problem/scorer.ts";
import { checkScorable, kindOf } from "../score/kinds/kinds.ts";
import type { Checkpoint } from "../search/loop.ts";
import { decode } from "../space/genome.ts";
import { openPool, type PoolOptions } from "./open-pool.ts";

/** The best of a population by the scores of a search, of which fresh noise chooses one. */
const CANDIDATES = 16;
/** Draws of noise that a network is measured with, to choose and once more to say what the chosen one scores. */
export const DRAWS = 32;
/** Noise that no search sees: one stream chooses, another, which then chose nothing, gives the result. */
const CHOICE = 1;
const RESULT = 2;

/** A network's score by noise that had no part in choosing it. */
export interface Measurement {
  /** The mean of the draws; null where one of them has no finite score. */
  readonly score: number | null;
  /** Standard error of `score`; null where it has none, and of a single draw. */
  readonly scoreError: number | null;
  /** What it was measured with; `repeats` are the draws. */
  readonly scoring: ScoreConfig;
}

export interface MeasuringOptions extends PoolOptions {
  /** Ends the measuring at once, which rejects with its reason. */
  readonly stop?: AbortSignal | undefined;
}

/** Whether a score contains noise, so that its best are the best partly by luck and the score that chose them is too high. */
export function selectsByNoise(score: ScoreConfig): boolean {
  return kindOf(score).fresh !== undefined;
}

/**
 * A population's members, best first. Where its scores contain noise, the first are in the order of fresh noise, ties by genome bytes, and the
 * others follow as they were; a function of the configuration and the population alone.
 * @returns indices of members
 */
export async function ranked(
  problem: Problem,
  { genomes, scores }: Pick<Checkpoint, "genomes" | "scores">,
  options: MeasuringOptions,
): Promise<number[]> {
  const order = Array.from(scores, (_, i) => i);
  if (!selectsByNoise(problem.config.score)) return order;
  const length = problem.space.genomeLength;
  const first = order.slice(0, CANDIDATES);
  const again = await fresh(problem, genomes.subarray(0, first.length * length), DRAWS, CHOICE, options);
  const score = (i: number) => again[i].score ?? Number.NEGATIVE_INFINITY;
  const genome = (i: number) => genomes.subarray(i * length, (i + 1) * length);
  first.sort((i, j) => (score(i) === score(j) ? Buffer.compare(genome(i), genome(j)) : score(j) - score(i)));
  return [...first, ...order.slice(first.length)];
}

/**
 * Measures networks with noise that chose none of them; where the score contains none, by the forward score with its defaults.
 * @param genomes whole genomes, one after another
 * @throws UserError where one of them cannot be measured
 */
export function measured(
  problem: Problem,
  genomes: Uint8Array,
  draws: number,
  options: MeasuringOptions,
): Promise<Measurement[]> {
  return fresh(problem, genomes, draws, RESULT, options);
}

/** What a search says of its best network, beyond the score that it was selected by. */
interface MeasuredResult {
  /** The network among the members of the population. */
  readonly index: number;
  readonly measured?: Measurement;
  /** Why a score that was selected by noise was not measured again. */
  readonly unmeasured?: string;
}

/** The best of a finished search, measured again where its score contains noise. */
export async function measuredResult(
  problem: Problem,
  population: Pick<Checkpoint, "genomes" | "scores">,
  options: MeasuringOptions,
): Promise<MeasuredResult> {
  if (!selectsByNoise(problem.config.score)) return { index: 0 };
  const length = problem.space.genomeLength;
  try {
    const [index] = await ranked(problem, population, options);
    const genome = population.genomes.slice(index * length, (index + 1) * length);
    const [measurement] = await measured(problem, genome, DRAWS, options);
    return { index, measured: measurement };
  } catch (error) {
    if (options.stop?.aborted) return { index: 0, unmeasured: "it was stopped" };
    if (error instanceof UserError) return { index: 0, unmeasured: error.message };
    throw error;
  }
}

/** The same score of other noise; of one without noise, the forward score of the same weights and sigmas. */
function freshScore(score: ScoreConfig, draws: number, stream: number): ScoreConfig {
  const { fresh } = kindOf(score);
  if (fresh !== undefined) return fresh(score, draws, stream) as ScoreConfig;
  const { stageWeights, sigmaActivation, sigmaWeight } = score;
  return freshScore({ ...defaultScore("forward"), stageWeights, sigmaActivation, sigmaWeight }, draws, stream);
}

async function fresh(
  problem: Problem,
  genomes: Uint8Array,
  draws: number,
  stream: number,
  options: MeasuringOptions,
): Promise<Measurement[]> {
  const scoring = freshScore(problem.config.score, draws, stream);
  checkMeasurable(problem, genomes, scoring);
  const { scores, standardErrors } = await scored(openProblem({ ...problem.config, score: scoring }), genomes, options);
  const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);
  return Array.from(scores, (score, i) => ({
    score: finite(score),
    scoreError: finite(standardErrors?.[i]),
    scoring,
  }));
}

/** @throws UserError where the maps of a network vanish or do not fit in memory */
function checkMeasurable({ space }: Problem, genomes: Uint8Array, scoring: ScoreConfig): void {
  const network = new Network(space.convCapacity);
  for (let at = 0; at < genomes.length; at += space.genomeLength) {
    decode(space, genomes, at, network);
    checkScorable(scoring, network);
  }
}

async function scored(problem: Problem, genomes: Uint8Array, options: MeasuringOptions): Promise<BatchScores> {
  const { stop } = options;
  const pool = openPool(problem, options);
  const done = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    const end = () => reject(stop?.reason);
    if (stop?.aborted) end();
    else stop?.addEventListener("abort", end, { once: true, signal: done.signal });
  });
  const scoring = pool.score(genomes);
  // What is left behind fails when its pool is closed.
  scoring.catch(() => {});
  try {
    return await Promise.race([scoring, ended]);
  } finally {
    done.abort();
    await pool.close();
  }
}
