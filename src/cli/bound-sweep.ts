import { UserError } from "../base/user-error.ts";
import { boundProblem } from "../bound/problem.ts";
import type { BoundState } from "../bound/solve.ts";
import { sweep } from "../bound/sweep.ts";
import type { Config } from "../config/config.ts";
import { budgetNames, type CostName } from "../costs/cost-table.ts";
import { openProblem } from "../problem/problem.ts";
import { type BoundResult, type Goal, isGoal, resultOf } from "./bound-goal.ts";
import type { BoundView } from "./render/bound.ts";
import { costCells, costHeader, costText, percent, table } from "./render/format.ts";

const now = () => performance.now() / 1000;

export interface Sweep {
  readonly name: CostName;
  readonly values: readonly number[];
}

export function parseSweep(value: string): Sweep {
  const match = /^(\w+)=([\d.e+]+)\.\.([\d.e+]+):(\d{1,4})$/i.exec(value);
  const name = budgetNames.find((cost) => cost === match?.[1]);
  const [from, to, points] = [Number(match?.[2]), Number(match?.[3]), Number(match?.[4])];
  if (name === undefined || !(from > 0 && to >= from && points >= 1)) {
    if (name !== undefined && to < from) {
      throw new UserError(
        `--sweep: expected a range that rises, got ${from}..${to}; write ${name}=${to}..${from}:${points}`,
      );
    }
    throw new UserError(
      `--sweep: expected name=from..to:points with a name among ${budgetNames.join(", ")}, for example bitops=1e9..20e9:20, got ${JSON.stringify(value)}`,
    );
  }
  const step = points === 1 ? 0 : (to - from) / (points - 1);
  return { name, values: Array.from({ length: points }, (_, i) => from + i * step) };
}

export function runSweep(config: Config, { name, values }: Sweep, goal: Goal, view: BoundView) {
  const { spaces, budgets } = boundProblem(openProblem(config));
  const last = new Map<number, BoundResult>();
  const known = new Map<number, BoundState>();
  const steps = sweep(spaces, budgets, name, values, { maxBytes: config.search.boundMemory });
  let began = now();
  let wish: "skip" | undefined;
  let budget: number | undefined;
  for (let step = steps.next(); !step.done; step = steps.next(wish)) {
    if (step.value.budget !== budget) began = now();
    budget = step.value.budget;
    const { state } = step.value;
    const seconds = now() - began;
    view.update(state, seconds);
    last.set(budget, resultOf(state, seconds));
    known.set(budget, state);
    wish = isGoal(state, goal, seconds) ? "skip" : undefined;
  }
  view.end();
  return {
    points: [...last].map(([value, result]) => ({ budget: name, value, ...result })),
    known: [...known].map(([value, state]) => ({ value, known: state })),
  };
}

export function sweepText(points: ReturnType<typeof runSweep>["points"]): string {
  const header = costHeader(points.find(({ best }) => best !== null)?.best?.costs ?? {});
  return table([
    [points[0].budget, "upper bound", "best", "gap", ...header],
    ...points.map(({ budget, value, upperBound, gap, best }) => [
      costText(budget, value),
      upperBound?.toFixed(6) ?? "-",
      best?.score.toFixed(6) ?? "none",
      gap === null ? "-" : percent(gap),
      ...(best === null ? header.map(() => "") : costCells(best.costs)),
    ]),
  ]);
}
