import { UserError } from "../base/user-error.ts";
import type { Config } from "../config/config.ts";
import { spaceOf } from "../problem/problem.ts";
import type { Space } from "../space/space.ts";
import { type Budgets, describeSpace, type SpaceDescription } from "./graph/space-description.ts";

/** What `solve` and `verifyCertificate` take. */
export interface BoundProblem {
  readonly spaces: readonly SpaceDescription[];
  readonly budgets: Budgets;
}

/**
 * The bound's problem of a search configuration: all its genomes, its budgets.
 * @throws UserError where the score is not the closed form, for which alone a network's score is a sum over its layers
 */
export function boundProblem(config: Config, space: Space = spaceOf(config)): BoundProblem {
  const { score, classes, budgets } = config;
  if (score.kind !== "analytic") {
    throw new UserError(
      `score.kind: the bound needs analytic, got ${score.kind}, a measured score; there is no bound for it`,
    );
  }
  const limits = Object.fromEntries(Object.entries(budgets).filter(([, limit]) => limit !== undefined));
  return { spaces: describeSpace(space, score, classes), budgets: limits as Budgets };
}
