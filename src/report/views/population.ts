import type { PopulationView, ReportModel } from "../model/model.ts";
import { figure, percent, plural } from "../page/figures.ts";
import { type Child, el, type Html } from "../page/html.ts";
import { BOX, legend, linePath, path } from "../page/plot.ts";
import { linear } from "../page/scale.ts";
import { section } from "../page/table.ts";

type Axis = PopulationView["axes"][number];

/** The networks that the run ended with, as lines through what they differ in. */
export function populationLines({ population }: ReportModel): Html | undefined {
  if (population === null || population.axes.length < 2) return undefined;
  const { axes, members, same, size } = population;
  const at = (i: number) => (i + 0.5) / axes.length;
  const lines = members.map((member) =>
    linePath(member.map((value, i) => [at(i), linear(axes[i].min, axes[i].max)(value)] as const)),
  );
  const tenth = Math.max(1, Math.ceil(members.length / 10));
  const label = (texts: (one: Axis) => Child, kind: string) =>
    el(
      "div",
      { class: `axes ${kind}` },
      axes.map((one) => el("span", {}, texts(one))),
    );
  return section(
    "population",
    finding(population),
    size > members.length
      ? `A line is one of the first ${members.length} of ${size} networks that the run ended with.`
      : `A line is one of the ${size} networks that the run ended with.`,
    label(({ title, unit, max }) => [el("b", {}, title), " ", value(unit, max)], "above"),
    el(
      "svg",
      {
        width: "100%",
        height: 220,
        viewBox: `0 0 ${BOX} ${BOX}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": "Networks as lines through their figures",
      },
      path(axes.map((_, i) => `M${Math.round(BOX * at(i))} 0V${BOX}`).join(""), "grid"),
      path(lines.slice(tenth).join(""), "l-thin"),
      path(lines.slice(1, tenth).join(""), "l-mid"),
      path(lines[0], "l-a"),
    ),
    label(({ unit, min }) => value(unit, min), "below"),
    same.length > 0
      ? el("p", { class: "quiet" }, `The same in all of them: ${same.map(constant).join(", ")}.`)
      : undefined,
    legend(["l-a", "the best"], tenth > 1 ? ["l-mid", "the best tenth"] : undefined, [
      "l-thin",
      `the other ${plural(members.length - tenth, "network")}`,
    ]),
  );
}

function finding({ axes, size }: PopulationView): string {
  const scores = axes[axes.length - 1];
  const spread = (scores.max - scores.min) / Math.abs(scores.max || 1);
  const counted = axes.filter(({ unit }) => unit === "count");
  const start = `${plural(size, "network")} within ${percent(spread)} of each other`;
  if (counted.length === 0) return start;
  const ratio = ({ min, max }: Axis) => max / Math.max(min, 1e-9);
  const most = counted.reduce((a, b) => (ratio(b) > ratio(a) ? b : a));
  return `${start}; ${most.title} varies most, ${value("count", most.min)} to ${value("count", most.max)}`;
}

function value(unit: Axis["unit"], number: number): string {
  return unit === "count" ? String(Number(number.toFixed(2))) : figure(unit, number);
}

function constant({ title, unit, value: of }: PopulationView["same"][number]): string {
  return title.startsWith("mean bits") && of === 0
    ? `${title} full precision`
    : `${title}\u00a0${unit === "count" ? "=\u00a0" : ""}${value(unit, of)}`;
}
