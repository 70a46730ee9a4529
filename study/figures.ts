import { greatestOf, leastOf } from "../src/base/extremes.ts";
import { byShape } from "./naming.ts";
import type { Part, Ranking, Results } from "./results.ts";

/** Pixels. */
const WIDTH = 760;
const PANEL = 300;

const colours: Readonly<Record<number, string>> = { 8: "#c2410c", 11: "#7c3aed", 14: "#1d4ed8" };
const colourOf = (convs: number) => colours[convs] ?? "#444444";

/** The figures of the page by file name; a part without results has none. */
export function figuresOf({ a, b, c }: Results): ReadonlyMap<string, string> {
  const figures = new Map<string, string>();
  if (a.costs.length > 0) figures.set("a.svg", scatters(a, ["score (analytic)", "parameters", "MACs", "BitOps"]));
  if (b.costs.length > 0) figures.set("b.svg", scatters(b, ["score (analytic)", "MACs"]));
  if (c.length > 0) figures.set("c.svg", strips(c));
  const both = [a, b].filter(({ scores }) => scores.length > 0);
  if (both.length > 0) figures.set("d.svg", intervals(a.scores, b.scores));
  return figures;
}

const svg = (height: number, body: readonly string[]) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${body.join("\n")}
</svg>
`;

const text = (x: number, y: number, words: string, more = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${more}>${words.replace(/&/g, "&amp;").replace(/</g, "&lt;")}</text>`;
const line = (x1: number, y1: number, x2: number, y2: number, colour = "#bbbbbb") =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}"/>`;
const dot = (x: number, y: number, colour: string) =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${colour}" fill-opacity="0.75"/>`;

/** Round figures from the least value to the greatest, at most about six. */
function ticks(values: readonly number[]): number[] {
  const [low, high] = [leastOf(values), greatestOf(values)];
  const rough = Math.max((high - low) / 5, Math.abs(high) / 1000, 1e-9);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough)!;
  const first = Math.floor(low / step);
  return Array.from({ length: Math.ceil(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** Maps from the ticks' range to pixels. */
function scaleOf(at: readonly number[], from: number, to: number): (x: number) => number {
  const [low, high] = [at[0], at[at.length - 1]];
  return (x) => from + ((x - low) / (high - low)) * (to - from);
}

const short = (x: number) =>
  x >= 1e6 ? `${+(x / 1e6).toFixed(2)} M` : x >= 1e4 ? `${+(x / 1e3).toFixed(1)} k` : `${+x.toFixed(2)}`;

/** A panel for each of some figures: it against accuracy, a colour a depth. */
function scatters({ trained, costs }: Part, names: readonly string[]): string {
  const accuracy = trained.map(({ mean }) => mean);
  const up = ticks(accuracy);
  const body: string[] = [];
  const shown = costs.filter(({ name }) => names.includes(name));
  shown.forEach(({ name, values, tau }, i) => {
    const [left, top] = [55 + (i % 2) * (WIDTH / 2), 30 + Math.floor(i / 2) * PANEL];
    const [right, bottom] = [left + WIDTH / 2 - 80, top + PANEL - 70];
    const along = ticks(values);
    const [x, y] = [scaleOf(along, left, right), scaleOf(up, bottom, top)];
    body.push(
      text(left, top - 12, `${name}: tau ${tau.value.toFixed(2)} (${tau.low.toFixed(2)} to ${tau.high.toFixed(2)})`),
    );
    for (const tick of up)
      body.push(
        line(left, y(tick), right, y(tick), "#e5e5e5"),
        text(left - 6, y(tick) + 4, short(tick), ' text-anchor="end"'),
      );
    for (const tick of along) body.push(text(x(tick), bottom + 16, short(tick), ' text-anchor="middle"'));
    body.push(line(left, bottom, right, bottom), line(left, top, left, bottom));
    trained.forEach(({ row, mean }, j) => {
      body.push(dot(x(values[j]), y(mean), colourOf(row.convs)));
    });
  });
  const height = 30 + Math.ceil(shown.length / 2) * PANEL;
  body.push(text(55, height - 10, "up: accuracy on the test images, %;"));
  Object.entries(colours).forEach(([convs, colour], i) => {
    body.push(dot(280 + 90 * i, height - 14, colour), text(288 + 90 * i, height - 10, `${convs} convs`));
  });
  return svg(height, body);
}

/** Every seed of the networks of part c, and their means. */
function strips(c: Results["c"]): string {
  const along = ticks(c.flatMap(({ accuracies }) => accuracies));
  const x = scaleOf(along, 150, WIDTH - 40);
  const height = 60 + 40 * c.length;
  const body = along.flatMap((tick) => [
    line(x(tick), 15, x(tick), height - 40, "#e5e5e5"),
    text(x(tick), height - 24, short(tick), ' text-anchor="middle"'),
  ]);
  c.forEach(({ network, row, accuracies, mean }, i) => {
    const y = 35 + 40 * i;
    body.push(text(20, y + 4, byShape[network.id] ?? network.id), line(x(mean), y - 12, x(mean), y + 12, "#000000"));
    for (const accuracy of accuracies) body.push(dot(x(accuracy), y, colourOf(row.convs)));
  });
  body.push(text(150, height - 6, "accuracy on the test images, %: a dot a seed, a bar the mean"));
  return svg(height, body);
}

/** Tau and its interval, of every score in both parts. */
function intervals(a: readonly Ranking[], b: readonly Ranking[]): string {
  const names = (a.length > 0 ? a : b).map(({ name }) => name);
  const x = scaleOf([-1, 1], 230, WIDTH - 30);
  const height = 60 + 34 * names.length;
  const body = [-1, -0.5, 0, 0.5, 1].flatMap((tick) => [
    line(x(tick), 10, x(tick), height - 40, tick === 0 ? "#888888" : "#e5e5e5"),
    text(x(tick), height - 24, String(tick), ' text-anchor="middle"'),
  ]);
  names.forEach((name, i) => {
    const y = 25 + 34 * i;
    body.push(text(20, y + 4, name));
    for (const [rankings, colour, by] of [
      [a, "#1d4ed8", -5],
      [b, "#c2410c", 5],
    ] as const) {
      const ranking = rankings.find((other) => other.name === name);
      if (ranking === undefined) continue;
      const { value, low, high } = ranking.tau;
      body.push(line(x(low), y + by, x(high), y + by, colour), dot(x(value), y + by, colour));
    }
  });
  body.push(
    text(
      20,
      height - 6,
      "Kendall's tau with accuracy, 95% intervals: blue across budgets (a), orange at one budget (b)",
    ),
  );
  return svg(height, body);
}
