import { UserError } from "../../base/user-error.ts";
import { boundProblem } from "../../bound/problem.ts";
import { type CostName, costsOf, sumsOf } from "../../costs/cost-table.ts";
import type { Problem } from "../../problem/problem.ts";
import { problemName } from "../../problem/problem-name.ts";
import { type BudgetValues, valuesAround } from "../../run/budget-values.ts";
import type { WhatIfAnswer } from "../../run/what-if.ts";
import type { PricePoint, Unit } from "./model.ts";
import { networkPoint } from "./prices.ts";

/** From a quarter of a budget to four times of it. */
const REACH = { octaves: 2, steps: 12 };

/** Budgets that may be moved. */
export interface WhatIfModel {
  /** Names what is asked about: a page keeps its sliders as long as it stays. */
  readonly problem: string;
  readonly sliders: readonly BudgetSlider[];
  /** Why there are none; null where there are. */
  readonly reason: string | null;
}

export interface BudgetSlider extends BudgetValues {
  readonly budget: CostName;
  readonly title: string;
  readonly unit: Unit;
}

/** What is known of the optimum under moved budgets. */
export interface WhatIfView {
  readonly moved: readonly {
    readonly title: string;
    readonly unit: Unit;
    readonly value: number;
    readonly limit: number;
  }[];
  /** Score at the configuration's own budgets; null where it is not known. */
  readonly own: number | null;
  readonly upper: number | null;
  readonly proven: boolean;
  readonly network: PricePoint | null;
  readonly seconds: number;
}

/** The additive budgets of a problem, which may be moved while what is compiled of it stays. */
export function whatIfModel(problem: Problem): WhatIfModel {
  const { config, deployment } = problem;
  const sliders = sumsOf(deployment).flatMap(({ name, title, unit }): BudgetSlider[] => {
    const limit = config.budgets[name];
    return limit === undefined ? [] : [{ budget: name, title, unit, ...valuesAround(limit, unit, REACH) }];
  });
  return { problem: problemName(config), sliders, reason: reasonOf(problem, sliders) };
}

export function whatIfView(
  problem: Problem,
  moved: Readonly<Partial<Record<CostName, number>>>,
  { network, upper, proven, seconds }: WhatIfAnswer,
  own: number | null,
): WhatIfView {
  const { config, deployment } = problem;
  return {
    moved: costsOf(deployment).flatMap(({ name, title, unit }) => {
      const [value, limit] = [moved[name], config.budgets[name]];
      return value === undefined || limit === undefined || value === limit ? [] : [{ title, unit, value, limit }];
    }),
    own,
    upper,
    proven,
    network: network === null ? null : networkPoint(problem, 0, network, proven),
    seconds,
  };
}

function reasonOf(problem: Problem, sliders: readonly BudgetSlider[]): string | null {
  try {
    boundProblem(problem);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
  return sliders.length === 0 ? "no budget of this run is a sum over layers" : null;
}
