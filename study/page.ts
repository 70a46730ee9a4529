import { byShape, shapeText } from "./naming.ts";
import type { Part, Ranking, Results, Trained } from "./results.ts";
import { SCORE } from "./scores.ts";
import type { Interval } from "./statistics.ts";

const BEGIN = "<!-- What follows up to the next such mark is written by npm run study -- --rows -->";
const END = "<!-- End of what is written by npm run study -- --rows -->";

/** The page with its results written anew. @throws Error where the marks are missing */
export function pageWith(page: string, results: Results): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("docs/study.md: the marks of what is written are missing");
  return `${page.slice(0, begin)}${BEGIN}\n\n${sections(results).join("\n\n")}\n\n${page.slice(end)}`;
}

/** The one sentence of the README. */
export function readmeSentence({ b, rows }: Results): string {
  const tau = b.costs.find(({ name }) => name === SCORE)?.tau;
  if (tau === undefined) return `Whether it predicts accuracy is being studied ([docs/study.md](docs/study.md)).`;
  if (!b.isWhole) {
    return `Whether it predicts accuracy is being studied: over the first ${b.trained.length} of 24 trained networks of equal BitOps, flash and SRAM, Kendall's tau of score and accuracy is ${signed(tau)}; no verdict yet ([docs/study.md](docs/study.md)).`;
  }
  return `On Fashion-MNIST, ${b.trained.length} networks of equal BitOps, flash and SRAM, minutes of training: Kendall's tau of score and accuracy is ${signed(tau)} (${rows.length} trainings, [docs/study.md](docs/study.md)).`;
}

const number = (x: number) => x.toFixed(2);
const span = ({ low, high }: Pick<Interval, "low" | "high">) => `${number(low)} to ${number(high)}`;
const signed = (interval: Interval) => `${number(interval.value)}, 95% interval ${span(interval)}`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map((name) => (name.startsWith(" ") ? "---:" : "---")), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.trim()).join(" | ")} |`)
    .join("\n");

function sections(results: Results): string[] {
  const { rows, a, b, c, noise, noiseNetworks } = results;
  const seconds = rows.map(({ cpuSeconds }) => cpuSeconds).sort((x, y) => x - y);
  const trainedOf = (ids: string) => rows.filter(({ network }) => network.startsWith(ids)).length;
  return [
    `${rows.length} trainings stand (a: ${trainedOf("a")}, b: ${trainedOf("b")}, the uniform ones of c: ${trainedOf("c")}), of ${seconds[0]} to ${seconds.at(-1)} CPU seconds each. No row was dropped.`,
    Number.isNaN(noise)
      ? "No network has a second seed yet, so the noise of a training is not known."
      : `Noise: the seeds of one network differ by a standard deviation of ${number(noise)} points (${noiseNetworks} networks).`,
    "### a, across budgets",
    ...part(a, "a", "It ranks better than a cost where the last column's interval lies above 0."),
    "### b, at one budget",
    ...part(b, "b", "BitOps and flash are equal within 2% here and say nothing."),
    "### c, mixed against uniform",
    ...mixedAgainstUniform(results),
    "### d, what carries it",
    ...carrying(a, b),
    "### All networks",
    "Shape: the stem's channels; of each super block out x layers (expanded channels) and a digit a layer for activation/weight bits. Accuracy in per cent, one figure a seed.",
    table(
      ["network", "shape and bits", " score", " BitOps, M", " MACs, k", " flash", " live SRAM", " convs", "accuracy"],
      [...new Set([...a.trained, ...b.trained, ...c])].map(({ network, row, accuracies }) => [
        network.id,
        shapeText(network.structure),
        number(row.analytic),
        number(row.bitops / 1e6),
        (row.macs / 1e3).toFixed(0),
        String(row.flash),
        String(row.sramLive),
        String(row.convs),
        accuracies.map(number).join(", "),
      ]),
    ),
  ];
}

function part({ isWhole, trained, costs }: Part, letter: string, note: string): string[] {
  if (costs.length === 0) return [`${trained.length} networks are trained: too few for a rank.`];
  const accuracies = trained.map(({ mean }) => mean).sort((x, y) => x - y);
  const [score] = costs;
  return [
    `![accuracy against score and costs](study/${letter}.svg)`,
    `${trained.length} networks, ${number(accuracies[0])} to ${number(accuracies.at(-1)!)}%. Hypothesis that tau of the score is above 0: ${isWhole ? verdict(score.tau) : "no verdict before all of its networks are trained, and until then these are but the first of them by lot"}. ${note}`,
    table(
      ["rank by", " tau with accuracy", " 95% interval", " tau of the score less it"],
      costs.map(({ name, tau, behind }) => [
        name,
        number(tau.value),
        span(tau),
        behind === undefined ? "" : `${number(behind.value)} (${span(behind)})`,
      ]),
    ),
  ];
}

function verdict({ low, high }: Interval): string {
  if (low > 0) return "borne out";
  return high < 0 ? "wrong, it is below 0" : "open, the interval has 0 in it";
}

function mixedAgainstUniform({ c, differences }: Results): string[] {
  if (c.length === 0) return ["None of its networks is trained yet."];
  const rows = c.map(({ network, row, accuracies, mean }: Trained) => [
    byShape[network.id],
    number(row.analytic),
    (row.macs / 1e3).toFixed(0),
    String(accuracies.length),
    number(mean),
    differenceText(differences.find(({ id }) => id === network.id)?.difference),
  ]);
  return [
    "![accuracies of mixed and uniform bits](study/c.svg)",
    table(["bits", " score", " MACs, k", " seeds", " mean accuracy, %", " mixed less it, points (95%)"], rows),
  ];
}

const differenceText = (difference: Interval | undefined) =>
  difference === undefined ? "" : `${number(difference.value)} (${span(difference)})`;

function carrying(a: Part, b: Part): string[] {
  const first = a.scores.length > 0 ? a.scores : b.scores;
  if (first.length === 0) return ["Too few networks are trained."];
  const cell = (ranking: Ranking | undefined) =>
    ranking === undefined ? ["", ""] : [`${number(ranking.tau.value)} (${span(ranking.tau)})`, apart(ranking)];
  const rows = first.map(({ name }) => [
    name,
    ...[a.scores, b.scores].flatMap((scores) => cell(scores.find((other) => other.name === name))),
  ]);
  const isBetter = ({ name, behindAmongMany }: Ranking) =>
    behindAmongMany !== undefined &&
    behindAmongMany.high < 0 &&
    a.scores.some((other) => other.name === name && other.behind!.value < 0);
  const found = b.scores.filter(isBetter).map(({ name }) => name);
  return [
    "![tau of every score](study/d.svg)",
    table(["score", " a: tau (95%)", " a: analytic less it", " b: tau (95%)", " b: analytic less it"], rows),
    a.isWhole && b.isWhole
      ? `Better than the analytic score by the rule of the plan: ${found.join(", ") || "none"}.`
      : "No verdict before all networks of a and b are trained.",
  ];
}

/** The interval here is the wide one, for the number of scores compared. */
const apart = ({ behindAmongMany: behind }: Ranking) =>
  behind === undefined ? "" : `${number(behind.value)} (${span(behind)})`;
