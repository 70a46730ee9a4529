import { greatestOf, leastOf } from "../../base/extremes.ts";
import type { Race, RaceSeries, ReportModel } from "../model/model.ts";
import { count, listed, metric, percent, plural, score, seconds, tick } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { legend, linePath, path, plot, stepPath } from "../page/plot.ts";
import { linear, linearTicks, logarithmic, powers } from "../page/scale.ts";
import { asTable, dataTable, section } from "../page/table.ts";

/** The least gap that is drawn by its height; one of nothing lies below. */
const LEAST = 1e-6;
const MOST = 1;
/** Share of the height that is kept for no gap at all. */
const FLOOR = 0.08;

/** How every run of the problem came to its best, how the bound closed, and what became of the children. */
export function raceView(model: ReportModel): Html | undefined {
  const { race, run } = model;
  const side = [boundClosing(model), fateBar(model)];
  if (race === null) {
    const known = side.filter((part) => part !== undefined);
    if (known.length === 0 || run.evaluations === 0) return undefined;
    const lead = "This archive keeps no record of how its runs came along: they were made by an earlier version.";
    return section(
      "search",
      `${plural(run.fate.scored, "network was", "networks were")} scored in ${seconds(run.seconds)}`,
      lead,
      el("div", {}, known),
    );
  }
  return section(
    "search",
    finding(race),
    undefined,
    el("div", { class: "two" }, gapPlot(race), el("div", {}, side)),
    seriesTable(race),
  );
}

function finding({ series, kind, reference }: Race): string {
  const reached = series.flatMap(({ reached: at }) => (at === null ? [] : [at]));
  if (kind === "optimum" && reached.length > 0) {
    const least = leastOf(reached);
    const most = greatestOf(reached);
    const when =
      reached.length === 1 || least === most
        ? `after ${plural(least, "child", "children")}`
        : `after ${count(least)} to ${count(most)} children`;
    if (series.length === 1) return `The search reaches the optimum ${when}`;
    return reached.length === series.length
      ? `All ${series.length} runs reach the optimum, ${when}`
      : `${reached.length} of ${series.length} runs reach the optimum, ${when}`;
  }
  const best = greatestOf(series.map(({ points }) => points.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY));
  if (kind === "best")
    return series.length === 1
      ? `The best score is ${score(best)}; no bound says how good that is`
      : `The best of ${series.length} runs scores ${score(best)}; no bound says how good that is`;
  return `The best of ${plural(series.length, "run")} is within ${percent(gap(reference, best))} of the ${kind}`;
}

const gap = (reference: number, best: number) => Math.max(0, (reference - best) / Math.abs(reference || 1));

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
  points.forEach(([children, best], i) => {
    const point = [Math.max(0, x(Math.max(children, least))), height(gap(reference, best))] as const;
    const before = drawn.at(-1);
    const near =
      before !== undefined && Math.abs(before[0] - point[0]) < 0.002 && Math.abs(before[1] - point[1]) < 0.004;
    if (!near || i === points.length - 1) drawn.push(point);
  });
  return drawn;
}

function gapPlot({ series, mean, reference, kind }: Race): Html {
  const firsts = series.flatMap(({ points }) =>
    points
      .filter(([children]) => children > 0)
      .slice(0, 1)
      .map(([children]) => children),
  );
  const least = Math.max(1, leastOf(firsts.length === 0 ? [1] : firsts));
  const most = Math.max(least * 10, greatestOf(series.map(({ children }) => children)));
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
  const ticks = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5].map((share) => ({ at: height(share), text: percent(share) }));
  return el(
    "div",
    {},
    el(
      "h3",
      {},
      `How far the best network is from ${kind === "best" ? "the best of all" : kind === "bound" ? "the bound" : "the proven optimum"}`,
    ),
    plot({
      label: `Gap of ${plural(series.length, "run")} by children bred`,
      height: 300,
      x: powers(least, most).map((value) => ({ at: logarithmic(least, most)(value), text: tick(metric(value)) })),
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
      best === undefined ? "–" : percent(gap(reference, best)),
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

function boundClosing({ run: { bound, best } }: ReportModel): Html | undefined {
  const steps = bound?.steps ?? [];
  const optimum = bound?.upper ?? best;
  if (bound === null || optimum === null || steps.length < 2) return undefined;
  // Nothing is known while the layers of the space are measured.
  const [start] = steps.find(([, upper, known]) => upper !== null || known !== null) ?? [0];
  const last = steps[steps.length - 1][0];
  const x = linear(start, Math.max(start + 1, last));
  const relative = (value: number) => (value - optimum) / Math.abs(optimum || 1);
  const sides = steps
    .flatMap(([, upper, known]) =>
      [upper, known].flatMap((value) => (value === null ? [] : [Math.abs(relative(value))])),
    )
    .sort((a, b) => a - b);
  const reach = Math.max(1e-4, Math.min(sides[Math.floor(sides.length * 0.9)] ?? 0, 0.05)) * 1.1;
  const y = linear(-reach, reach);
  const line = (of: 1 | 2) =>
    steps.flatMap((step) =>
      step[of] === null ? [] : [[x(step[0]), Math.max(0, Math.min(1, y(relative(step[of]))))] as const],
    );
  const sign = (value: number) => (value > 0 ? `+${percent(value)}` : value < 0 ? `−${percent(-value)}` : "0");
  return el(
    "div",
    {},
    el("h3", {}, "The bound closing"),
    plot({
      label: "Upper bound and best network known, by steps of the bound",
      height: 130,
      x: [
        { at: 0, text: count(start) },
        { at: 1, text: count(last) },
      ],
      y: linearTicks(-reach, reach, 4).map((value) => ({ at: y(value), text: sign(value) })),
      caption: `steps of the bound, ${seconds(bound.seconds)} in all`,
      marks: [path(stepPath(line(1)), "l-t"), path(stepPath(line(2)), "l-a")],
    }),
    legend(["l-t", "no network scores more"], ["l-a", "best network known"]),
  );
}

export function fateBar({ run: { fate, seconds: time, evaluations } }: Pick<ReportModel, "run">): Html | undefined {
  const all = fate.scored + fate.reused + fate.duplicates + fate.overBudget + fate.failed;
  if (evaluations === 0 || all === 0) return undefined;
  const parts = (
    [
      ["a", "scored", fate.scored],
      ["l", "known from earlier runs", fate.reused],
      ["b2", "bred before", fate.duplicates],
      ["c", "over budget", fate.overBudget],
      ["bad", "failed", fate.failed],
    ] as const
  )
    .filter(([, , number]) => number > 0)
    .map(([kind, text, number]) => [kind === "l" ? "b1" : kind, text, number] as const);
  let at = 0;
  const bars = parts.map(([kind, , number]) => {
    const bar = el("rect", {
      class: kind,
      x: `${Number(((100 * at) / all).toFixed(2))}%`,
      width: `${Number(((100 * number) / all).toFixed(2))}%`,
      height: 22,
    });
    at += number;
    return bar;
  });
  return el(
    "div",
    { class: "part" },
    el("h3", {}, `What became of ${plural(evaluations, "child", "children")}`),
    el(
      "svg",
      {
        width: "100%",
        height: 22,
        role: "img",
        "aria-label": listed(parts.map(([, text, number]) => `${text} ${count(number)}`)),
      },
      bars,
    ),
    legend(
      ...parts.map(([kind, text, number]) => [kind, `${text} ${count(number)} (${percent(number / all)})`] as const),
    ),
    time > 0 ? el("p", { class: "quiet" }, `${metric(evaluations / time)} children a second on average.`) : undefined,
  );
}
