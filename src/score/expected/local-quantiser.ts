import { exp, ln } from "../../base/gaussian.ts";
import { quantisedMoments } from "./quantised-moments.ts";

/*
 * What a quantiser keeps of the energy at a pixel whose variance differs from the mean of its map, and whose channels differ from each other: a table by
 * relative variance and spread, read by linear interpolation. The grid is part of what a score means.
 */

/** Relative variance: from 0 to MOST_VARIANCE in steps of 1 / VARIANCE_STEPS. */
export const MOST_VARIANCE = 4;
export const VARIANCE_STEPS = 128;
export const VARIANCES = MOST_VARIANCE * VARIANCE_STEPS + 1;
/** Variance of the channels' energies around their mean of 1: from 0 to 1 in steps of 1 / SPREAD_STEPS. */
export const SPREAD_STEPS = 16;
const SPREADS = SPREAD_STEPS + 1;
/** Where, behind the energies, a table has by spread what the quantiser leaves of the spread. */
export const SPREAD_LEFT = SPREADS * VARIANCES;
/** Numbers of a table. */
export const TABLE_LENGTH = SPREAD_LEFT + SPREADS;

/** Points at which the gamma distribution of the channels' energies is taken. */
const NODES = 64;
/** Energies further than so many standard deviations above the mean have no weight worth counting. */
const NODE_REACH = 12;
/** Standard deviations, relative to the mean's, by which the quantiser itself is tabulated. */
const STD_STEPS = 128;

/**
 * The table of a quantiser: E q_b(x)^2 of x ~ N(0, sigma^2 v c), c gamma-distributed with mean 1 and variance rho, at index rho * VARIANCES + v of the grids above.
 * Behind that by rho, at v = 1: the variance of E q_b(x)^2 between channels, relative to its squared mean, as a share of rho: clamping makes loud channels
 * quieter. For rho = 0 it is that of the least rho above.
 * @param sigma > 0
 * @param bits whole, >= 0; 0 is full precision, which keeps everything
 */
export function localQuantiserTable(sigma: number, bits: number): Float64Array {
  const table = new Float64Array(TABLE_LENGTH);
  const most = Math.sqrt(MOST_VARIANCE * energies(1).at(-1)!.energy);
  const stds = Float64Array.from({ length: Math.ceil(most * STD_STEPS) + 2 }, (_, i) =>
    i === 0 ? 0 : Math.sqrt(quantisedMoments((sigma * i) / STD_STEPS, bits).second),
  );
  for (let spread = 0; spread < SPREADS; spread++) {
    const nodes = energies(spread / SPREAD_STEPS);
    for (let i = 0; i < VARIANCES; i++) {
      let sum = 0;
      for (const { energy, weight } of nodes) {
        const std = between(stds, Math.sqrt((i / VARIANCE_STEPS) * energy) * STD_STEPS);
        sum += weight * std * std;
      }
      table[spread * VARIANCES + i] = sum;
    }
    const squares = nodes.reduce((sum, { energy, weight }) => {
      const std = between(stds, Math.sqrt(energy) * STD_STEPS);
      return sum + weight * std * std * std * std;
    }, 0);
    const mean = table[spread * VARIANCES + VARIANCE_STEPS];
    table[SPREAD_LEFT + spread] = ((squares / (mean * mean) - 1) * SPREAD_STEPS) / spread;
  }
  table[SPREAD_LEFT] = table[SPREAD_LEFT + 1];
  return table;
}

function between(values: Float64Array, at: number): number {
  const below = Math.floor(at);
  return values[below] + (at - below) * (values[below + 1] - values[below]);
}

/** Points and weights of a gamma distribution with mean 1 and a variance of at most 1; a single point where the variance is 0. */
function energies(variance: number): { readonly energy: number; readonly weight: number }[] {
  if (variance === 0) return [{ energy: 1, weight: 1 }];
  const shape = 1 / variance;
  const end = 1 + NODE_REACH * Math.sqrt(variance);
  // Midpoints in the square root of the energy, since the density may be steep at 0.
  const points = Array.from({ length: NODES }, (_, j) => end * ((j + 0.5) / NODES) * ((j + 0.5) / NODES));
  const logs = points.map((c) => (shape - 0.5) * ln(c) - shape * c);
  const greatest = logs.reduce((a, b) => Math.max(a, b));
  const raw = logs.map((x) => (greatest - x > 600 ? 0 : exp(x - greatest)));
  const total = raw.reduce((a, b) => a + b);
  const mean = raw.reduce((sum, w, j) => sum + w * points[j], 0) / total;
  return points.map((c, j) => ({ energy: c / mean, weight: raw[j] / total }));
}
