import type { PopulationView, ReportModel } from "../model/model.ts";
import { figure, percent, plural } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { axis, BOX, legend, linePath, path } from "../page/plot.ts";
import { linear } from "../page/scale.ts";
import { section } from "../page/table.ts";

/** The networks that the run ended with, as lines through what they differ in. */
export function populationLines({ population }: ReportModel): Html | undefined {
  if (population === null || population.axes.length < 2) return undefined;
  const { axes, members, same, size } = population;
  const lines = members.map((member) =>
    linePath(member.map((value, i) => [i / (axes.length - 1), linear(axes[i].min, axes[i].max)(value)] as const)),
  );
  const tenth = Math.max(1, Math.ceil(members.length / 10));
  const label = (text: (axis: PopulationView["axes"][number]) => string) =>
    axes.map((one, i) => ({ at: i / (axes.length - 1), text: text(one) }));
  const value = (unit: PopulationView["axes"][number]["unit"], number: number) =>
    unit === "count" ? String(Number(number.toFixed(2))) : figure(unit, number);
  return section(
    "population",
    finding(population),
    size > members.length
      ? `A line is one of the first ${members.length} of ${size} networks that the run ended with.`
      : `A line is one of the ${size} networks that the run ended with.`,
    axis(
      label(({ title }) => title),
      "x b",
      undefined,
      true,
    ),
    axis(
      label(({ unit, max }) => value(unit, max)),
      "x",
      undefined,
      true,
    ),
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
      path(axes.map((_, i) => `M${Math.round((BOX * i) / (axes.length - 1))} 0V${BOX}`).join(""), "grid"),
      path(lines.slice(tenth).join(""), "l-thin"),
      path(lines.slice(1, tenth).join(""), "l-mid"),
      path(lines[0], "l-a"),
    ),
    axis(
      label(({ unit, min }) => value(unit, min)),
      "x",
      undefined,
      true,
    ),
    same.length > 0
      ? el(
          "p",
          { class: "quiet" },
          `The same in all of them: ${same.map(({ title, unit, value }) => `${title} ${figure(unit, value)}`).join(", ")}.`,
        )
      : undefined,
    legend(
      ["l-a", "the best"],
      ["l-thin", `the other ${plural(members.length - 1, "network")}; darker: the best tenth`],
    ),
  );
}

function finding({ axes, members, size }: PopulationView): string {
  const scores = axes[axes.length - 1];
  const spread = (scores.max - scores.min) / Math.abs(scores.max || 1);
  const distinct = axes.slice(0, -1).map(({ title, unit, min, max }, i) => ({
    title,
    unit,
    min,
    max,
    kinds: new Set(members.map((member) => member[i])).size,
  }));
  const counted = distinct.filter(({ unit }) => unit === "count");
  const start = `${plural(size, "network")} within ${percent(spread)} of each other`;
  if (counted.length === 0) return start;
  const most = counted.reduce((a, b) => (b.kinds > a.kinds ? b : a));
  const number = (value: number) => String(Number(value.toFixed(2)));
  return `${start}; ${most.title} varies most, ${number(most.min)} to ${number(most.max)}`;
}
