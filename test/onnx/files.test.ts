import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { onnxForms, onnxModel } from "../../src/onnx/forms.ts";
import { readModel } from "../../src/onnx/model.ts";
import { randomNetworks, small, squeezed } from "../support/exported-networks.ts";
import { python, pythonWith } from "../support/python.ts";
import { temporaryFolder } from "../temporary.ts";

const reader = pythonWith("onnx", "numpy");
const script = fileURLToPath(new URL("../fixtures/python/onnx_facts.py", import.meta.url));
const folder = temporaryFolder();

const count = process.env["QES_SLOW_TESTS"] === "1" ? 200 : 8;
const networks = [
  describeNetwork("small", small, 12, 10),
  describeNetwork("squeezed", squeezed, 12, 10),
  ...randomNetworks(count, "small"),
];
const files = networks.flatMap((network, i) => {
  const convs = network.layers.flatMap((layer) => layer.convs);
  return onnxForms
    .filter(({ bits, name }) =>
      name === "integer"
        ? convs.every(({ bitsA }) => bitsA > 0) && network.layers.every(({ squeeze }) => squeeze === undefined)
        : !bits || convs.some(({ bitsA }) => bitsA > 0),
    )
    .map((form) => ({
      network,
      form,
      path: `${i}-${form.name}.onnx`,
      bytes: onnxModel(network, randomWeights(network, i), form),
    }));
});

test.skipIf(reader === undefined)(
  "python3-onnx accepts every file, reads what is read here, and finds the network's bits node by node",
  () => {
    for (const { path, bytes } of files) writeFileSync(join(folder, path), bytes);
    const lines = python(reader!, [script, ...files.map(({ path }) => path)], folder)
      .trim()
      .split("\n");
    expect(lines).toHaveLength(files.length);
    for (const [i, line] of lines.entries()) {
      const { network, form, bytes } = files[i];
      const facts = JSON.parse(line);
      const { graph } = readModel(bytes);
      expect(facts.checked).toBe(form.opset < 18);
      expect(facts.digest).toBe(network.digest);
      expect(facts.nodes).toEqual(graph!.node!.map(({ opType, input, output }) => [opType, input, output]));
      expect(facts.constants).toEqual(
        graph!.initializer!.map(({ name, dataType, dims, rawData }) => [
          name,
          dataType,
          dims,
          createHash("sha256").update(rawData!).digest("hex"),
        ]),
      );
      const wanted = form.name === "qonnx" ? expectedBits(network) : {};
      expect(facts.bits).toEqual(wanted);
    }
  },
);

/** Bits and sign of every tensor that is quantised: convs' inputs and weights, a squeeze-excite's, the pooled input of a shortcut, the classifier's. */
function expectedBits({ layers, classes }: (typeof networks)[number]): Record<string, number[]> {
  const bits: Record<string, number[]> = {};
  layers.forEach(({ convs, shortcut, stride, squeeze }, i) => {
    convs.forEach(({ bitsA, bitsW, projection }, j) => {
      if (bitsA > 0 && !projection) bits[`L${i}.C${j}.input`] = [bitsA, 0];
      if (bitsW > 0) bits[`L${i}.C${j}.weight`] = [bitsW, 1];
    });
    const last = convs.findLast(({ projection }) => !projection)!;
    if (squeeze !== undefined && last.bitsA > 0) {
      bits[`L${i}.S0.input`] = [last.bitsA, 0];
      for (const name of ["S0", "S1"]) bits[`L${i}.${name}.weight`] = [last.bitsW, 1];
    }
    if (shortcut !== "none" && stride === 2 && convs[0].bitsA > 0) bits[`L${i}.held`] = [convs[0].bitsA, 0];
  });
  if (classes > 0 && Object.keys(bits).length > 0) {
    for (const name of ["fc.input", "fc.mean"]) bits[name] = [8, 0];
    bits["fc.weight"] = [8, 1];
  }
  return bits;
}

test("what a form cannot hold is told", () => {
  const qdq = onnxForms.find(({ name }) => name === "qdq")!;
  const one = describeNetwork(
    "one",
    small.map((block, i) => (i === 3 ? { ...block, nbitsW: 1 } : block)),
    12,
    10,
  );
  expect(() => onnxModel(one, randomWeights(one, 1), qdq)).toThrow(
    "onnx: expected 2 to 8 bits, got 1 in block 3 layer 0",
  );
  const full = describeNetwork("full", [{ class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2 }], 12, 10);
  expect(() => onnxModel(full, randomWeights(full, 1), qdq)).toThrow(
    "onnx: expected a network with bits, since qdq says them, got one of full precision; choose the form float",
  );
  const network = networks[0];
  expect(() => onnxModel(network, randomWeights(full, 1), qdq)).toThrow(
    "weights: L0.C0.weight: expected a tensor of shape",
  );
});
