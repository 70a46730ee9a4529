import type { BoundProblem } from "../../src/bound/problem.ts";
import { statementOf } from "../../src/bound/proof/statement.ts";
import { solve } from "../../src/bound/solve.ts";
import { budgetNames } from "../../src/costs/cost-table.ts";
import { enumerate, sizeOf } from "./all-networks.ts";

/** Most networks that are enumerated for a configuration that a mutant changed. */
const MOST_NETWORKS = 20_000;
/** Steps of the solver in search of a network that contradicts a claim. */
const MOST_STEPS = 200;
interface Truth {
  /** Of a network within the budgets; -Infinity where there is none, or none is known. */
  readonly score: number;
  readonly isOptimum: boolean;
}

const truths = new Map<string, Truth>();

/** What is known of the best network of a problem; asked once for each. */
export function truthOf(problem: BoundProblem): Truth {
  const { digest } = statementOf(problem);
  const known = truths.get(digest);
  if (known !== undefined) return known;
  const isSmall = problem.spaces.reduce((sum, space) => sum + sizeOf(space), 0) <= MOST_NETWORKS;
  const truth = { score: isSmall ? optimumOf(problem) : bestFound(problem), isOptimum: isSmall };
  truths.set(digest, truth);
  return truth;
}

function optimumOf({ spaces, budgets }: BoundProblem): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const space of spaces) {
    for (const { score, costs } of enumerate(space)) {
      const fits = budgetNames.every((name) => (costs[name] ?? 0) <= (budgets[name] ?? Number.POSITIVE_INFINITY));
      if (fits && score > best) best = score;
    }
  }
  return best;
}

function bestFound({ spaces, budgets }: BoundProblem): number {
  let best = Number.NEGATIVE_INFINITY;
  let step = 0;
  for (const { networks } of solve(spaces, budgets, { maxLabels: 20_000 })) {
    best = Math.max(best, networks[0]?.score ?? best);
    if (++step === MOST_STEPS) break;
  }
  return best;
}
