import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { presetNames, presetValue } from "../../src/config/presets.ts";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { parseStructure } from "../../src/network/structure.ts";
import { onnxForms, onnxModel } from "../../src/onnx/forms.ts";
import { importOnnx } from "../../src/onnx/import.ts";
import { readModel, writeModel } from "../../src/onnx/model.ts";
import { startSearch } from "../../src/run/run.ts";
import { randomNetworks, small, squeezed } from "../support/exported-networks.ts";

const slow = process.env["QES_SLOW_TESTS"] === "1";
const count = slow ? 200 : 15;
/** Whose projection is of one channel to one, as depthwise convs are. */
const single = parseStructure(
  [
    { class: "ConvKXBNRELU", in: 3, out: 1, k: 3, s: 1 },
    { class: "SuperResK1KXK1", in: 1, out: 1, k: 3, s: 2, L: 2, btn: 4 },
  ],
  "single",
);
const networks = [
  describeNetwork("small", small, 12, 10),
  describeNetwork("single", single, 9, 2),
  describeNetwork("squeezed", squeezed, 12, 10),
  ...randomNetworks(count, "small"),
];
const read = onnxForms.filter(({ name }) => name !== "integer");

test.each(read.map((form) => [form.name, form] as const))(
  "import of our own %s is the network that was exported",
  (_, form) => {
    let compared = 0;
    for (const network of networks) {
      const quantised = network.layers.some(({ convs }) => convs.some(({ bitsA }) => bitsA > 0));
      if (form.bits && !quantised) continue;
      const bytes = onnxModel(network, randomWeights(network, 1), form);
      const { structure, resolution, classes, notes } = importOnnx(bytes, { where: network.name });
      compared++;
      if (form.bits || !quantised) {
        expect({ structure, resolution, classes, notes }).toEqual({
          structure: parseStructure(network.structure, network.name),
          resolution: network.resolution,
          classes: network.classes,
          notes: [],
        });
      }
      // Without the description the convs are the same, however they are cut into blocks.
      const bare = writeModel({ ...readModel(bytes), metadataProps: [] });
      const again = importOnnx(bare, { where: network.name });
      const found = describeNetwork(network.name, again.structure, again.resolution, again.classes);
      const shapes = ({ layers }: typeof found) =>
        layers.map(({ shortcut, squeeze, convs }) => ({
          shortcut,
          squeeze,
          convs: convs.map(({ depthwise: _d, bitsA, bitsW, ...conv }) =>
            form.bits ? { ...conv, bitsA, ...(form.name === "qonnx" ? { bitsW } : {}) } : conv,
          ),
        }));
      expect(shapes(found)).toEqual(shapes(network));
    }
    expect(compared).toBeGreaterThan(0.8 * networks.length);
  },
);

/** A preset's start network; with QES_SLOW_TESTS=1 also what a short search finds from it. */
async function networksOf(preset: string) {
  const config = parseConfig(presetValue(preset), preset);
  const { resolution } = config.input;
  const start = { structure: config.space.start, resolution };
  if (!slow) return [{ ...start, classes: config.classes }];
  const searched = { ...config, search: { ...config.search, evaluations: 2000, stopGap: "off" as const } };
  const { best } = await startSearch(searched, { archive: ":memory:", threads: 0 });
  return [start, best].map((network) => ({ ...network, classes: config.classes }));
}

const few = ["imagenet-fp-300m", "stm32f746-vww"];

test.each(slow ? presetNames() : few)("the networks of %s come back from every form", async (preset) => {
  for (const { structure, resolution, classes } of await networksOf(preset)) {
    const network = describeNetwork(preset, parseStructure(structure, preset), resolution, classes);
    const weights = randomWeights(network, 1);
    const quantised = network.totals.layers > 0 && network.layers[1].convs[0].bitsA > 0;
    const forms = read.filter(({ bits }) => bits === quantised);
    expect(forms.length).toBe(quantised ? 3 : 1);
    for (const form of forms) {
      const { notes, ...found } = importOnnx(onnxModel(network, weights, form), { where: preset });
      expect({ form: form.name, notes, ...found }).toEqual({
        form: form.name,
        notes: [],
        structure: network.structure,
        resolution,
        classes,
      });
    }
  }
});
