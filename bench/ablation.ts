import { median } from "../src/base/median.ts";
import { runLoop } from "../src/bench/search.ts";
import { scoreWithin } from "../src/bound/gap.ts";
import { applyAssignments, parseConfig } from "../src/config/config.ts";
import { presetValue } from "../src/config/presets.ts";
import { type OperatorRates, operatorRates } from "../src/engine/operators.ts";
import { openProblem } from "../src/problem/problem.ts";

/** What a row of the table changes: keys of the configuration, or the default operators' rates. */
type Change = { readonly set: string } | Partial<OperatorRates>;

const variants: Readonly<Record<string, Change>> = {
  fitted: {},
  "without growing": { set: "search.growing=false" },
  standard: { set: "search.operators=standard" },
  published: { set: "search.operators=published" },
  "without crossover": { crossover: 0 },
  "without repair": { repairs: 0 },
  "without filling": { fills: 0 },
  "without sorted layers": { sortLayers: false },
  "without width pushes": { widthPush: 0 },
  "width steps, not pushes": { widthPush: 0, widthStep: 8 },
  "without width factors": { widthFactor: 0 },
  "without expansion steps": { expansion: 0 },
  "without moving depth": { moveDepth: 0 },
  "without bits of one layer": { layerBits: 0 },
  "without moving a bit": { moveBit: 0 },
  "without published mutations": { published: 0 },
  "one mutation": { maxMutations: 1 },
};

/** A score so near to the proven optimum can only be the optimum's. */
const ROUNDING = 1e-10;

/**
 * Prints a Markdown table for every preset: how many of the seeds reach the proven optimum, how many children that takes, and the median and the
 * worst of the scores, for every variant.
 */
function main(presets: readonly string[], seeds: number): void {
  for (const preset of presets) {
    const raw = presetValue(preset);
    const config = parseConfig(raw, preset);
    const stopScore = scoreWithin(openProblem(config), ROUNDING);
    console.log(`\n${preset}, ${config.search.evaluations} children, ${seeds} seeds\n`);
    console.log("| operators | at the optimum | after children | median score | worst |\n|---|---:|---:|---:|---:|");
    for (const [name, change] of Object.entries(variants)) {
      const variant = "set" in change ? parseConfig(applyAssignments(raw, [change.set]), preset) : config;
      const options = "set" in change ? {} : { rates: { ...operatorRates.fitted, ...change } };
      const searches = Array.from({ length: seeds }, (_, i) =>
        runLoop(variant, i + 1, undefined, { ...options, stopScore }),
      );
      const scores = searches.map(({ population }) => population.scores[0]);
      const reached = searches.filter((_, i) => scores[i] >= stopScore).map(({ counters }) => counters.evaluations);
      const cells = [
        `${reached.length} of ${seeds}`,
        reached.length === 0 ? "" : `${Math.round(median(reached) / 1000)}k`,
        median(scores).toFixed(4),
        Math.min(...scores).toFixed(4),
      ];
      console.log(`| ${[name, ...cells].join(" | ")} |`);
    }
  }
}

const [seeds = "10", ...named] = process.argv.slice(2);
main(
  named.length > 0 ? named : ["imagenet-mixed-7.0g", "imagenet-mixed-19.2g", "stm32f746-vww", "stm32h743-face"],
  Number(seeds),
);
