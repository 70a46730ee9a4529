import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { erf, exp, ln, upperTail } from "../../src/base/gaussian.ts";
import { quantisedStd } from "../../src/score/quantised-gaussian.ts";

/** 50-digit values; gaussian-table.py says how they were made. Number() rounds them to the nearest double. */
const table: Record<"ln" | "exp" | "erf" | "upperTail", [number, string][]> & {
  quantisedStd: [number, number, string][];
} = JSON.parse(readFileSync(new URL("../fixtures/gaussian-table.json", import.meta.url), "utf8"));

function worst(rows: readonly [number, string][], f: (x: number) => number, relative: boolean): number {
  return Math.max(
    ...rows.map(([x, digits]) => {
      const truth = Number(digits);
      const error = Math.abs(f(x) - truth);
      return relative && truth !== 0 ? error / Math.abs(truth) : error;
    }),
  );
}

describe("against 50-digit values", () => {
  test("ln is right to one unit in the last place", () => expect(worst(table.ln, ln, true)).toBeLessThan(2.3e-16));
  test("exp is right to 1e-15", () => expect(worst(table.exp, exp, true)).toBeLessThan(1e-15));
  test("erf is right to 1e-15", () => expect(worst(table.erf, erf, false)).toBeLessThan(1e-15));
  test("erf keeps its relative precision near 0", () =>
    expect(
      worst(
        table.erf.filter(([x]) => x < 0.5),
        erf,
        true,
      ),
    ).toBeLessThan(1e-15));
  test("erf is odd", () => {
    for (const [x] of table.erf) expect(erf(-x)).toBe(-erf(x));
    expect(erf(0)).toBe(0);
  });
  test("the upper tail is right to 1e-13 of its value, as far out as 36 sigma", () =>
    expect(worst(table.upperTail, upperTail, true)).toBeLessThan(1e-13));
  test("the standard deviation of a quantised Gaussian is right to 1e-15 of its value", () => {
    for (const [sigma, bits, digits] of table.quantisedStd) {
      const error = Math.abs(quantisedStd(sigma, bits) / Number(digits) - 1);
      expect(error, `sigma ${sigma}, ${bits} bits`).toBeLessThan(1e-15);
    }
  });
});

test("the quantised standard deviations that the spec gives come out", () => {
  expect(quantisedStd(5, 4)).toBeCloseTo(4.528190206368193, 14);
  expect(quantisedStd(4, 3)).toBeCloseTo(2.8903940182483057, 14);
  expect(quantisedStd(1, 8)).toBeCloseTo(1.0408329944621846, 14);
});

test("an enormous sigma saturates at the outermost level", () => {
  expect(quantisedStd(1e9, 4)).toBeCloseTo(8, 6);
});

test("ln of 0 is -Infinity and ln of a negative number is not a number", () => {
  expect(ln(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(ln(-1)).toBeNaN();
});
