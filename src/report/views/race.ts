import { greatestOf, leastOf } from "../../base/extremes.ts";
import { gapTo } from "../model/gap.ts";
import type { Race, RaceSeries, ReportModel } from "../model/model.ts";
import { count, metric, percent, plural, score, seconds, tick } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { legend, linePath, path, plot, stepPath } from "../page/plot.ts";
import { logarithmic, logarithmicTicks } from "../page/scale.ts";
import { asTable, dataTable, section } from "../page/table.ts";
import { boundClosing } from "./bound-closing.ts";
import { fateBar } from "./fate.ts";

/** The least gap that is drawn by its height; one of nothing lies below. */
const LEAST = 1e-6;
const MOST = 1;
/** Share of the height that is kept for no gap at all. */
const FLOOR = 0.08;

/** How every run of the problem came to its best, how the bound closed, and what became of the children. */
export function raceView(model: ReportModel): Html | undefined {
  const { race, run } = model;
  const side = [boundClosing(model), fateBar(model)].filter((part) => part !== undefined);
  if (race === null) {
    if (side.length === 0 || run.evaluations === 0) return undefined;
    return section(
      "search",
      `${plural(run.fate.scored, "network was", "networks were")} scored in ${seconds(run.seconds)}`,
      noRace(model),
      el("div", {}, side),
    );
  }
  return section(
    "search",
    finding(race),
    undefined,
    side.length === 0 ? gapPlot(race, true) : el("div", { class: "two" }, gapPlot(race, false), el("div", {}, side)),
    seriesTable(race),
  );
}

/** Why nothing is drawn of how a run came along. */
function noRace({ groups }: ReportModel): string {
  const own = groups.flatMap(({ runs }) => runs).find((run) => run.own);
  return own !== undefined && own.points.length > 0
    ? "It has bred one generation so far: there is no way to draw yet."
    : "This archive keeps no record of how its runs came along: they were made by an earlier version.";
}

function finding({ series, kind, reference }: Race): string {
  const one = series.length === 1;
  const own = one ? series[0].own : true;
  const reached = series.flatMap(({ reached: at }) => (at === null ? [] : [at]));
  if (kind === "optimum" && reached.length > 0) {
    const least = leastOf(reached);
    const most = greatestOf(reached);
    const when =
      reached.length === 1 || least === most
        ? `after ${plural(least, "child", "children")}`
        : `after ${count(least)} to ${count(most)} children`;
    if (one) return `${own ? "The search" : "Another run of the problem"} reaches the optimum ${when}`;
    return reached.length === series.length
      ? `All ${series.length} runs reach the optimum, ${when}`
      : `${reached.length} of ${series.length} runs reach the optimum, ${when}`;
  }
  const best = greatestOf(series.map(({ points }) => points.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY));
  const who = one ? (own ? "The search" : "Another run of the problem") : `The best of ${series.length} runs`;
  if (kind === "best") return `${who} ${one ? "comes to" : "scores"} ${score(best)}; no bound says how good that is`;
  return `${who} ${one ? "comes" : "is"} within ${percent(gapTo(reference, best))} of the ${kind}`;
}

/** Where a gap is drawn, from 0 to 1. */
function height(share: number): number {
  if (share < LEAST) return 0;
  return FLOOR + (1 - FLOOR) * Math.min(1, logarithmic(LEAST, MOST)(Math.min(MOST, share)));
}

/** Points of a line of gaps, without those that nobody could see. */
export function gapPoints(
  points: RaceSeries["points"],
  reference: number,
  least: number,
  most: number,
): (readonly [number, number])[] {
  const x = logarithmic(least, most);
  const drawn: (readonly [number, number])[] = [];
  // Of what was known before the plot begins the last alone is drawn, at its edge, and where a line begins inside, nothing.
  const from = points.findLastIndex(([children]) => children <= least);
  points.slice(Math.max(0, from)).forEach(([children, best], i, shown) => {
    const point = [Math.max(0, x(Math.max(children, least))), height(gapTo(reference, best))] as const;
    const before = drawn.at(-1);
    const near =
      before !== undefined && Math.abs(before[0] - point[0]) < 0.002 && Math.abs(before[1] - point[1]) < 0.004;
    if (!near || i === shown.length - 1) drawn.push(point);
  });
  return drawn;
}

function gapPlot({ series, mean, reference, kind }: Race, alone: boolean): Html {
  const firsts = series.flatMap(({ points }) =>
    points
      .filter(([children]) => children > 0)
      .slice(0, 1)
      .map(([children]) => children),
  );
  const least = Math.max(1, leastOf(firsts.length === 0 ? [1] : firsts));
  const most = Math.max(least + 1, greatestOf(series.map(({ children }) => children)));
  const draw = (one: RaceSeries) => {
    const points = gapPoints(one.points, reference, least, most);
    const name = `run ${one.run}, seed ${one.seed}`;
    const other = one.operators === "published" ? "l-c" : "l-b";
    return path(stepPath(points), one.own ? "l-a" : other, name);
  };
  const shown = series.filter(({ own }) => !own).slice(-60);
  const own = series.filter((one) => one.own);
  const others = shown.filter(({ operators }) => operators !== "published").length;
  const published = shown.some(({ operators }) => operators === "published");
  const what =
    kind === "optimum"
      ? "the proven optimum"
      : kind === "bound"
        ? "the bound"
        : series.length === 1
          ? "where the search ended"
          : "the best of these runs";
  const ticks = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5].map((share) => ({ at: height(share), text: percent(share) }));
  return el(
    "div",
    {},
    el("h3", {}, `How far the best network is from ${what}`),
    plot({
      label: `Gap of ${plural(series.length, "run")} by children bred`,
      height: 300,
      full: alone,
      x: logarithmicTicks(least, most).map((value) => ({
        at: logarithmic(least, most)(value),
        text: tick(metric(value)),
      })),
      y: [...ticks, { at: 0, text: "0" }],
      caption: "children bred (log)",
      marks: [
        path(linePath(gapPoints(mean, reference, least, most)), "l-q", "mean of the population"),
        shown.map(draw),
        own.map(draw),
      ].flat(),
    }),
    legend(
      own.length > 0 ? ["l-a", "this run"] : undefined,
      others > 0 ? ["l-b", plural(others, "other run")] : undefined,
      published ? ["l-c", "published operators"] : undefined,
      mean.length > 0 ? ["l-q", "mean of this run's population"] : undefined,
    ),
  );
}

function seriesTable({ series, reference }: Race): Html {
  const rows = series.map(({ run, seed, operators, children, points, reached }) => {
    const best = points.at(-1)?.[1];
    return [
      run,
      seed,
      operators,
      count(children),
      best === undefined ? "–" : score(best),
      best === undefined ? "–" : percent(gapTo(reference, best)),
      reached === null ? "–" : count(reached),
    ];
  });
  return asTable(
    "The same as a table",
    dataTable(
      "Runs of this problem",
      ["run", "seed", "operators", "children", "best", "gap", "reached after"],
      rows,
      [0, 1, 3, 4, 5, 6],
    ),
  );
}
