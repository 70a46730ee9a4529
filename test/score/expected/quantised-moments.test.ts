import { expect, test } from "vitest";
import { quantisedMoments } from "../../../src/score/expected/quantised-moments.ts";
import { quantisedStd } from "../../../src/score/quantised-gaussian.ts";
import { integratedMoments } from "../../naive/expected.ts";

test("the second moment is the square of the quantised standard deviation", () => {
  for (const sigma of [0.3, 1, 4, 5, 20]) {
    for (let bits = 1; bits <= 9; bits++) {
      expect(Math.sqrt(quantisedMoments(sigma, bits).second) / quantisedStd(sigma, bits) - 1).toBeCloseTo(0, 12);
    }
  }
});

test("both moments are those of the density, quantised and integrated", () => {
  for (const [sigma, bits] of [
    [5, 3],
    [4, 4],
    [1, 8],
    [4, 2],
    [2.5, 5],
  ] as const) {
    const truth = integratedMoments(sigma, bits);
    const { second, fourth } = quantisedMoments(sigma, bits);
    expect(second / truth.second - 1).toBeCloseTo(0, 3);
    expect(fourth / truth.fourth - 1).toBeCloseTo(0, 3);
  }
});

test("full precision keeps the moments of a Gaussian", () => {
  expect(quantisedMoments(2, 0)).toEqual({ second: 4, fourth: 48 });
});
