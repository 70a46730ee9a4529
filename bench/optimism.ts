import { applyAssignments, defaultScore, parseConfig } from "../src/config/config.ts";
import { presetValue } from "../src/config/presets.ts";
import { networkOf } from "../src/network/structure.ts";
import { type Progress, startSearch } from "../src/run/run.ts";
import { ForwardScore } from "../src/score/forward/forward.ts";

/*
 * The best score that a measured search selected by is that of a lucky network: how far it is above what the search's result is worth, and whether the
 * figure that the search reports is true, within two standard errors (of the report and of the truth together) of the mean of many draws of a noise seed of its own.
 *   npm run experiment:optimism -- [runs] [draws of the truth] [path=value ...]
 */

const [runs = "20", draws = "256", ...assignments] = process.argv.slice(2);
const settings = ["score.kind=forward", "score.resolution=64", "search.evaluations=300", ...assignments];
/** Noise seed of the first truth: no search comes near it. */
const FIRST_SEED = 123_456_789;

console.log(`imagenet-mixed-7.0g, ${settings.join(", ")}; the truth is the mean of ${draws} draws.\n`);
console.log("| seed | best selected | reported | truth | selected - truth | reported - truth | in standard errors |");
console.log("|---:|---:|---:|---:|---:|---:|---:|");
const optimism: number[] = [];
let covered = 0;
for (let seed = 1; seed <= Number(runs); seed++) {
  const value = applyAssignments(presetValue("imagenet-mixed-7.0g"), [
    ...settings,
    `search.seed=${seed}`,
    // Runs with the same noise would err alike.
    `score.noiseSeed=${seed}`,
  ]);
  const config = parseConfig(value, "imagenet-mixed-7.0g");
  let selected = Number.NaN;
  const onProgress = ({ bestScore }: Progress) => {
    selected = bestScore;
  };
  const { best, unmeasured } = await startSearch(config, { archive: ":memory:", onProgress });
  if (typeof best.measured?.score !== "number" || best.measured.scoreError === null) {
    throw new Error(`seed ${seed}: ${unmeasured ?? "no finite score"}`);
  }
  const options = { ...defaultScore("forward"), ...config.score, repeats: Number(draws), noiseSeed: FIRST_SEED + seed };
  const truth = new ForwardScore(options).detail(networkOf(best.structure, best.resolution));
  const { score: reported, scoreError } = best.measured;
  const deviations = (reported - truth.score) / Math.hypot(scoreError, truth.scoreError ?? Number.NaN);
  if (Math.abs(deviations) <= 2) covered++;
  optimism.push(selected - truth.score);
  const figures = [selected, reported, truth.score, selected - truth.score, reported - truth.score, deviations];
  console.log(`| ${[seed, ...figures.map((figure) => figure.toFixed(2))].join(" | ")} |`);
}
const mean = optimism.reduce((sum, x) => sum + x, 0) / optimism.length;
console.log(
  `\nselected - truth ${mean.toFixed(2)} on average; the reported figure is true in ${covered} of ${runs} runs`,
);
