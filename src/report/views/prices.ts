import { greatestOf } from "../../base/extremes.ts";
import type { PriceList, PricePoint, ReportModel, Unit, Visited } from "../model/model.ts";
import { figure, score, tick } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { BOX, legend, linePath, path, plot } from "../page/plot.ts";
import { linear, linearTicks } from "../page/scale.ts";
import { asTable, dataTable, section } from "../page/table.ts";
import { foundNetwork } from "./found-network.ts";

/** Scores that differ by less are equal. */
const LEAST_GAIN = 1e-9;
const HEIGHT = 300;

/** What the optimum would be under other values of a budget. */
export function priceViews({ prices }: ReportModel): Html[] {
  return prices.map(priceView);
}

function priceView(list: PriceList): Html {
  const { title, unit, points, limit, budget, visited } = list;
  const [low, high] = list.scores;
  const own = nearest(points, limit);
  const proven = points.filter((point) => point.proven).length;
  const label = unit === "layers" ? "layers" : title;
  const [from, to] = [points[0].value, points[points.length - 1].value];
  const x = linear(from, to);
  const y = linear(low, high);
  const inside = limit !== null && limit >= from && limit <= to;
  const place = (point: PricePoint) =>
    [Number((100 * x(point.value)).toFixed(2)), Number((6 + (1 - y(point.score)) * (HEIGHT - 12)).toFixed(1))] as const;
  const places = points.map(place);
  const id = `price-${budget}`;
  const at = points[own];
  return section(
    `what-if-${budget}`,
    finding(list, own),
    `The best score there can be at each budget of ${label}, everything else as in this run. ${proven === points.length ? "Every point is proven." : `${proven} of ${points.length} points are proven.`}`,
    el(
      "div",
      { class: "two", "data-prices": id },
      el(
        "div",
        {},
        plot({
          label: `Best score by budget of ${label}`,
          height: HEIGHT,
          x: budgetTicks(unit, from, to).map((value) => ({ at: x(value), text: tick(figure(unit, value)) })),
          y: linearTicks(low, high, 5).map((value) => ({
            at: y(value),
            text: String(value),
          })),
          caption: `budget of ${label}`,
          marks: [
            ...density(visited),
            path(linePath(points.map((point) => [x(point.value), y(point.score)] as const)), "l-a"),
            inside
              ? path(
                  linePath([
                    [x(limit), 0],
                    [x(limit), 1],
                  ]),
                  "l-limit",
                  "budget now",
                )
              : undefined,
          ],
          over: [
            ...places.map(([cx, cy], i) =>
              el("circle", { class: "dot", cx: `${cx}%`, cy, r: points[i].proven ? 4 : 2.5 }),
            ),
            el("circle", {
              class: "now",
              cx: `${places[own][0]}%`,
              cy: places[own][1],
              r: 7,
              "data-points": places.map((one) => one.join(",")).join(" "),
            }),
          ],
        }),
        el(
          "div",
          { class: "what js" },
          el(
            "label",
            { for: `${id}-slider` },
            `what if the budget of ${label} were`,
            el("output", {}, figure(unit, at.value)),
          ),
          el("input", {
            type: "range",
            id: `${id}-slider`,
            min: 0,
            max: points.length - 1,
            value: own,
            "aria-valuetext": figure(unit, at.value),
            "data-channels": points.map(({ channels }) => channels.join(" ")).join("|"),
          }),
        ),
        legend(
          ["a", `exact optimum, proven at ${proven} budgets`],
          inside ? ["l-limit", "budget now"] : undefined,
          visited.inside > 0
            ? ["seen", "networks within the other budgets that searches have scored: the stronger, the more"]
            : undefined,
        ),
      ),
      el(
        "div",
        {},
        el("p", { class: "big" }, score(at.score)),
        el(
          "p",
          { class: "quiet" },
          limit === null
            ? `the optimum at ${figure(unit, at.value)}`
            : limit === at.value
              ? "the optimum at this run's budget"
              : `the optimum at ${figure(unit, at.value)}, the nearest to this run's budget`,
        ),
        foundNetwork(at, ""),
      ),
    ),
    asTable(
      "The same as a table",
      el(
        "div",
        { id },
        dataTable(
          `Optima by budget of ${label}`,
          ["budget", "score", ...at.costs.map((cost) => cost.title), "widths", "depths"],
          points.map((point) => [
            figure(unit, point.value),
            score(point.score),
            ...point.costs.map((cost) => figure(cost.unit, cost.value)),
            point.widths.join(" "),
            point.depths.join(" "),
          ]),
          [0, 1, ...at.costs.map((_, i) => i + 2)],
        ),
      ),
    ),
  );
}

/** Round budgets, in the unit in which they are written. */
function budgetTicks(unit: Unit, from: number, to: number): number[] {
  const size = unit !== "bytes" ? 1 : to >= 2 * 1024 ** 2 ? 1024 ** 2 : 1024;
  return linearTicks(from / size, to / size, 5).map((value) => value * size);
}

/** Where networks lie that were scored: the more, the darker. */
function density({ columns, rows, cells }: Visited): Html[] {
  const [wide, high] = [BOX / columns, BOX / rows];
  const most = Math.log(greatestOf(cells.map(([, , count]) => count)) + 1);
  const level = (count: number) => Math.min(2, Math.floor((3 * Math.log(count + 1)) / most));
  return [0, 1, 2].flatMap((of) => {
    const squares = cells
      .filter(([, , count]) => level(count) === of)
      .map(
        ([x, y]) =>
          `M${(x * wide).toFixed(1)} ${(BOX - (y + 1) * high).toFixed(1)}h${wide.toFixed(1)}v${high.toFixed(1)}h-${wide.toFixed(1)}z`,
      );
    return path(squares.join(""), `seen s${of}`) ?? [];
  });
}

/** The point at the budget, or the nearest. */
function nearest(points: readonly PricePoint[], limit: number | null): number {
  if (limit === null) return points.length - 1;
  return points.reduce(
    (best, point, i) => (Math.abs(point.value - limit) < Math.abs(points[best].value - limit) ? i : best),
    0,
  );
}

/** What the nearest larger budget that buys something buys. */
function finding({ points, unit, title }: PriceList, own: number): string {
  const at = points[own];
  const next = points.slice(own + 1).find((point) => point.score > at.score + LEAST_GAIN);
  const last = points[points.length - 1];
  if (next !== undefined) {
    const gain = Number((next.score - at.score).toPrecision(2));
    return `${amount(unit, title, next.value - at.value)} more would buy a score ${gain} higher`;
  }
  return at === last
    ? `The best score by ${title}`
    : `More ${title}, up to ${figure(unit, last.value)}, would buy nothing`;
}

function amount(unit: Unit, title: string, value: number): string {
  if (unit === "layers") return `${value} ${value === 1 ? "layer" : "layers"}`;
  return unit === "BitOps" || unit === "MACs" ? `${figure(unit, value)}${unit}` : `${figure(unit, value)} of ${title}`;
}
