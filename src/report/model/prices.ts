import type { Archive } from "../../archive/archive.ts";
import { budgetNames, type CostName, costsOf } from "../../costs/cost-table.ts";
import { costs, emptyCosts } from "../../costs/costs.ts";
import { networkOf } from "../../network/structure.ts";
import type { Problem } from "../../problem/problem.ts";
import { problemName } from "../../problem/problem-name.ts";
import type { PriceList, PricePoint } from "./model.ts";
import type { OpenRun } from "./open-run.ts";

/** Every price list that the archive has of a run's problem: what an optimum costs along a budget. */
export function priceLists(archive: Archive, run: OpenRun): PriceList[] {
  const { problem } = run;
  const rows = costsOf(problem.deployment);
  return budgetNames.flatMap((budget): PriceList[] => {
    const row = rows.find(({ name }) => name === budget);
    const optima = archive.proven.optima(problemName(problem.config, budget), budget);
    const limit = problem.config.budgets[budget] ?? null;
    const { bound } = run;
    // What is proven at the run's own budget is a point of the list too.
    const here = limit === null || bound === undefined ? [] : [{ ...bound, value: limit }];
    const others = optima.filter(({ value }) => here.length === 0 || value !== limit);
    const known = [...others, ...here].sort((a, b) => a.value - b.value);
    const points = known.flatMap(({ value, network, proven }) =>
      network === null ? [] : [networkPoint(problem, value, network, proven)],
    );
    if (row === undefined || optima.length < 2 || points.length < 2) return [];
    return [{ budget, title: row.title, unit: row.unit, limit, points }];
  });
}

type Found = NonNullable<ReturnType<Archive["proven"]["optima"]>[number]["network"]>;

/** A network that is the best at a value of a budget. */
export function networkPoint(problem: Problem, value: number, found: Found, proven: boolean): PricePoint {
  const { deployment, classes } = problem;
  const network = networkOf(found.structure, found.resolution);
  const figures = costs(network, classes, emptyCosts(), deployment);
  const shown: readonly CostName[] = ["bitops", "macs", "flash", "sramLive", "flashDeployed", "arena"];
  return {
    value,
    score: found.score,
    proven,
    widths: found.structure.map(({ out }) => out),
    depths: found.structure.flatMap(({ L }) => (typeof L === "number" ? [L] : [])),
    channels: [...network.outChannels.subarray(0, network.convs)],
    costs: costsOf(deployment).flatMap(({ name, title, unit }) =>
      shown.includes(name) ? [{ title, unit, value: figures[name]! }] : [],
    ),
  };
}
