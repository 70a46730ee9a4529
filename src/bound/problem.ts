import { UserError } from "../base/user-error.ts";
import type { Problem } from "../problem/problem.ts";
import { kindOf } from "../score/kinds/kinds.ts";
import { type Budgets, describeSpace, type SpaceDescription } from "./graph/space-description.ts";

/** What `solve` and `verifyCertificate` take. */
export interface BoundProblem {
  readonly spaces: readonly SpaceDescription[];
  readonly budgets: Budgets;
}

/**
 * What the bound takes of a search's problem: all its genomes, its budgets.
 * @throws UserError where the score is not the closed form, for which alone a network's score is a sum over its layers
 */
export function boundProblem({ config, space, classes, deployment }: Problem): BoundProblem {
  const { score, budgets } = config;
  const { layerSum, unbounded } = kindOf(score);
  if (layerSum === undefined) {
    throw new UserError(
      `score.kind: the bound needs analytic, where a score is a sum over layers, got ${score.kind}; there is no bound for it${unbounded === undefined ? "" : `: ${unbounded}`}`,
    );
  }
  if (budgets.effectiveness !== undefined) {
    throw new UserError(
      "budgets.effectiveness: the bound needs budgets of sums or peaks of layers, and effectiveness, the greatest quotient of depth and mean width over the stages, is neither; leave it out for a bound of the larger space",
    );
  }
  const limits = Object.fromEntries(Object.entries(budgets).filter(([, limit]) => limit !== undefined));
  return { spaces: describeSpace(space, score, classes, deployment), budgets: limits as Budgets };
}
