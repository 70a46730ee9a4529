import { median } from "../src/base/median.ts";
import { bitProduct } from "../src/config/capabilities.ts";
import { parseConfig } from "../src/config/config.ts";
import type { Candidate } from "../src/run/candidate.ts";
import { startSearch } from "../src/run/run.ts";

/*
 * Mixed against uniform precision: for every device the best network of a search with all layers at 8, at 4 and at 3 bits, and with
 * mixed bits, under the same budgets, over several seeds. Prints the table of docs/mixed-precision.md.
 *   npm run experiment:mixed -- [task] [evaluations] [seeds]
 */

const [task = "imagenet", evaluations = "250000", seeds = "5"] = process.argv.slice(2);

const list = (bits: readonly number[]) => bitProduct(bits, bits).map(({ a, w }) => [a, w]);
const precisions: readonly (readonly [string, unknown])[] = [
  ["8 bits", list([8])],
  ["4 bits", list([4])],
  ["3 bits", list([3])],
  ["mixed 2, 4, 8 (CMix-NN)", "cmix-nn"],
  ["mixed 3, 4, 8", list([3, 4, 8])],
  ["mixed 2 to 8", list([2, 3, 4, 5, 6, 7, 8])],
];

const devices = ["stm32f412", "stm32f746", "stm32h743"];

const clock = () => performance.now() / 1000;

async function best(device: string, capability: unknown, seed: number): Promise<Candidate> {
  const config = parseConfig(
    { device, task, capability, runtime: "none", search: { evaluations: Number(evaluations), seed } },
    "experiment:mixed",
  );
  return (await startSearch(config, { archive: ":memory:", threads: 0, clock })).best;
}

console.log(`Task ${task}, ${evaluations} children, ${seeds} seeds: the median score, and its range.\n`);
console.log(`| device | bits | score | range | flash | live SRAM | MACs | BitOps |`);
console.log("|---|---|---:|---:|---:|---:|---:|---:|");
for (const device of devices) {
  for (const [name, capability] of precisions) {
    const found: Candidate[] = [];
    for (let seed = 1; seed <= Number(seeds); seed++) found.push(await best(device, capability, seed));
    const scores = found.map(({ score }) => score);
    const middle = median(scores);
    const { costs } = found.find(({ score }) => score === middle) ?? found[0];
    const { sramLive, flash } = parseConfig({ device, task, runtime: "none" }, "experiment:mixed").budgets;
    const percent = (value: number, budget: number) => `${((100 * value) / budget).toFixed(1)}%`;
    const cells = [
      device,
      name,
      middle.toFixed(2),
      `${Math.min(...scores).toFixed(2)} to ${Math.max(...scores).toFixed(2)}`,
      percent(costs.flash, flash!),
      percent(costs.sramLive, sramLive!),
      `${(costs.macs / 1e6).toFixed(0)} M`,
      `${(costs.bitops / 1e9).toFixed(2)} G`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
