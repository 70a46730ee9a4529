import type { Problem } from "../problem/problem.ts";
import { encode } from "../space/genome.ts";
import { boundProblem } from "./problem.ts";
import { type BoundState, SpaceTooLarge, solve } from "./solve.ts";

/** Labels a border may hold where the bound accompanies a search: about 100 MB. */
const SEARCH_LABELS = 1e6;
/** Work that a search's bound may take: some ten seconds of one core. */
const SEARCH_WORK = 1e9;
/** Scores closer than this count as equal. */
const TOLERANCE = 1e-9;
/** Networks of the bound that a population starts from. */
const SEEDS = 8;

/** How far the optimum may lie above a score, as a share of it; Infinity above a score of 0. */
export function gapOf(upperBound: number, score: number): number {
  return upperBound <= score ? 0 : (upperBound - score) / Math.abs(score);
}

/** The bound of a search, as far as its labels, bytes and work allow: the same steps on every machine. */
export function searchBound(problem: Problem, top = 1): Generator<BoundState, BoundState> {
  const { spaces, budgets } = boundProblem(problem);
  const maxBytes = problem.config.search.boundMemory;
  return solve(spaces, budgets, { top, maxLabels: SEARCH_LABELS, maxBytes, maxWork: SEARCH_WORK });
}

/**
 * The score from which on a network is within `gap` of the optimum.
 * @param best score of the best network known
 * @param gap as a share of the score
 */
export function stopScoreOf(
  { proven, upperBound, best }: Pick<BoundState, "proven" | "upperBound"> & { readonly best: number | undefined },
  gap: number,
): number {
  const optimum = proven && best !== undefined ? best : upperBound;
  return (optimum > 0 ? optimum / (1 + gap) : optimum / (1 - gap)) - TOLERANCE;
}

/**
 * The best networks of the closed form that pricing the budgets finds, as genomes one after another; none where it finds none, or where its
 * tables are too large. For every kind of score: where good networks are is much the same for all of them. Yields often.
 */
export function* boundSeeds(problem: Problem): Generator<void, Uint8Array> {
  const { stageWeights, sigmaActivation, sigmaWeight } = problem.config.score;
  const score = { kind: "analytic", stageWeights, sigmaActivation, sigmaWeight } as const;
  let last: BoundState | undefined;
  try {
    for (const state of searchBound({ ...problem, config: { ...problem.config, score } }, SEEDS)) {
      if (state.phase === "labels") break;
      last = state;
      yield;
    }
  } catch (error) {
    if (!(error instanceof SpaceTooLarge)) throw error;
  }
  const genomes = (last?.networks ?? []).map((network) =>
    encode(problem.space, network.structure, network.resolution, "the bound's network"),
  );
  return Uint8Array.from(genomes.flatMap((genome) => [...genome]));
}

/** `stopScoreOf` of a bound that is computed here and now, to its end. */
export function scoreWithin(problem: Problem, gap: number): number {
  const steps = searchBound(problem);
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return stopScoreOf({ ...step.value, best: step.value.networks[0]?.score }, gap);
  }
}
