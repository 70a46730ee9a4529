import fc from "fast-check";
import { expect, test } from "vitest";
import { operatorsOf } from "../../src/costs/operator-costs.ts";
import { checkedFigures } from "../../src/operators/operator-figures.ts";
import { checkedModel } from "../../src/operators/operator-model.ts";
import { randomModel } from "./random-operators.ts";

test("a conv takes what its parts take, at its weight bits", () => {
  const terms = { conv: 1000, input: 2, patch: 3, output: 5, added: 7, mac: 11, macByBits: 13 };
  const kinds = { image: { conv: 1 }, regular: terms, depthwise: { ...terms, patch: 0 } };
  const weightBits = [0, 1, 0.25, 0.875, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
  const operators = operatorsOf(checkedModel({ name: "m", perUnit: 1000, weightBits, kinds }, "m"));
  const conv = { depthwise: false, inChannels: 8, side: 5, outChannels: 16, kernel: 3, stride: 2, fused: true };
  // 9 output pixels, 9 * 8 inputs of a patch each.
  const base = 1000 + 2 * 8 * 25 + 3 * 72 * 9 + (5 + 7) * 16 * 9 + 11 * 72 * 16 * 9;
  for (const [bits, share] of [
    [8, 0],
    [4, 0],
    [3, 0.875],
    [2, 0.25],
    [5, 1],
  ]) {
    expect(operators.of(conv, bits)).toBeCloseTo((base + share * 13 * 72 * 16 * 9) / 1000, 8);
  }
  const depthwise = { ...conv, depthwise: true, outChannels: 8, fused: false };
  expect(operators.of(depthwise, 4)).toBeCloseTo((1000 + 2 * 8 * 25 + 5 * 8 * 9 + 11 * 72 * 9) / 1000, 8);
  expect(operators.of({ ...conv, inChannels: 3 }, 8)).toBeCloseTo(0.001, 8);
});

test("figures are multiples of 2^-30 at any bits, so that sums are exact", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 60 }),
      fc.nat(15),
      (seed, channels, side, bits) => {
        const operator = {
          depthwise: false,
          inChannels: channels,
          side,
          outChannels: 24,
          kernel: 3,
          stride: 1,
          fused: false,
        };
        const figure = operatorsOf(randomModel(seed)).of(operator, bits) * 2 ** 30;
        expect(figure).toBe(Math.round(figure));
      },
    ),
  );
});

const model = randomModel(1);

test.each([
  [
    { ...model, kinds: { ...model.kinds, regular: { mac: -1 } } },
    "m: kinds.regular.mac: expected a number from 0 to 1000000000, got -1",
  ],
  [{ ...model, kinds: { ...model.kinds, regular: { macs: 1 } } }, "m: kinds.regular: macs: unknown key"],
  [{ ...model, kinds: { image: {} } }, "m: kinds.regular: expected conv, input"],
  [{ ...model, perUnit: Number.NaN }, "m: perUnit: expected a number"],
  [{ ...model, weightBits: [1, 2] }, "m: weightBits: expected 16 shares"],
  [{ ...model, weightBits: model.weightBits.map((share, w) => (w === 3 ? 0.3 : share)) }, "expected eighths, got 0.3"],
  [{ ...model, weightBits: model.weightBits.map(() => 0.5) }, "expected 1 at 1 bit and 0 at 8, got 0.5 and 0.5"],
  [{ ...model, rows: [] }, "m: rows: unknown key"],
])("a model that is none is refused: %#", (value, message) => {
  expect(() => checkedFigures(value, "m")).toThrow(message);
});

test("no weight bits need to matter", () => {
  const flat = { ...model, weightBits: model.weightBits.map(() => 0) };
  const operator = { depthwise: false, inChannels: 8, side: 5, outChannels: 8, kernel: 1, stride: 1, fused: false };
  const operators = operatorsOf(checkedModel(flat, "m"));
  expect(operators.of(operator, 3)).toBe(operators.of(operator, 8));
});
