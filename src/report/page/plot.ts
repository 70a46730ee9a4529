import { el, type Html } from "./html.ts";
import { fitting, type Label } from "./scale.ts";

/** Pixels that a plot is at least wide on a desktop and on a phone. */
const WIDE = 480;
const NARROW = 230;
/** The same of one as wide as the page, where that has 1000. */
const FULL = 740;
/** Units of a plot's box, whatever its size on the screen. */
export const BOX = 1000;

const round = (value: number) => Number(value.toFixed(1));

/** A point in a plot's box from shares of its width and height, the height from below. */
function at(x: number, y: number): string {
  return `${round(x * BOX)} ${round((1 - y) * BOX)}`;
}

/** A line through points given as shares of width and height. */
export function linePath(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${at(x, y)}`).join("");
}

/** The same as steps: level until the next point. */
export function stepPath(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y], i) => (i === 0 ? `M${at(x, y)}` : `H${round(x * BOX)}V${round((1 - y) * BOX)}`)).join("");
}

/** Bars side by side in a box as wide as there are bars: from, to a share of the height; what is empty is left out. */
export function barsPath(bars: readonly (readonly [place: number, from: number, to: number])[]): string {
  return bars
    .filter(([, from, to]) => to > from)
    .map(([place, from, to]) => `M${place + 0.05} ${round(100 - 100 * to)}h.9V${round(100 - 100 * from)}h-.9z`)
    .join("");
}

export function path(d: string, kind: string, title?: string): Html | undefined {
  if (d === "") return undefined;
  return title === undefined
    ? el("path", { class: kind, d })
    : el("g", {}, el("title", {}, title), el("path", { class: kind, d }));
}

interface Plot {
  readonly label: string;
  /** Pixels. */
  readonly height: number;
  readonly x: readonly Label[];
  readonly y: readonly Label[];
  /** What the x axis shows. */
  readonly caption: string;
  readonly marks: readonly (Html | undefined)[];
  /** Whether it is as wide as the page. */
  readonly full?: boolean;
  /** Marks that are placed in per cent and keep their shape. */
  readonly over?: readonly Html[];
}

/** A plot with its axes: lines stretch with the page, labels keep their size. */
export function plot({ label, height, x, y, caption, marks, over = [], full = false }: Plot): Html {
  const grid = y.map(({ at: share }) => `M0 ${round((1 - share) * BOX)}H${BOX}`).join("");
  return el(
    "div",
    { class: "plot" },
    el(
      "svg",
      { class: "y", width: 64, height, "aria-hidden": "true" },
      fittingDown(y, height).map(({ at: share, text }) =>
        el("text", { x: 56, y: round((1 - share) * (height - 12) + 10), class: "e" }, text),
      ),
    ),
    el(
      "svg",
      { class: "box", height, width: "100%", role: "img", "aria-label": label },
      el(
        "svg",
        { y: 6, height: height - 12, width: "100%", viewBox: `0 0 ${BOX} ${BOX}`, preserveAspectRatio: "none" },
        path(grid, "grid"),
        marks,
      ),
      over,
    ),
    axis(x, "x", full),
    el("div", { class: "caption" }, caption),
  );
}

/** Labels one below another. */
function fittingDown(labels: readonly Label[], height: number): Label[] {
  const taken: number[] = [];
  return labels.filter(({ at: share }) => {
    const y = share * height;
    if (taken.some((other) => Math.abs(other - y) < 17)) return false;
    taken.push(y);
    return true;
  });
}

/** Labels of an x axis, those that fit on a desktop and those that fit on a phone. @param full of one as wide as the page */
export function axis(labels: readonly Label[], kind = "x", full = false): Html {
  const group = (name: string, of: readonly Label[], pixels: number) =>
    el(
      "g",
      { class: name },
      fitting(of.map(anchored), pixels).map(({ at: share, text, anchor }) =>
        el("text", { x: `${round(share * 100)}%`, y: 14, class: anchor.charAt(0) }, text),
      ),
    );
  return el(
    "svg",
    { class: kind, height: 20, width: "100%", "aria-hidden": "true" },
    full ? group("desk", labels, FULL) : undefined,
    group(full ? "wide mid" : "wide", labels, WIDE),
    group("narrow", labels, NARROW),
  );
}

/** A label at an end of the axis stays inside of it, unless it says otherwise. */
function anchored(label: Label): Label & { readonly anchor: NonNullable<Label["anchor"]> } {
  return { ...label, anchor: label.anchor ?? (label.at < 0.03 ? "start" : label.at > 0.97 ? "end" : "middle") };
}

/** What the marks of a chart mean; a text is what those behind it are of. */
export function legend(...entries: readonly (readonly [kind: string, text: string] | string | undefined)[]): Html {
  return el(
    "ul",
    { class: "legend" },
    entries.map((entry) =>
      entry === undefined
        ? undefined
        : typeof entry === "string"
          ? el("li", {}, el("b", {}, entry))
          : el("li", {}, el("svg", { width: 18, height: 12, "aria-hidden": "true" }, sample(entry[0])), entry[1]),
    ),
  );
}

function sample(kind: string): Html {
  return kind.startsWith("l-")
    ? el("path", { class: kind, d: "M0 6H18" })
    : el("rect", { class: kind, x: 2, y: 0, width: 12, height: 12, rx: 2 });
}
