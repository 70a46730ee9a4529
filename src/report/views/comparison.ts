import { greatestOf } from "../../base/extremes.ts";
import type { ComparedNetwork, ReportModel } from "../model/model.ts";
import { figure, percent, score } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { barsPath, legend, path } from "../page/plot.ts";
import { dataTable, section } from "../page/table.ts";

/** The best network beside another one. */
export function comparisonView({ comparison }: ReportModel): Html | undefined {
  if (comparison === null) return undefined;
  const { best, other, what } = comparison;
  const share = (own: number, others: number) =>
    own === others ? "same" : `${others > own ? "+" : "−"}${percent(Math.abs(others - own) / Math.abs(own || 1))}`;
  const rows = [
    ["score", score(best.score), score(other.score), share(best.score, other.score)],
    ...best.costs.map(({ title, unit, value }, i) => [
      title,
      figure(unit, value),
      figure(unit, other.costs[i].value),
      share(value, other.costs[i].value),
    ]),
    ["resolution", best.resolution, other.resolution, share(best.resolution, other.resolution)],
    ["widths", best.widths.join(" "), other.widths.join(" "), differing(best.widths, other.widths)],
    ["depths", best.depths.join(" "), other.depths.join(" "), differing(best.depths, other.depths)],
  ];
  return section(
    "comparison",
    finding(best, other, what),
    "The height of a conv is the logarithm of its channels; where it differs it is marked.",
    el("div", { class: "two even" }, shape("the best", best, other), shape(what, other, best)),
    legend(["a", "as in the other"], ["c", "other channels, kernel or bits, or not there"]),
    dataTable(`The best and ${what}`, ["figure", "the best", what, "difference"], rows, [1, 2, 3]),
  );
}

function finding(best: ComparedNetwork, other: ComparedNetwork, what: string): string {
  const name = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  const widths = count(best.widths, other.widths);
  const depths = count(best.depths, other.depths);
  const gap = percent(Math.abs(other.score - best.score) / Math.abs(best.score || 1));
  const parts = [
    widths > 0 ? `${widths} width${widths === 1 ? "" : "s"}` : "",
    depths > 0 ? `${depths} depth${depths === 1 ? "" : "s"}` : "",
  ].filter((part) => part !== "");
  const differs =
    parts.length > 0 ? `differs in ${parts.join(" and ")}` : "has the same widths and depths and other bits or kernels";
  return `${name} ${differs}, and scores ${other.score === best.score ? "the same" : `${gap} ${other.score > best.score ? "more" : "less"}`}`;
}

const count = (a: readonly number[], b: readonly number[]) => a.filter((value, i) => value !== b[i]).length;
const differing = (a: readonly number[], b: readonly number[]) =>
  count(a, b) === 0 ? "same" : `${count(a, b)} differ`;

function shape(title: string, network: ComparedNetwork, other: ComparedNetwork): Html {
  const most = Math.log(greatestOf([...network.channels, ...other.channels]) + 1);
  const wide = Math.max(network.channels.length, other.channels.length);
  const others = new Set(other.convs);
  const differs = (i: number) => !others.has(network.convs[i]);
  const bars = network.channels.map(
    (width, i) => [i, 0.5 - Math.log(width + 1) / most / 2, 0.5 + Math.log(width + 1) / most / 2] as const,
  );
  return el(
    "div",
    {},
    el("h3", {}, title),
    el(
      "svg",
      {
        width: "100%",
        height: 70,
        viewBox: `0 0 ${wide} 100`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `Widths of the convs of ${title}`,
      },
      path(barsPath(bars.filter(([i]) => !differs(i))), "a"),
      path(barsPath(bars.filter(([i]) => differs(i))), "c"),
    ),
  );
}
