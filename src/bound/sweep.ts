import { type CostName, sumsOf } from "../costs/cost-table.ts";
import { type Budgets, deploymentOf, type SpaceDescription } from "./graph/space-description.ts";
import type { BoundNetwork } from "./incumbents.ts";
import { KeptBound } from "./kept-bound.ts";
import { type BoundState, type SolveOptions, solve } from "./solve.ts";

/** Bound and best networks under one value of the swept budget. */
export interface SweepPoint {
  readonly budget: number;
  readonly state: BoundState;
}

/**
 * Solves a space at several values of one budget, in rising order: the exact price list of the space. What was best at one value is known at the next.
 * Yields a point with every step of its solution, so that a caller can stop one and go on to the next with `next("skip")`; the last of a value is its result.
 * @param name of the budget that is swept; the others stay
 * @param values in the unit of the cost, any order
 */
export function* sweep(
  spaces: readonly SpaceDescription[],
  budgets: Budgets,
  name: CostName,
  values: readonly number[],
  options: SolveOptions = {},
): Generator<SweepPoint, void, "skip" | undefined> {
  const known: Pick<BoundNetwork, "resolution" | "structure">[] = [...(options.known ?? [])];
  const ascending = [...values].sort((x, y) => x - y);
  const isAdditive = sumsOf(deploymentOf(spaces[0])).some((sum) => sum.name === name);
  const first = { ...budgets, [name]: ascending[0] };
  const kept = isAdditive ? new KeptBound({ spaces, budgets: first }, options.maxBytes) : undefined;
  for (const budget of ascending) {
    const moved = { ...budgets, [name]: budget };
    const steps = kept?.solve(moved, { ...options, known }) ?? solve(spaces, moved, { ...options, known });
    let networks: readonly BoundNetwork[] = [];
    for (let step = steps.next(); ; step = steps.next()) {
      networks = step.value.networks;
      const wish = yield { budget, state: step.value };
      if (step.done || wish === "skip") break;
    }
    for (const network of networks) known.push(network);
  }
}
