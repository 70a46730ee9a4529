import type { SumName } from "../costs/cost-table.ts";
import type { Chain } from "./graph/chain.ts";
import { measurePath } from "./graph/path.ts";
import { ColumnGeneration } from "./lagrange/column-generation.ts";
import { Relaxation } from "./lagrange/relaxation.ts";
import { relaxedPath } from "./lagrange/relaxed-path.ts";

/** Most relaxations solved in search of the best multipliers. */
export const MOST_MULTIPLIERS = 150;
/** The search for multipliers ends when they can gain no more than this part of the gap: label setting is the better way then. */
const MULTIPLIER_GAIN = 0.02;
/** ... or of the bound. */
const LEAST_GAIN = 1e-5;

/** Why no network of one resolution scores more than `bound`. */
export interface ChainProof {
  readonly resolution: number;
  /** "multipliers": the Lagrangian bound itself; "enumeration": the networks it leaves above the bound have been gone through, and there is none. */
  readonly by: "multipliers" | "enumeration";
  /** Null: there is no network within the budgets. */
  readonly bound: number | null;
  /** Score per unit of cost. */
  readonly multipliers: Readonly<Partial<Record<SumName, number>>>;
}

/**
 * @param found what its bound has found of a chain
 * @param enumerated whether the networks above its upper bound were gone through
 * @param best,most as `ChainBound.prove` has them
 */
export function proofOf(
  chain: Chain,
  found: { readonly multipliers: readonly number[]; readonly upperBound: number },
  { enumerated, best, most }: { readonly enumerated: boolean; readonly best: number; readonly most: number },
): ChainProof {
  // A bound below every score there can be says that there is no network.
  const enough = most > Number.NEGATIVE_INFINITY ? most : -2 * chain.magnitude - 1;
  const { multipliers, bound: priced } = priceWholeGraph(chain, found.multipliers, {
    best,
    enough: enumerated ? enough : -1 / 0,
  });
  const byMultipliers = !enumerated || priced <= enough;
  const slack = proofSlack(chain, multipliers);
  // Rounding alone is no proof that there is no network: where every score is 0, so is the magnitude.
  const bound = !byMultipliers ? found.upperBound : priced < -2 * chain.magnitude - slack ? -1 / 0 : priced;
  return {
    resolution: chain.resolution,
    by: byMultipliers ? "multipliers" : "enumeration",
    bound: bound === Number.NEGATIVE_INFINITY ? null : bound + slack,
    multipliers: Object.fromEntries(chain.dimensions.map((name, d) => [name, multipliers[d]])),
  };
}

/**
 * The lowest Lagrangian bound of all paths that pricing finds, and its multipliers.
 * @param from where the search for multipliers begins
 * @param best score of the best network known
 * @param enough a bound that need not be lowered further
 */
function priceWholeGraph(
  chain: Chain,
  from: readonly number[],
  { best, enough }: { readonly best: number; readonly enough: number },
): { multipliers: readonly number[]; bound: number } {
  const relaxation = new Relaxation(chain);
  const columns = new ColumnGeneration(chain);
  let lowest = { multipliers: from, bound: Number.POSITIVE_INFINITY };
  let multipliers = from;
  for (let step = 0; step < MOST_MULTIPLIERS; step++) {
    relaxation.solve(multipliers);
    if (relaxation.bound < lowest.bound) lowest = { multipliers, bound: relaxation.bound };
    const path = lowest.bound > enough && chain.limits.length > 0 ? relaxedPath(relaxation) : undefined;
    if (path === undefined) break;
    const next = columns.propose(measurePath(chain, path), lowest.multipliers);
    if (lowest.bound - next.least <= leastGain(lowest.bound, best)) break;
    multipliers = next.multipliers;
  }
  return lowest;
}

/**
 * Twice what the checker may take rounding to be (docs/bound.md), so that it can accept a bound which is tight: rounding errors of the terms of a
 * score and of two sums of prices.
 */
function proofSlack({ blocks, limits, magnitude }: Chain, multipliers: readonly number[]): number {
  const layers = blocks.reduce((sum, { maxDepth }) => sum + maxDepth, 0);
  const offset = limits.reduce((sum, limit, d) => sum + limit * multipliers[d], 0);
  return (layers + blocks.length + 16) * 2 ** -49 * (magnitude + 2 * offset);
}

/** What further multipliers must gain of a bound to be looked for. */
export function leastGain(bound: number, score: number): number {
  return Math.min(MULTIPLIER_GAIN * Math.max(0, bound - score), LEAST_GAIN * Math.abs(bound));
}
