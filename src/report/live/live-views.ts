import { greatestOf, leastOf } from "../../base/extremes.ts";
import { count, metric, plural, score, seconds, tick } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { path, plot, stepPath } from "../page/plot.ts";
import { linear, linearTicks, logarithmic, logarithmicTicks } from "../page/scale.ts";
import { meter, section } from "../page/table.ts";
import { fateBar } from "../views/fate.ts";
import { networkStrips } from "../views/network.ts";
import { verdict } from "../views/verdict.ts";
import { whatIfSliders } from "../views/what-if.ts";
import type { LiveModel } from "./live-reader.ts";

/** Points of a line that is drawn anew at every tick. */
const MOST_POINTS = 160;

/** A part of a page, and the values that it shows: where they are the same it need not be made again. */
export interface LivePart {
  readonly of: readonly unknown[];
  readonly make: () => Html;
}

/** The parts of a live page by their ids. */
export function liveParts(model: LiveModel): Readonly<Record<string, LivePart>> {
  const { run, network, whatIf } = model;
  const title = run.status === "running" ? "The best network so far" : undefined;
  return {
    verdict: { of: [run], make: () => verdict(model) },
    progress: { of: [model], make: () => progress(model) },
    network: {
      of: [network, run.status],
      make: () => networkStrips(model, title) ?? el("section", { id: "network" }),
    },
    "what-if": { of: [whatIf], make: () => whatIfSliders(whatIf) },
  };
}

function progress({ run, points }: LiveModel): Html {
  const { evaluations, of, seconds: time, status } = run;
  const rate = time > 0 ? evaluations / time : 0;
  const left = status === "running" && rate > 0 ? `, at most ${seconds((of - evaluations) / rate)} left` : "";
  const done = `${count(evaluations)} of ${plural(of, "child", "children")}`;
  return section(
    "progress",
    status === "running" ? "Best score so far" : `The search is ${status}`,
    `${done}, ${seconds(time)}${left}.`,
    meter(of > 0 ? evaluations / of : 0, done),
    el("div", { class: "part" }, bestLine(points)),
    fateBar({ run }),
  );
}

function bestLine(points: LiveModel["points"]): Html | undefined {
  const shown = points.filter(([children]) => children > 0);
  if (shown.length < 2) return undefined;
  const [first, last] = [shown[0][0], shown[shown.length - 1][0]];
  const scores = shown.map(([, best]) => best);
  const [low, high] = [leastOf(scores), greatestOf(scores)];
  const x = logarithmic(first, Math.max(last, first + 1));
  const y = linear(low, high === low ? low + 1 : high);
  const step = Math.ceil(shown.length / MOST_POINTS);
  const drawn = shown.filter((_, i) => i % step === 0 || i === shown.length - 1);
  return plot({
    label: `Best score by children bred, now ${score(high)}`,
    height: 190,
    full: true,
    x: logarithmicTicks(first, Math.max(last, first + 1)).map((value) => ({ at: x(value), text: tick(metric(value)) })),
    y: linearTicks(low, high, 4).map((value) => ({ at: y(value), text: String(value) })),
    caption: "children bred (log)",
    marks: [path(stepPath(drawn.map(([children, best]) => [x(children), y(best)] as const)), "l-a")],
  });
}
