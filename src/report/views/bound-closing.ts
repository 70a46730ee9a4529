import type { ReportModel } from "../model/model.ts";
import { count, percent, seconds } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { legend, path, plot, stepPath } from "../page/plot.ts";
import { linear, linearTicks } from "../page/scale.ts";

/** How the upper bound came down and the best network known came up, by steps of the proof. */
export function boundClosing({ run: { bound, best } }: ReportModel): Html | undefined {
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
  // Above and below the plot there is nothing to see: a line begins at its edge where it enters.
  const line = (of: 1 | 2) => {
    const points = steps.flatMap((step) => {
      const value = step[of];
      return value === null ? [] : [[x(step[0]), y(relative(value))] as const];
    });
    const inside = points.findIndex(([, share]) => share >= 0 && share <= 1);
    const [at, share] = points[inside - 1] === undefined ? [0, 0] : [points[inside][0], points[inside - 1][1]];
    const entry = inside > 0 ? [[at, share > 1 ? 1 : 0] as const] : [];
    return [...entry, ...points.slice(Math.max(0, inside))].map(
      ([place, height]) => [place, Math.max(0, Math.min(1, height))] as const,
    );
  };
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
