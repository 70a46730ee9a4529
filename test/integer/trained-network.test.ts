import { expect, test } from "vitest";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { type NetworkWeights, randomWeights } from "../../src/formats/weights.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { parseStructure } from "../../src/network/structure.ts";

const structure = parseStructure(
  [
    { class: "ConvKXBNRELU", in: 1, out: 2, k: 3, s: 2, nbitsA: 8, nbitsW: 4 },
    { class: "ConvKXBNRELU", in: 2, out: 2, k: 1, s: 1, nbitsA: 5, nbitsW: 3 },
  ],
  "two",
);
const description = describeNetwork("two", structure, 4, 2);
const weights = randomWeights(description, 1);
const withTensor = (name: string, ...values: number[]): NetworkWeights =>
  new Map([...weights, [name, { shape: weights.get(name)?.shape ?? [], values: Float32Array.from(values) }]]);
const refusal = (given: NetworkWeights, network = description) => {
  try {
    integerNetwork(network, given);
    return "taken";
  } catch (error) {
    return (error as Error).message;
  }
};

test("a squeeze-excite is told, whether the network has bits or none", () => {
  const block = { in: 1, out: 8, k: 3, s: 1, L: 1, btn: 8 };
  const full = describeNetwork("full", [{ class: "SuperResK1DWSEK1", ...block }], 4, 2);
  const bits = { nbitsA: [4, 4, 4], nbitsW: [4, 4, 4] };
  const quantised = describeNetwork("quantised", [{ class: "SuperQuantResK1DWSEK1", ...block, ...bits }], 4, 2);
  for (const network of [full, quantised]) {
    expect(refusal(randomWeights(network, 1), network)).toBe(
      "integer network: expected layers without a squeeze-excite, whose factors have no whole numbers, got one in block 0 layer 0; choose a family without, or hand the network over in floats (as pytorch, or as onnx in another form)",
    );
  }
});

test("weights are the integers of training, and constants stand for batch norm, whatever its sign", () => {
  const given = new Map(weights);
  const set = (name: string, ...values: number[]) => {
    given.set(name, { shape: weights.get(name)!.shape, values: Float32Array.from(values) });
  };
  set("L1.C0.weight", -0.5, 0.26, 0.25, -0.25);
  set("L1.C0.step_w", 0.1, 0.5);
  set("L1.C0.step", 0.5);
  set("fc.step", 0.25);
  set("L1.C0.gamma", -1, 2);
  set("L1.C0.var", 4, 0.25);
  set("L1.C0.mean", 1, -1);
  set("L1.C0.beta", 0.5, 0);
  const { shape, weights: whole, requantiser, bitsOut } = integerNetwork(description, given).layers[1].convs[0];
  // Halves go up: 0.25 / 0.5 to 1, -0.25 / 0.5 to 0; -5 and 2.6 are clamped to 3 bits or rounded.
  expect([...whole]).toEqual([-4, 3, 1, 0]);
  expect([shape.bitsA, shape.bitsW, bitsOut]).toEqual([5, 3, 8]);
  const gains = [-1 / Math.sqrt(4 + 1e-5), 2 / Math.sqrt(0.25 + 1e-5)];
  const { multiplier, bias, shift, biasShift } = requantiser;
  [0.1, 0.5].forEach((step, c) => {
    expect(multiplier[c] / 2 ** shift).toBeCloseTo((0.5 * step * gains[c]) / 0.25, 5);
    expect(bias[c] / 2 ** biasShift).toBeCloseTo(([0.5, 0][c] - [1, -1][c] * gains[c]) / 0.25, 5);
  });
  // One bit more would not fit 32 bits.
  expect(Math.max(...multiplier.map(Math.abs))).toBeGreaterThan(2 ** 29);
  expect(Math.max(...multiplier.map(Math.abs))).toBeLessThan(2 ** 31);
});

