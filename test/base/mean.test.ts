import { expect, test } from "vitest";
import { mean, standardDeviation, standardError } from "../../src/base/mean.ts";

test("the standard error is what the mean of the sample varies by", () => {
  const values = Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9);
  expect(mean(values)).toBe(5);
  expect(standardDeviation(values)).toBeCloseTo(Math.sqrt(32 / 7), 14);
  expect(standardError(values)).toBeCloseTo(Math.sqrt(32 / 7 / 8), 14);
});

test("a single value has a mean and no spread", () => {
  const one = Float64Array.of(3);
  expect([mean(one), standardDeviation(one), standardError(one)]).toEqual([3, Number.NaN, Number.NaN]);
});
