import { Archive } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import { boundProblem } from "../bound/problem.ts";
import type { BoundState } from "../bound/solve.ts";
import { sweep } from "../bound/sweep.ts";
import { BoundTrace } from "../bound/trace.ts";
import type { Config } from "../config/config.ts";
import { parseStoredConfig } from "../config/stored-config.ts";
import { type CostName, costsOf } from "../costs/cost-table.ts";
import { openProblem } from "../problem/problem.ts";
import { problemName } from "../problem/problem-name.ts";
import { valuesAround } from "./budget-values.ts";
import { keepBound, keepSweep } from "./kept-bounds.ts";

/** How far a sweep goes from a run's own budget, and in which steps. What is a peak of layers is compiled anew for every value. */
const SUM = { octaves: 2, steps: 6 };
const PEAK = { octaves: 1, steps: 4 };

/**
 * Proves the optima of a run's problem along one of its budgets and keeps them in the archive, those that are proven there already excepted.
 * @param run its id; absent: the last run
 * @param onState is told how far the optimum at a value is
 * @returns how many values were solved
 * @throws UserError where there is no such run or budget, where there is no bound, or the archive cannot be written
 */
export function sweepBudget(
  { path, run }: { readonly path: string; readonly run?: number | undefined },
  budget: CostName,
  onState: (value: number, state: BoundState) => void = () => {},
): number {
  const { config, proven } = knownOf(path, run, budget);
  const problem = openProblem(config);
  const { spaces, budgets } = boundProblem(problem);
  const row = costsOf(problem.deployment).find(({ name }) => name === budget);
  const limit = budgets[budget];
  if (row === undefined || limit === undefined) {
    throw new UserError(
      `${path}: expected a budget of the run (${Object.keys(budgets).join(", ") || "it has none"}), got ${budget}; name one of those`,
    );
  }
  const { values } = valuesAround(limit, row.unit, row.kind === "sum" ? SUM : PEAK);
  const open = values.filter((value) => !proven.has(value));
  if (open.length === 0) return 0;
  const known = new Map<number, BoundState>();
  const own = new BoundTrace();
  keepSweep({ path }, config, budget, () => {
    const { boundMemory: maxBytes } = config.search;
    let began = performance.now();
    let steps = 0;
    for (const { budget: value, state } of sweep(spaces, budgets, budget, open, { maxBytes })) {
      if (!known.has(value)) [began, steps] = [performance.now(), 0];
      if (value === limit)
        own.add(++steps, state.upperBound, state.networks[0]?.score, (performance.now() - began) / 1000);
      known.set(value, state);
      onState(value, state);
    }
    return { known: [...known].map(([value, state]) => ({ value, known: state })) };
  });
  const atLimit = known.get(limit);
  if (atLimit !== undefined) keepOwn(path, config, atLimit, own);
  return open.length;
}

/** What is proven at the run's own budget is its bound. */
function keepOwn(path: string, config: Config, state: BoundState, trace: BoundTrace): void {
  const archive = Archive.openForWriting(path);
  try {
    keepBound(archive, config, state, trace);
  } finally {
    archive.close();
  }
}

/** A run's configuration, and the values of a budget at which an optimum of it is proven. */
function knownOf(path: string, id: number | undefined, budget: CostName) {
  const archive = Archive.openForReading(path);
  try {
    const row = id === undefined ? archive.lastRun() : archive.run(id);
    if (row === undefined) throw new UserError(`${path}: no runs`, "search");
    const config = parseStoredConfig(row.config, `${path}: run ${row.id}`);
    const optima = archive.proven.optima(problemName(config, budget), budget);
    return { config, proven: new Set(optima.flatMap(({ value, proven }) => (proven ? [value] : []))) };
  } finally {
    archive.close();
  }
}