test("a channel that training left for dead takes no bits from the others, nor does one that a sum of 1 carries beyond its range", () => {
  const given = new Map(weights);
  const set = (name: string, ...values: number[]) => {
    given.set(name, { shape: weights.get(name)!.shape, values: Float32Array.from(values) });
  };
  // Of the first conv's channels the first is always 0: so is what the second conv's first channel reads.
  set("L0.C0.weight", ...new Array(9).fill(0), ...new Array(9).fill(0.1));
  set("L0.C0.var", 1e-45, 1);
  set("L0.C0.mean", 0, 0);
  set("L0.C0.beta", -0.1, 0.5);
  set("L0.C0.gamma", 1e6, 1);
  set("L1.C0.weight", 0.3, 0, 0, 0.3);
  set("L1.C0.step_w", 0.1, 0.1);
  set("L1.C0.var", 1e-45, 1);
  set("L1.C0.gamma", 1e6, 1);
  set("L1.C0.mean", 0, 0);
  const { layers } = integerNetwork(description, given);
  for (const [conv] of layers.map(({ convs }) => convs)) {
    expect(conv.requantiser.multiplier[0]).toBe(0);
    expect(conv.requantiser.multiplier[1]).toBeGreaterThan(2 ** 21);
  }
  set("L1.C0.weight", 0, 0.3, 0, 0.3);
  set("L1.C0.beta", 1, 1);
  set("fc.step", 0.5);
  const { multiplier, bias, shift, biasShift } = integerNetwork(description, given).layers[1].convs[0].requantiser;
  // 8 bits are stored, and the bias is 2 steps.
  expect(bias[0]).toBe(2 * 2 ** biasShift);
  expect(multiplier[0] / 2 ** shift).toBeCloseTo(255 + 2 + 2, 3);
});

test("weights of another network, of a failed training or of bits without an arithmetic are told", () => {
  const missing = new Map([...weights].filter(([name]) => name !== "L1.C0.gamma"));
  const wider = randomWeights(describeNetwork("three", structure, 4, 3), 1);
  const float = structure.map(({ nbitsA: _, nbitsW: __, ...block }) => block);
  const sixteen = structure.map((block) => ({ ...block, nbitsA: 16 }));
  const messages = [
    refusal(weights),
    refusal(missing),
    refusal(wider),
    refusal(withTensor("L0.C0.weight", ...new Array(18).fill(Number.NaN))),
    refusal(withTensor("L1.C0.step", -0.5)),
    refusal(withTensor("L0.C0.step_w", 0.1, 0)),
    refusal(withTensor("L0.C0.var", -1, 1)),
    refusal(withTensor("L0.C0.gamma", 1e12, 1)),
    refusal(withTensor("L0.C0.beta", 1e9, 1)),
    refusal(weights, describeNetwork("float", float, 4, 2)),
    refusal(weights, describeNetwork("sixteen", sixteen, 4, 2)),
  ];
  expect(messages).toMatchInlineSnapshot(`
    [
      "taken",
      "weights: L1.C0.gamma: expected a tensor of shape [2], got none; they are of another network",
      "weights: fc.weight: expected a tensor of shape [2, 2], got [3, 2]; they are of another network",
      "weights: L0.C0.weight: expected finite numbers, got others; train again at a lower rate",
      "weights: L1.C0.step: expected numbers above 0, got -0.5; train again",
      "weights: L0.C0.step_w: expected numbers above 0, got 0; train again",
      "weights: L0.C0: expected multipliers and biases that 32 bits hold, got NaN output steps; check the steps, or train again at a lower rate",
      "weights: L0.C0: expected multipliers and biases that 32 bits hold, got 26980575821.832516 output steps; check the steps, or train again at a lower rate",
      "taken",
      "integer network: expected 2 to 8 bits, got full precision in block 0 layer 0; choose a quantised family and bits of that range",
      "integer network: expected 2 to 8 bits, got 16 in block 0 layer 0; choose a quantised family and bits of that range",
    ]
  `);
});
