import { costsOf, sumsOf } from "../../costs/cost-table.ts";
import { costs, emptyCosts } from "../../costs/costs.ts";
import { networkOf } from "../../network/structure.ts";
import { AnalyticScore } from "../../score/analytic.ts";
import type { ChainProof } from "../chain-proof.ts";
import {
  type Budgets,
  checkStageWeights,
  deploymentOf,
  holdsStructure,
  type SpaceDescription,
} from "../graph/space-description.ts";
import type { BoundNetwork } from "../incumbents.ts";
import type { BoundProblem } from "../problem.ts";
import type { CheckLimits } from "./allowance.ts";
import type { Certificate } from "./certificate.ts";
import { SpaceCheck } from "./space-check.ts";

/*
 * Checks a certificate. It shares nothing with the solver but the definition of the space, of the score and of the costs: every layer is measured by
 * building it. The argument is in docs/bound.md. Whatever is not proven is refused: a comparison with NaN, an infinity or a bound that rounding
 * could have lowered never counts for the certificate.
 */

const none = Number.NEGATIVE_INFINITY;
/** Rounding above 1, and above this part of the greatest score, is not followed further: it would only make the enumeration long. */
const MOST_ROUNDING = 2 ** -20;

/**
 * @param problem of the certificate's own configuration; its spaces one a resolution, in the order of the certificate's proofs
 * @returns what is wrong with the certificate; empty where no network of the spaces within the budgets scores more than its upper bound
 * @throws UserError where the stage weights do not fit the space, or where checking takes more than the limits allow
 */
export function verifyCertificate(
  certificate: Certificate,
  { spaces, budgets }: BoundProblem,
  limits: CheckLimits = {},
): string[] {
  const { best, proofs, upperBound } = certificate;
  for (const space of spaces) checkStageWeights(space);
  const problems = best === null ? [] : networkProblems(best, spaces, budgets);
  const most = upperBound ?? none;
  if (best !== null && !(best.score <= most)) problems.push(`the network scores ${best.score}, above ${upperBound}`);
  const greatest = proofs.reduce((max, { bound }) => Math.max(max, bound ?? none), none);
  if (greatest !== most) problems.push(`upperBound: expected the greatest bound of the proofs, got ${upperBound}`);
  if (proofs.length !== spaces.length) problems.push(`expected ${spaces.length} proofs, got ${proofs.length}`);
  // What needs no arithmetic is told without it.
  if (problems.length > 0) return problems;
  return spaces.flatMap((space, i) => proofProblems(proofs[i], space, budgets, limits));
}

function proofProblems(
  { resolution, multipliers, bound, by }: ChainProof,
  space: SpaceDescription,
  budgets: Budgets,
  limits: CheckLimits,
): string[] {
  const where = `the proof of resolution ${space.resolution}`;
  if (resolution !== space.resolution) return [`${where}: it is of ${resolution}`];
  if (bound !== null && !Number.isFinite(bound)) return [`${where}: expected a finite bound, got ${bound}`];
  const sums = sumsOf(deploymentOf(space));
  const foreign = Object.keys(multipliers).find((name) => !sums.some((sum) => sum.name === name));
  if (foreign !== undefined)
    return [`${where}: multipliers.${foreign}: expected no multiplier of a cost that the space has not`];
  const prices = sums.map(({ name }) => multipliers[name] ?? 0);
  const unfair = sums.find(({ name }, d) => !isFair(prices[d], budgets[name]))?.name;
  if (unfair !== undefined) {
    return [`${where}: multipliers.${unfair}: expected a finite number >= 0 of a budget, got ${multipliers[unfair]}`];
  }
  const check = new SpaceCheck(space, budgets, prices, limits);
  const { rounding, magnitude } = check;
  if (!(rounding <= Math.max(1, magnitude * MOST_ROUNDING))) {
    return [`${where}: its multipliers are so large that rounding alone may hide ${rounding}`];
  }
  const claim = bound ?? none;
  const proven = by === "multipliers" ? proofByMultipliers(check) : check.greatestAbove(claim);
  return proven <= claim ? [] : [`${where}: by ${by} it gives ${proven}, not ${bound}`];
}

/** No score is below the negative of the sum of all magnitudes: a bound that is says that there is no network. */
function proofByMultipliers({ bound, rounding, magnitude }: SpaceCheck): number {
  return bound + rounding < -magnitude - rounding ? none : bound + rounding;
}

function isFair(price: number, limit: number | undefined): boolean {
  return price === 0 || (price > 0 && Number.isFinite(price) && limit !== undefined && Number.isFinite(limit));
}

function networkProblems(best: BoundNetwork, spaces: readonly SpaceDescription[], budgets: Budgets): string[] {
  const space = spaces.find((s) => s.resolution === best.resolution);
  if (space === undefined || !holdsStructure(space, best.structure)) return ["the network is not in the space"];
  const network = networkOf(best.structure, best.resolution);
  const score = new AnalyticScore(space.score).score(network);
  const deployment = deploymentOf(space);
  const measured = { ...costs(network, space.classes, emptyCosts(), deployment), score };
  const claimed = { ...best.costs, score: best.score };
  const names = costsOf(deployment).map(({ name }) => name);
  return ([...names, "score"] as const).flatMap((name) => {
    if (claimed[name] !== measured[name]) return [`the network's ${name} is ${measured[name]}, not ${claimed[name]}`];
    if (name === "score" || measured[name]! <= (budgets[name] ?? Number.POSITIVE_INFINITY)) return [];
    return [`the network is over the budget of ${name}`];
  });
}
