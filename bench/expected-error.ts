import { runLoop } from "../src/bench/search.ts";
import { applyAssignments, parseConfig } from "../src/config/config.ts";
import { presetValue } from "../src/config/presets.ts";
import { Network } from "../src/network/network.ts";
import { openProblem } from "../src/problem/problem.ts";
import { AnalyticScore } from "../src/score/analytic.ts";
import { ExpectedScore } from "../src/score/expected/expected.ts";
import { ForwardScore } from "../src/score/forward/forward.ts";
import { decode } from "../src/space/genome.ts";

/*
 * How near the expected score and the closed form are to the mean of many measured draws, over the best networks of short searches, each measured with a
 * noise seed of its own. Prints the table of docs/expected-score.md.
 *   npm run experiment:expected -- [draws] [networks] [preset ...]
 */

const [draws = "60", networks = "60", ...named] = process.argv.slice(2);
const presets =
  named.length > 0 ? named : ["imagenet-mixed-7.0g", "imagenet-mixed-19.2g", "stm32f412-vww", "stm32h743-imagenet"];
/** Children of a search, and the first seed: far from those that operators were tuned on. */
const EVALUATIONS = 4000;
const FIRST_SEED = 1001;

interface Row {
  readonly analytic: number;
  readonly expected: number;
  readonly measured: number;
  /** One draw of another seed than the others. */
  readonly draw: number;
}

console.log(
  `${networks} networks, the bests of searches of ${EVALUATIONS} children; the mean of ${draws} measured draws is the truth.\n`,
);
console.log("| preset | spread of the truth | closed form: bias, sd, rank | expected | one draw |");
console.log("|---|---:|---:|---:|---:|");
for (const preset of presets) {
  const config = parseConfig(applyAssignments(presetValue(preset), [`search.evaluations=${EVALUATIONS}`]), preset);
  const { space } = openProblem(config);
  const { stageWeights, sigmaActivation, sigmaWeight } = config.score;
  const options = { stageWeights, sigmaActivation, sigmaWeight };
  const analytic = new AnalyticScore(options);
  const expected = new ExpectedScore(options);
  const network = new Network(space.convCapacity);
  const measure = (noiseSeed: number, repeats: number) =>
    new ForwardScore({ ...options, repeats, batch: 1, noiseSeed, kernel: "simd" }).detail(network).score;
  const rows = Array.from({ length: Number(networks) }, (_, i): Row => {
    const search = runLoop(config, FIRST_SEED + i);
    decode(space, search.population.genomes, 0, network);
    return {
      analytic: analytic.score(network),
      expected: expected.score(network),
      measured: measure(2 * i + 1, Number(draws)),
      draw: measure(2 * i + 2, 1),
    };
  });
  const truth = rows.map(({ measured }) => measured);
  const column = (name: "analytic" | "expected" | "draw") => {
    const values = rows.map((row) => row[name]);
    const { mean, sd } = moments(values.map((value, i) => value - truth[i]));
    return `${mean >= 0 ? "+" : ""}${mean.toFixed(2)}, ${sd.toFixed(2)}, ${correlation(ranks(values), ranks(truth)).toFixed(2)}`;
  };
  console.log(
    `| ${[preset, moments(truth).sd.toFixed(2), column("analytic"), column("expected"), column("draw")].join(" | ")} |`,
  );
}

function moments(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)) };
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const places = new Array<number>(values.length);
  order.forEach((i, place) => {
    places[i] = place;
  });
  return places;
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [moments(x), moments(y)];
  const sum = x.reduce((total, value, i) => total + (value - a.mean) * (y[i] - b.mean), 0);
  return sum / ((x.length - 1) * a.sd * b.sd);
}
