import { type Config, parseConfig } from "../src/config.ts";
import { presetValue } from "../src/presets.ts";
import { type OperatorRates, standardRates } from "../src/search/breeding.ts";
import { median } from "./median.ts";
import { runLoop } from "./search.ts";

/** What each row of the ablation changes of the standard rates. */
const variants: Readonly<Record<string, Partial<OperatorRates> | "published">> = {
  standard: {},
  published: "published",
  "without crossover": { crossover: 0 },
  "without repair": { repairs: 0 },
  "without sorted layers": { sortLayers: false },
  "without width steps": { widthStep: 0 },
  "without width factors": { widthFactor: 0 },
  "without expansion steps": { expansion: 0 },
  "without bits of one layer": { layerBits: 0 },
  "without moving a bit": { moveBit: 0 },
  "without published mutations": { published: 0 },
  "one mutation": { maxMutations: 1 },
};

/** Prints, for two presets, the median, the worst and the best score of every variant over the seeds, as a Markdown table. */
function main(presets: readonly string[], seeds: number): void {
  for (const preset of presets) {
    const config: Config = parseConfig(presetValue(preset), preset);
    console.log(`\n${preset}, ${config.search.evaluations} children, ${seeds} seeds\n`);
    console.log("| operators | median | worst | best |\n|---|---|---|---|");
    for (const [name, change] of Object.entries(variants)) {
      const operators = change === "published" ? "published" : "standard";
      const rates = change === "published" ? standardRates : { ...standardRates, ...change };
      const scores = Array.from({ length: seeds }, (_, i) => {
        const search = runLoop({ ...config, search: { ...config.search, operators } }, i + 1, undefined, rates);
        return search.population.scores[0];
      });
      const [low, high] = [Math.min(...scores), Math.max(...scores)];
      console.log(`| ${name} | ${median(scores).toFixed(4)} | ${low.toFixed(4)} | ${high.toFixed(4)} |`);
    }
  }
}

main(["imagenet-mixed-7.0g", "imagenet-mixed-19.2g"], Number(process.argv[2] ?? 10));
