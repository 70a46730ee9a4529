import { mean, standardError } from "../src/base/mean.ts";
import { applyAssignments, defaultScore, parseConfig } from "../src/config/config.ts";
import { presetValue } from "../src/config/presets.ts";
import { networkOf } from "../src/network/structure.ts";
import { type Progress, startSearch } from "../src/run/run.ts";
import { ForwardScore } from "../src/score/forward/forward.ts";

/*
 * The best score that a measured search selected by is that of a lucky network: how far it is above what the search's result is worth, and whether the
 * figure that the search reports is true, within two standard errors (of the report and of the truth together) of the mean of many draws. These are of
 * several noise seeds, whose means give the truth's error: the draws of one seed are slices of one pool of noise, which overlap.
 *   npm run experiment:optimism -- [runs] [noise seeds of the truth, 32 draws each] [first seed] [path=value ...]
 */

const [runs = "20", truthSeeds = "8", firstSeed = "1", ...assignments] = process.argv.slice(2);
const settings = ["score.kind=forward", "score.resolution=64", "search.evaluations=300", ...assignments];
/** Noise seed of the first truth: no search comes near it. */
const TRUTH_SEED = 123_456_789;
const DRAWS = 32;

console.log(
  `imagenet-mixed-7.0g, ${settings.join(", ")}; the truth is the mean of ${DRAWS} draws of each of ${truthSeeds} noise seeds.\n`,
);
console.log("| seed | best selected | reported | truth | selected - truth | reported - truth | in standard errors |");
console.log("|---:|---:|---:|---:|---:|---:|---:|");
const optimism: number[] = [];
const squares: number[] = [];
let covered = 0;
for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(runs); seed++) {
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
  const network = networkOf(best.structure, best.resolution);
  const means = Float64Array.from({ length: Number(truthSeeds) }, (_, i) => {
    const noiseSeed = TRUTH_SEED + seed * Number(truthSeeds) + i;
    return new ForwardScore({ ...defaultScore("forward"), ...config.score, repeats: DRAWS, noiseSeed }).detail(network)
      .score;
  });
  const truth = mean(means);
  const { score: reported, scoreError } = best.measured;
  const deviations = (reported - truth) / Math.hypot(scoreError, standardError(means));
  if (Math.abs(deviations) <= 2) covered++;
  squares.push(deviations ** 2);
  optimism.push(selected - truth);
  const figures = [selected, reported, truth, selected - truth, reported - truth, deviations];
  console.log(`| ${[seed, ...figures.map((figure) => figure.toFixed(2))].join(" | ")} |`);
}
console.log(
  `\nselected - truth ${mean(Float64Array.from(optimism)).toFixed(2)} on average; the reported figure is true in ${covered} of ${runs} runs; its distance has rms ${Math.sqrt(mean(Float64Array.from(squares))).toFixed(2)} standard errors`,
);
