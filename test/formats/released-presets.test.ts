import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { readReleasedConfig } from "../../src/formats/released-config.ts";
import { goldenPath } from "../golden.ts";

/** Searches of the released program, by their preset. */
const searches = {
  "imagenet-fp-300m": "walk-MBV2",
  "imagenet-r50": "walk-R50",
  "detection-r50": "walk-detection-R50",
  "deepmad-r18": "walk-deepmad-R18",
  "deepmad-r34": "walk-deepmad-R34",
  "deepmad-r50": "walk-deepmad-R50",
  "deepmad-29m-224": "walk-deepmad-29M-224",
  "deepmad-29m-288": "walk-deepmad-29M-288",
  "deepmad-50m": "walk-deepmad-50M",
  "deepmad-89m": "walk-deepmad-89M",
  "damo-yolo-tiny": "walk-damoyolo-k1kx-tiny",
  "damo-yolo-small": "walk-damoyolo-k1kx-small",
  "damo-yolo-medium": "walk-damoyolo-kxkx-medium",
};

const python = (value: unknown) =>
  JSON.stringify(value).replaceAll("true", "True").replaceAll("false", "False").replaceAll("null", "None");

/** The settings as the released program's Python has them. */
function configurationOf(file: string): string {
  const { settings } = JSON.parse(readFileSync(goldenPath(`${file}.json`), "utf8"));
  return [
    `image_size = ${settings.image_size}`,
    `model = dict(type="CnnNet", structure_info=${python(settings.initial_structure)})`,
    `space = dict(type="${settings.space}", image_size=image_size)`,
    `score = ${python(settings.score)}`,
    `budgets = ${python(settings.budgets)}`,
    `search = ${python(settings.search)}`,
    "",
  ].join("\n");
}

test.each(Object.entries(searches))("%s is what the import of the released search gives", (preset, file) => {
  const imported = readReleasedConfig(configurationOf(file), `${file}.py`, () => "");
  const { name: _, ...own } = parseConfig(presetValue(preset), preset);
  const { name: __, ...read } = parseConfig(imported.config, file);
  expect(read.budgets).toEqual(own.budgets);
  expect(read.input).toEqual(own.input);
  expect(read.score).toEqual(own.score);
  expect(read.search).toEqual(own.search);
  // Presets of proven searches have wider steps, and deepest blocks where layers have no budget.
  const { start, widthStep, stemOut, maxDepth: ___, ...space } = own.space;
  expect(read.space).toMatchObject(space);
  expect(widthStep).toBeGreaterThanOrEqual(read.space.widthStep);
  expect(stemOut[1]).toBe(read.space.stemOut[1]);
  const shape = (blocks: typeof start) => blocks.map(({ class: className, s, k, L }) => [className, s, k, L]);
  expect(shape(read.space.start)).toEqual(shape(start));
  for (const [i, block] of read.space.start.entries()) {
    expect(Math.abs(block.out - start[i].out)).toBeLessThanOrEqual(widthStep);
  }
});
