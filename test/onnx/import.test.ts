import { expect, test } from "vitest";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { parseStructure } from "../../src/network/structure.ts";
import { onnxForms, onnxModel } from "../../src/onnx/forms.ts";
import { importOnnx } from "../../src/onnx/import.ts";
import { readModel, writeModel } from "../../src/onnx/model.ts";
import { randomNetworks, small } from "../support/exported-networks.ts";

const count = process.env["QES_SLOW_TESTS"] === "1" ? 200 : 40;
const networks = [describeNetwork("small", small, 12, 10), ...randomNetworks(count, "small")];
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
        layers.map(({ shortcut, convs }) => ({
          shortcut,
          convs: convs.map(({ depthwise: _d, bitsA, bitsW, ...conv }) =>
            form.bits ? { ...conv, bitsA, ...(form.name === "qonnx" ? { bitsW } : {}) } : conv,
          ),
        }));
      expect(shapes(found)).toEqual(shapes(network));
    }
    expect(compared).toBeGreaterThan(0.8 * networks.length);
  },
);
