import fc from "fast-check";
import { expect, test } from "vitest";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { onnxForms, onnxModel } from "../../src/onnx/forms.ts";
import { attributeOf, tensorValue } from "../../src/onnx/graph.ts";
import { importOnnx } from "../../src/onnx/import.ts";
import { type Graph, type Model, type Node, readModel, writeModel } from "../../src/onnx/model.ts";
import { small, squeezed } from "../support/exported-networks.ts";

const image = tensorValue("image", 1, ["n", 3, 8, 8]);
const output = tensorValue("output", 1, ["n", 4, 8, 8]);
const weight = { name: "w", dims: [4, 3, 1, 1], dataType: 1, rawData: new Uint8Array(48) };
const conv = { opType: "Conv", name: "c", input: ["image", "w"], output: ["output"] };
const read = (graph: Graph, more: Model = {}) => importOnnx(writeModel({ ...more, graph }), { where: "x.onnx" });
const plain: Graph = { node: [conv], initializer: [weight], input: [image], output: [output] };

test("the least model is a conv", () => {
  const { structure, resolution } = read(plain);
  expect(structure).toEqual([{ class: "ConvKXBNRELU", in: 3, out: 4, k: 1, s: 1 }]);
  expect(resolution).toBe(8);
});

test.each<[string, Graph, RegExp]>([
  ["no node", { ...plain, node: [] }, /output "output": expected what is computed of the images/],
  ["no output", { ...plain, output: [] }, /expected an ONNX graph with an output, got none/],
  ["no input", { ...plain, input: [], node: [{ ...conv, input: ["w", "w"] }] }, /images as input, got none/],
  [
    "a cycle",
    {
      ...plain,
      node: [
        { ...conv, input: ["b", "w"], output: ["a"] },
        { opType: "Relu", input: ["a"], output: ["b"] },
      ],
    },
    /expected a graph without cycles, got one through Conv "c"/,
  ],
  ["a node that reads itself", { ...plain, node: [{ ...conv, input: ["output", "w"] }] }, /without cycles/],
  ["a value made twice", { ...plain, node: [conv, conv] }, /expected every value to be made once, got "output" twice/],
  [
    "a value that nothing makes",
    { ...plain, node: [{ ...conv, input: ["x", "w"] }] },
    /reads "x", which nothing makes/,
  ],
  ["a negative shape", { ...plain, initializer: [{ ...weight, dims: [4, -3, 1, 1] }] }, /tensor "w": expected a shape/],
  [
    "an enormous shape",
    { ...plain, initializer: [{ ...weight, dims: [2 ** 31, 2 ** 31, 9] }] },
    /tensor "w": expected a shape/,
  ],
  [
    "weights of no channels",
    { ...plain, initializer: [{ ...weight, dims: [0, 3, 1, 1] }] },
    /expected weights that are constants/,
  ],
  ["images of no channels", { ...plain, input: [tensorValue("image", 1, ["n", 0, 8, 8])] }, /got 0 channels/],
  [
    "images of a negative side",
    { ...plain, input: [tensorValue("image", 1, ["n", 3, -8, -8])] },
    /say the resolution|got -8/,
  ],
  [
    "images of an enormous side",
    { ...plain, input: [tensorValue("image", 1, ["n", 3, 1e9, 1e9])] },
    /at most 4096 pixels/,
  ],
  ["an image that is no square", { ...plain, input: [tensorValue("image", 1, ["n", 3, 8, 9])] }, /got 8x9/],
  [
    "external data outside the folder",
    {
      ...plain,
      initializer: [{ ...weight, dataLocation: 1, externalData: [{ key: "location", value: "../../etc/passwd" }] }],
    },
    /tensor "w": expected external data in the file's folder, got "..\/..\/etc\/passwd"; it is not read/,
  ],
  [
    "external data of an absolute path",
    {
      ...plain,
      initializer: [{ ...weight, dataLocation: 1, externalData: [{ key: "location", value: "/etc/passwd" }] }],
    },
    /expected external data in the file's folder, got "\/etc\/passwd"/,
  ],
  [
    "a stride of 0",
    { ...plain, node: [{ ...conv, attribute: [attributeOf("strides", [0, 0])] }] },
    /Conv "c": strides 0 and 0; layers here have 1 or 2/,
  ],
  [
    "enormous groups",
    { ...plain, node: [{ ...conv, attribute: [attributeOf("group", 2 ** 40)] }] },
    /Conv "c": 1099511627776 groups of/,
  ],
  [
    "a padding that no conv has",
    { ...plain, node: [{ ...conv, attribute: [attributeOf("pads", [-5, 9, 9, -5])] }] },
    /Conv "c": its padding; a conv here of 8x8 gives 8x8/,
  ],
  [
    "an operator of another domain",
    { ...plain, node: [{ ...conv, domain: "com.evil" }] },
    /Conv "c": no layer here does that/,
  ],
])("%s is told", (_, graph, message) => {
  expect(() => read(graph)).toThrow(message);
});

