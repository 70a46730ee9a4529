import { greatestOf } from "../../base/extremes.ts";
import type { Race, RaceSeries, RunGroup, RunLine } from "./model.ts";
import { bestOf, budgetUse, type OpenRun, provenView, statusOf } from "./open-run.ts";

/** Scores closer than this count as equal. */
const TOLERANCE = 1e-9;

/** Where a run's best score rose, and its end. */
function pointsOf({ progress }: OpenRun): RaceSeries["points"] {
  const points: (readonly [number, number])[] = [];
  progress.forEach(({ children, best }, i) => {
    if (best === null) return;
    const before = points.at(-1);
    if (before === undefined || best > before[1] || i === progress.length - 1) points.push([children, best]);
  });
  return points;
}

/** Children bred when a score was reached; null where it was not, or is not known. */
function reachedAt(points: RaceSeries["points"], score: number): number | null {
  return points.find(([, best]) => best >= score - TOLERANCE)?.[0] ?? null;
}

/** What runs of one problem are measured by. */
function referenceOf(runs: readonly OpenRun[]): Pick<Race, "reference" | "kind"> | undefined {
  const bests = runs.flatMap((run) => bestOf(run) ?? []);
  if (bests.length === 0) return undefined;
  const most = greatestOf(bests);
  const bound = runs[0].bound;
  if (bound?.proven && bound.network !== null)
    return { reference: Math.max(bound.network.score, most), kind: "optimum" };
  return bound === undefined || bound.upper === null
    ? { reference: most, kind: "best" }
    : { reference: Math.max(bound.upper, most), kind: "bound" };
}

/** @param runs of one problem, `own` among them */
export function raceOf(own: OpenRun, runs: readonly OpenRun[]): Race | null {
  // A line takes two points behind the first child.
  const searches = runs.filter(({ progress }) => progress.filter(({ children }) => children > 0).length > 1);
  const reference = referenceOf(runs);
  if (searches.length === 0 || reference === undefined) return null;
  const series = searches.map((run): RaceSeries => {
    const points = pointsOf(run);
    return {
      run: run.row.id,
      seed: run.problem.config.search.seed,
      operators: run.problem.config.search.operators,
      own: run === own,
      points,
      reached: reachedAt(points, reference.reference),
      children: run.row.checkpoint?.counters.evaluations ?? 0,
    };
  });
  // Of a population of one network the mean is that network.
  const apart = own.progress.some(({ mean, best }) => mean !== best);
  const mean = own.progress.flatMap(({ children, mean }) =>
    mean === null || !apart ? [] : [[children, mean] as const],
  );
  return { series, mean, ...reference };
}

/** Runs by problem, in the order in which the problems began. */
export function groupsOf(own: OpenRun, runs: readonly OpenRun[], inProgress: number | undefined): RunGroup[] {
  const problems = new Map<string, OpenRun[]>();
  for (const run of runs) problems.set(run.name, [...(problems.get(run.name) ?? []), run]);
  return [...problems.values()].map((group) => {
    const reference = referenceOf(group);
    return {
      name: group[0].row.name,
      limits: budgetUse(group[0]).flatMap(({ title, unit, limit }) =>
        limit === null ? [] : [{ title, unit, value: limit }],
      ),
      runs: group.map((run): RunLine => {
        const { search } = run.problem.config;
        const points = pointsOf(run);
        const bound = provenView(run);
        return {
          run: run.row.id,
          own: run.row.id === own.row.id,
          seed: search.seed,
          operators: search.operators,
          status: statusOf(run.row, inProgress),
          evaluations: run.row.checkpoint?.counters.evaluations ?? 0,
          seconds: run.row.seconds,
          best: bestOf(run),
          gap: bound?.gap ?? null,
          proven: bound?.proven ?? false,
          reached: reference?.kind === "optimum" ? reachedAt(points, reference.reference) : null,
          points,
          reference: reference?.reference ?? null,
          use: budgetUse(run),
        };
      }),
    };
  });
}
