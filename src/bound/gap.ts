import type { Problem } from "../problem/problem.ts";
import { encode } from "../space/genome.ts";
import { boundProblem } from "./problem.ts";
import { type BoundState, solve } from "./solve.ts";

/** Labels a border may hold where the bound accompanies a search: about 100 MB. */
export const SEARCH_LABELS = 1e6;
/** Networks of the bound that a population starts from. */
const SEEDS = 8;

/** How far the optimum may lie above a score, as a share of it; Infinity above a score of 0. */
export function gapOf(upperBound: number, score: number): number {
  return upperBound <= score ? 0 : (upperBound - score) / Math.abs(score);
}

/** The best networks that pricing the budgets finds, as genomes one after another; none where it finds none. */
export function boundSeeds(problem: Problem): Uint8Array {
  const { spaces, budgets } = boundProblem(problem);
  let last: BoundState | undefined;
  for (const state of solve(spaces, budgets, { top: SEEDS, maxLabels: SEARCH_LABELS })) {
    if (state.phase !== "pricing") break;
    last = state;
  }
  const genomes = (last?.networks ?? []).map((network) =>
    encode(problem.space, network.structure, network.resolution, "the bound's network"),
  );
  return Uint8Array.from(genomes.flatMap((genome) => [...genome]));
}

/**
 * The score from which on a network is within `gap` of the optimum, by a bound that is closed as far as it goes; no clock enters.
 * @param gap as a share of the score
 */
export function scoreWithin(problem: Problem, gap: number): number {
  const { spaces, budgets } = boundProblem(problem);
  let upperBound = Number.POSITIVE_INFINITY;
  for (const state of solve(spaces, budgets, { maxLabels: SEARCH_LABELS })) upperBound = state.upperBound;
  return upperBound / (1 + gap);
}
