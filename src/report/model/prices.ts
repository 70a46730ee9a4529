import type { Archive } from "../../archive/archive.ts";
import { greatestOf, leastOf } from "../../base/extremes.ts";
import { budgetNames, type CostName, costsOf } from "../../costs/cost-table.ts";
import { costs, emptyCosts } from "../../costs/costs.ts";
import { networkOf } from "../../network/structure.ts";
import type { Problem } from "../../problem/problem.ts";
import { problemName } from "../../problem/problem-name.ts";
import type { PriceList, PricePoint } from "./model.ts";
import type { OpenRun } from "./open-run.ts";
import { VisitedNetworks } from "./visited.ts";

/** Optima that a price list shows at most. */
const MOST_POINTS = 100;
/** Above and below their scores, as a part of their span. */
const ROOM = 0.06;

/** Every price list that the archive has of a run's problem: what an optimum costs along a budget. */
export function priceLists(archive: Archive, run: OpenRun): PriceList[] {
  const { problem } = run;
  const networks = new VisitedNetworks(archive, run);
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
    const points = thinned(known, limit).flatMap(({ value, network, proven }) =>
      network === null ? [] : [networkPoint(problem, value, network, proven)],
    );
    if (row === undefined || optima.length < 2 || points.length < 2) return [];
    const scores = points.map(({ score }) => score);
    const room = (greatestOf(scores) - leastOf(scores) || 1) * ROOM;
    const shown = [leastOf(scores) - room, greatestOf(scores) + room] as const;
    const span = [points[0].value, points[points.length - 1].value] as const;
    const visited = networks.within(budget, span, shown);
    return [{ budget, title: row.title, unit: row.unit, limit, points, scores: shown, visited }];
  });
}

/** At most so many, evenly by their place, with the ends and that at the limit. */
function thinned<T extends { readonly value: number }>(known: readonly T[], limit: number | null): readonly T[] {
  if (known.length <= MOST_POINTS) return known;
  const kept = new Set(
    Array.from({ length: MOST_POINTS }, (_, i) => Math.round((i * (known.length - 1)) / (MOST_POINTS - 1))),
  );
  return known.filter(({ value }, i) => kept.has(i) || value === limit);
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
