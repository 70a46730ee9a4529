import { Random } from "./random.ts";

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Kendall's tau-b: concordant less discordant pairs, by the geometric mean of the pairs that are not tied in either; NaN where all are tied. */
export function kendallTau(x: readonly number[], y: readonly number[]): number {
  return tausOf(x, y, [{ at: x.map((_, i) => i), times: x.map(() => 1) }])[0];
}

const RESAMPLES = 10_000;

/** Some of the values, each so many times. */
export interface Resample {
  readonly at: readonly number[];
  readonly times: readonly number[];
}

/** The same resamples, with replacement, whatever is computed of them. */
export function resamplesOf(count: number, resamples = RESAMPLES): Resample[] {
  const random = new Random(1000 + count);
  return Array.from({ length: resamples }, () => {
    const times = new Array<number>(count).fill(0);
    for (let i = 0; i < count; i++) times[random.below(count)]++;
    const at = times.flatMap((n, i) => (n > 0 ? [i] : []));
    return { at, times: at.map((i) => times[i]) };
  });
}

/** Tau of a predictor in every resample of the networks. */
export function tausOf(x: readonly number[], y: readonly number[], resamples: readonly Resample[]): number[] {
  const [signsX, signsY] = [signsOf(x), signsOf(y)];
  const n = x.length;
  return resamples.map(({ at, times }) => {
    let [sum, inX, inY] = [0, 0, 0];
    for (let i = 0; i < at.length; i++) {
      const row = at[i] * n;
      for (let j = 0; j < i; j++) {
        const byX = signsX[row + at[j]];
        const byY = signsY[row + at[j]];
        const pairs = times[i] * times[j];
        sum += pairs * byX * byY;
        inX += pairs * byX * byX;
        inY += pairs * byY * byY;
      }
    }
    return sum / Math.sqrt(inX * inY);
  });
}

/** Of every pair's difference, row by row. */
const signsOf = (x: readonly number[]) => Int8Array.from(x.flatMap((a) => x.map((b) => Math.sign(a - b))));

/** The percentiles that leave (1 - level) / 2 outside at both ends; draws that are no number do not count. */
export function percentiles(draws: readonly number[], level = 0.95): { low: number; high: number } {
  const sorted = Float64Array.from(draws.filter((draw) => !Number.isNaN(draw))).sort();
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const next = sorted[Math.min(below + 1, sorted.length - 1)];
    return sorted[below] + (place - below) * (next - sorted[below]);
  };
  return { low: at((1 - level) / 2), high: at((1 + level) / 2) };
}

export const meanOf = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

const squaresOf = (values: readonly number[]) => {
  const mean = meanOf(values);
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
};

/** Standard deviation within groups, pooled over those of several values; NaN where there is none. */
export function pooledDeviation(groups: readonly (readonly number[])[]): number {
  const several = groups.filter(({ length }) => length > 1);
  const freedom = several.reduce((sum, { length }) => sum + length - 1, 0);
  return Math.sqrt(several.reduce((sum, group) => sum + squaresOf(group), 0) / freedom);
}

/** Mean of x less mean of y with Welch's interval; each of two values or more. */
export function welch(x: readonly number[], y: readonly number[], level = 0.95): Interval {
  const [a, b] = [x, y].map((values) => squaresOf(values) / (values.length - 1) / values.length);
  const freedom = (a + b) ** 2 / (a ** 2 / (x.length - 1) + b ** 2 / (y.length - 1));
  const value = meanOf(x) - meanOf(y);
  const half = studentQuantile((1 + level) / 2, freedom) * Math.sqrt(a + b);
  return { value, low: value - half, high: value + half };
}

/** The t below which the share p > 0.5 of Student's distribution lies, by halving; freedom above 0. */
export function studentQuantile(p: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (studentShare(high, freedom) < p) high *= 2;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (studentShare(middle, freedom) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Share of Student's distribution below t >= 0. With t = sqrt(freedom) tan(u) the density is cos(u)^(freedom - 1), integrated by Simpson's rule. */
function studentShare(t: number, freedom: number): number {
  const part = integral(Math.atan(t / Math.sqrt(freedom)), freedom);
  return 0.5 + (0.5 * part) / integral(Math.PI / 2, freedom);
}

/** From 0 to `end` of cos(u)^(freedom - 1); with u = end - v^2 below a freedom of 1 too what is infinite at the end stays out of the sum. */
function integral(end: number, freedom: number): number {
  const steps = 1000;
  const most = Math.sqrt(end);
  const f = (v: number) => (v === 0 && freedom < 2 ? 0 : 2 * v * Math.cos(end - v * v) ** (freedom - 1));
  let sum = f(0) + f(most);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * f((i * most) / steps);
  return (sum * most) / steps / 3;
}
