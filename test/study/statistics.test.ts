import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import {
  kendallTau,
  percentiles,
  pooledDeviation,
  resamplesOf,
  studentQuantile,
  tausOf,
  welch,
} from "../../study/statistics.ts";

interface Pair {
  readonly x: number[];
  readonly y: number[];
}

/** Of scipy 1.10.1: kendalltau, ttest_ind(equal_var=False) and t.ppf. */
const scipy = JSON.parse(readFileSync(join(packageRoot, "test/fixtures/scipy-statistics.json"), "utf8")) as {
  tau: (Pair & { tau: number })[];
  welch: (Pair & { value: number; low: number; high: number })[];
  t: [p: number, freedom: number, quantile: number][];
};

test("tau-b is scipy's, ties among the values or not", () => {
  expect(scipy.tau.length).toBe(8);
  for (const { x, y, tau } of scipy.tau) expect(kendallTau(x, y)).toBeCloseTo(tau, 12);
});

test("Welch's interval and Student's quantiles are scipy's", () => {
  for (const { x, y, value, low, high } of scipy.welch) {
    const found = welch(x, y);
    expect(found.value).toBeCloseTo(value, 10);
    expect(found.low).toBeCloseTo(low, 7);
    expect(found.high).toBeCloseTo(high, 7);
  }
  for (const [p, freedom, quantile] of scipy.t) {
    expect(Math.abs(studentQuantile(p, freedom) / quantile - 1)).toBeLessThan(1e-8);
  }
});

test("tau of a resample is tau of the values drawn, those drawn twice twice", () => {
  const value = fc.integer({ min: 0, max: 9 });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 12 }), (pairs) => {
      const [x, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
      for (const resample of resamplesOf(pairs.length, 5)) {
        const drawn = resample.at.flatMap((i, place) => new Array<number>(resample.times[place]).fill(i));
        expect(drawn.length).toBe(pairs.length);
        const expected = kendallTau(
          drawn.map((i) => x[i]),
          drawn.map((i) => y[i]),
        );
        expect(tausOf(x, y, [resample])[0]).toBe(expected);
      }
    }),
    { numRuns: 50 },
  );
});

test("a bootstrap interval has the true tau in it about as often as it says", () => {
  // Of two independent normals tau is 0; of y = x + e with equal variances it is 2 / pi * asin(sqrt(0.5)) = 0.5.
  let state = 1;
  const uniform = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const resamples = resamplesOf(24, 400);
  const covered = [0, 1].map((slope) => {
    let inside = 0;
    for (let study = 0; study < 150; study++) {
      const x = Array.from({ length: 24 }, normal);
      const y = x.map((value) => slope * value + normal());
      const { low, high } = percentiles(tausOf(x, y, resamples));
      if (low <= slope / 2 && slope / 2 <= high) inside++;
    }
    return inside / 150;
  });
  for (const share of covered) expect(share).toBeGreaterThan(0.88);
});

test("noise is pooled within groups, groups of one value say nothing", () => {
  // Sums of squares 2 and 8 with 2 and 1 degrees of freedom.
  expect(pooledDeviation([[1, 2, 3], [10, 14], [99]])).toBeCloseTo(Math.sqrt(10 / 3), 12);
  expect(pooledDeviation([[1], [5]])).toBeNaN();
});
