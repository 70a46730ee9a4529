import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { runInteger } from "../../src/integer/reference.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { addFamily, familyOf } from "../../src/network/families.ts";
import { onnxForms, onnxModel } from "../../src/onnx/forms.ts";
import { small } from "../support/exported-networks.ts";
import { anyImage, integerNetworks } from "../support/integer-networks.ts";
import { onnxruntime, runOnnx } from "../support/onnxruntime.ts";

const form = onnxForms.find(({ name }) => name === "integer")!;
const projected = "ToyProjectedOnnx";
const remove = addFamily({
  className: projected,
  isSuper: true,
  quantised: "always",
  convs: familyOf("SuperQuantResK1DWK1")!.convs,
  shortcut: "projected",
});
afterAll(remove);

/** QES_SLOW_TESTS=1 runs more of them. */
const numRuns = process.env["QES_SLOW_TESTS"] === "1" ? 200 : 8;

/** Bytes of shape (channels, side, side) to (side, side, channels). */
function channelsLast(image: Uint8Array, channels: number): Uint8Array {
  const pixels = image.length / channels;
  return Uint8Array.from({ length: image.length }, (_, i) => image[(i % channels) * pixels + Math.floor(i / channels)]);
}

test.skipIf(onnxruntime === undefined)(
  "integer models in onnxruntime are the interpreter's results in every bit",
  async () => {
    let outputs = 0;
    const fixed = [describeNetwork("small", small, 12, 10)];
    const drawn = fc.sample(fc.oneof(integerNetworks(), integerNetworks(projected)), { numRuns, seed: 3 });
    for (const [i, network] of [...fixed, ...drawn].entries()) {
      const weights = randomWeights(network, i);
      const integer = integerNetwork(network, weights);
      const inputs = fc.sample(anyImage(network), { numRuns: 3, seed: i });
      const { channels, resolution } = network;
      const found = await runOnnx(onnxModel(network, weights, form), {
        type: "uint8",
        shape: [1, channels, resolution, resolution],
        inputs,
      });
      inputs.forEach((image, j) => {
        const truth = runInteger(integer, channelsLast(image, channels));
        const side = network.classes > 0 ? 1 : network.outputShape[2];
        const expected = Array.from(truth, (_, at) => {
          const channel = Math.floor(at / side ** 2);
          return truth[(at % side ** 2) * (truth.length / side ** 2) + channel];
        });
        expect([...found[j]]).toEqual(expected);
        outputs += expected.length;
      });
    }
    expect(outputs).toBeGreaterThan(20 * numRuns);
  },
  600_000,
);

test("one of full precision is told", () => {
  const full = describeNetwork("full", [...small, { class: "ConvKXBNRELU", in: 32, out: 8, k: 1, s: 1 }], 12, 10);
  expect(() => onnxModel(full, randomWeights(full, 1), form)).toThrow(
    "integer network: expected 2 to 8 bits, got full precision in block 4 layer 0",
  );
});
