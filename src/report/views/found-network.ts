import { greatestOf } from "../../base/extremes.ts";
import type { PricePoint } from "../model/model.ts";
import { figure } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { barsPath, path } from "../page/plot.ts";

/** A network of a price list: its widths as a shape, and what it costs; with a column for what it is compared with. */
export function foundNetwork(point: PricePoint, compared?: string): Html[] {
  return [
    silhouette(point),
    el("p", { class: "quiet" }, `${point.channels.length} convs, widths ${point.widths.join(" · ")}`),
    el(
      "table",
      { class: "costs" },
      el(
        "tbody",
        {},
        point.costs.map((cost) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, cost.title),
            el("td", { class: "n" }, figure(cost.unit, cost.value)),
            compared === undefined ? undefined : el("td", { class: "n quiet" }, compared),
          ),
        ),
      ),
    ),
  ];
}

function silhouette({ channels }: PricePoint): Html {
  const most = Math.log(greatestOf(channels) + 1);
  const bars = channels.map(
    (width, i) => [i, 0.5 - Math.log(width + 1) / most / 2, 0.5 + Math.log(width + 1) / most / 2] as const,
  );
  return el(
    "svg",
    {
      width: "100%",
      height: 70,
      viewBox: `0 0 ${channels.length} 100`,
      preserveAspectRatio: "none",
      "data-shape": true,
      role: "img",
      "aria-label": "Widths of its convs",
    },
    path(barsPath(bars), "a"),
  );
}