test("external data beside the file is not read, only its shape", () => {
  const external = {
    ...weight,
    rawData: new Uint8Array(),
    dataLocation: 1,
    externalData: [{ key: "location", value: "weights.bin" }],
  };
  expect(read({ ...plain, initializer: [external] }).structure).toHaveLength(1);
});

test("long chains and wide fans end", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => ({
    opType: "Add",
    input: [i === 0 ? "c" : `v${i - 1}`, i === 0 ? "c" : `v${i - 1}`],
    output: [i === 19_999 ? "output" : `v${i}`],
  }));
  const first = { ...conv, output: ["c"] };
  expect(() => read({ ...plain, node: [first, ...chain] })).toThrow(/got another in \d+ places:\n/);
  const nested = Array.from({ length: 40 }).reduce<Graph>(
    (graph) => ({ node: [{ opType: "If", attribute: [{ name: "then_branch", g: graph }] }] }),
    plain,
  );
  expect(() => read(nested)).toThrow("expected at most 32 messages in each other, got more");
});

/** QES_SLOW_TESTS=1 runs more of them. */
const numRuns = process.env["QES_SLOW_TESTS"] === "1" ? 20_000 : 400;

test("mutated files are read or refused, never more", () => {
  const network = describeNetwork("small", small.slice(0, 2), 6, 3);
  const files = onnxForms.map((form) => Buffer.from(onnxModel(network, randomWeights(network, 1), form)));
  const outcomes = { read: 0, refused: 0 };
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    byte: fc.nat(255),
    remove: fc.nat(3),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (file, changes, cut) => {
        let bytes = Buffer.from(file);
        for (const { at, byte, remove } of changes) {
          const place = Math.floor(at * bytes.length);
          if (remove === 0) bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + (byte % 16))]);
          else bytes[place] = byte;
        }
        if (cut) bytes = bytes.subarray(0, Math.floor(changes[0].at * bytes.length));
        try {
          importOnnx(bytes, { where: "x.onnx" });
          outcomes.read++;
        } catch (error) {
          expect(error).toMatchObject({ name: "UserError" });
          outcomes.refused++;
        }
      },
    ),
    { numRuns, seed: 11 },
  );
  expect(outcomes.read).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(numRuns / 4);
});

const operators = ["Add", "Conv", "Clip", "Gemm", "AveragePool", "Quant", "Pad", "Constant", "Mul", "Sigmoid"];

test.each([
  ["small", small],
  ["squeezed", squeezed],
])("graphs with other links are read or refused: %s", (name, structure) => {
  const network = describeNetwork(name, structure, 12, 10);
  const { graph, ...model } = readModel(onnxModel(network, randomWeights(network, 1), onnxForms[0]));
  const nodes = graph!.node!;
  const names = [...nodes.flatMap(({ output }) => output!), "image", ...graph!.initializer!.map(({ name }) => name!)];
  const swap = fc.record({
    node: fc.nat(nodes.length - 1),
    input: fc.nat(3),
    name: fc.constantFrom(...names),
    op: fc.option(fc.constantFrom(...operators)),
  });
  fc.assert(
    fc.property(fc.array(swap, { minLength: 1, maxLength: 3 }), (swaps) => {
      const changed = nodes.map((node, i): Node => {
        let { opType, input } = node;
        for (const { node: at, input: place, name, op } of swaps) {
          if (at !== i) continue;
          opType = op ?? opType;
          input = input!.map((old, j) => (j === place ? name : old));
        }
        return { ...node, opType: opType!, input: input! };
      });
      try {
        importOnnx(writeModel({ ...model, graph: { ...graph, node: changed } }), { where: "x.onnx" });
      } catch (error) {
        expect(error).toMatchObject({ name: "UserError" });
      }
    }),
    { numRuns: numRuns / 4, seed: 5 },
  );
});
