import { greatestOf } from "../../base/extremes.ts";
import type { CheckedLayers, NetworkView, ReportModel } from "../model/model.ts";
import { listed, percent, plural, score } from "../page/figures.ts";
import type { Html } from "../page/html.ts";
import { legend, path, plot } from "../page/plot.ts";
import { linear, linearTicks } from "../page/scale.ts";
import { asTable, dataTable, section } from "../page/table.ts";

/** What the closed form leaves out, layer by layer. */
export function checkedView({ checked, run, network }: ReportModel): Html | undefined {
  if (checked === null || checked.layers.length < 2) return undefined;
  const { analytic, expected, measured, layers, own } = checked;
  const off = (expected - analytic) / Math.abs(analytic || 1);
  const reach =
    greatestOf(layers.flatMap(({ difference, measured: m }) => [Math.abs(difference), Math.abs(m ?? 0)])) * 1.15 || 1;
  const y = linear(-reach, reach);
  const x = (layer: number) => (layer + 0.5) / layers.length;
  const first = layers.map(({ block }, i) => ({
    at: x(i),
    ...nameOf(network, block),
    anchor: "middle" as const,
    begins: i === 0 || layers[i - 1].block !== block,
  }));
  const bars = layers.map(({ difference }, i) => {
    const half = 0.3 / layers.length;
    const [left, right] = [1000 * (x(i) - half), 1000 * (x(i) + half)];
    const [zero, end] = [500, 1000 * (1 - y(difference))];
    return `M${left.toFixed(1)} ${zero}H${right.toFixed(1)}V${end.toFixed(1)}H${left.toFixed(1)}z`;
  });
  const dashes = layers.flatMap(({ measured: gain }, i) => {
    if (gain === null) return [];
    const half = 0.45 / layers.length;
    const at = (1000 * (1 - y(gain))).toFixed(1);
    return `M${(1000 * (x(i) - half)).toFixed(1)} ${at}H${(1000 * (x(i) + half)).toFixed(1)}`;
  });
  return section(
    "checked",
    `On noise ${own === null ? "it scores" : "the entropy score is"} ${score(expected)} on average, ${percent(Math.abs(off))} ${off < 0 ? "below" : "above"} the closed form`,
    "The closed form assumes that nothing is lost at borders and that values stay normal. A bar is what a layer's log gain differs by on average where neither is assumed; it is computed, without noise." +
      (measured === null
        ? ""
        : ` Measured on noise it scores ${score(measured.score)}${measured.error === null ? "" : ` ± ${measured.error.toPrecision(2)}`}: a dash is what a layer differs by there.`) +
      ownText(own, run.best),
    plot({
      label: "Expected minus closed form, by layer",
      height: 190,
      full: true,
      x: first.filter(({ begins }) => begins),
      y: linearTicks(-reach, reach, 4).map((value) => ({
        at: y(value),
        text: value > 0 ? `+${value}` : String(value).replace("-", "−"),
      })),
      caption: "block of the layer",
      marks: [path(bars.join(""), "a"), path("M0 500H1000", "l-limit"), path(dashes.join(""), "l-t")],
    }),
    legend(
      ["a", "expected minus closed form, of a layer"],
      ["l-limit", "the closed form"],
      measured === null ? undefined : ["l-t", "measured minus closed form"],
    ),
    asTable(
      "The same as a table",
      dataTable(
        "Expected minus closed form",
        ["layer", "block", "difference", ...(measured === null ? [] : ["measured"])],
        layers.map(({ block, difference, measured: gain }, i) => [
          i + 1,
          nameOf(network, block).text,
          signed(difference),
          ...(gain === null ? [] : [signed(gain)]),
        ]),
        [0, 2, 3],
      ),
    ),
  );
}

/** A block as the network's part of the page names it. */
function nameOf(network: NetworkView | null, block: number): { readonly text: string; readonly short: string } {
  const name = network?.blocks[block]?.name ?? String(block);
  return name.startsWith("block ")
    ? { text: name.slice(6), short: name.slice(6) }
    : { text: name, short: name.charAt(0).toUpperCase() };
}

/** How the score that the run was searched by is another. */
function ownText(own: CheckedLayers["own"], best: number | null): string {
  if (own === null || best === null) return "";
  if (own.draws === null) return ` The run was searched by another score (${own.kind}), which is not compared with it.`;
  const how = [
    plural(own.draws, "draw"),
    own.resolution === null ? "" : `an input of ${own.resolution}×${own.resolution}`,
    own.maxChannels === null ? "" : `at most ${plural(own.maxChannels, "channel")} a conv`,
  ];
  return ` The run's own score, ${score(best)}, was measured with ${listed(how.filter((part) => part !== ""))}.`;
}

const signed = (difference: number) => difference.toPrecision(3).replace("-", "−");
