import { erf } from "../../src/base/gaussian.ts";
import type { Network } from "../../src/network/network.ts";

/*
 * The expected score without its short cuts: the whole map of variances instead of a profile, quantised moments by integrating the density, the channels'
 * energies by integrating theirs. Slow; Math.log and its kin are fine here.
 */

/** E q_b(x)^2 and E q_b(x)^4 of x ~ N(0, sigma^2), by the midpoint rule on the density. */
export function integratedMoments(sigma: number, bits: number): { second: number; fourth: number } {
  const key = `${sigma} ${bits}`;
  if (!known.has(key)) known.set(key, integrate(sigma, bits));
  return known.get(key)!;
}

const known = new Map<string, { second: number; fourth: number }>();

function integrate(sigma: number, bits: number): { second: number; fourth: number } {
  const top = 2 ** (bits - 1);
  const steps = 200_000;
  const reach = 9 * sigma;
  let second = 0;
  let fourth = 0;
  for (let i = 0; i < steps; i++) {
    const x = -reach + ((2 * reach) / steps) * (i + 0.5);
    const q = Math.round(Math.max(-top, Math.min(top, x)));
    const mass = (Math.exp((-x * x) / (2 * sigma * sigma)) / (sigma * Math.sqrt(2 * Math.PI))) * ((2 * reach) / steps);
    second += q * q * mass;
    fourth += q ** 4 * mass;
  }
  return { second, fourth };
}

/** E q_b(x)^2 by the levels' probabilities. */
function kept(sigma: number, bits: number): number {
  if (sigma === 0) return 0;
  const top = 2 ** (bits - 1);
  const below = (x: number) => 0.5 * (1 + erf(x / (sigma * Math.SQRT2)));
  let sum = 0;
  for (let n = 1; n <= top; n++) sum += n * n * ((n === top ? 1 : below(n + 0.5)) - below(n - 0.5));
  return 2 * sum;
}

/** Mean and relative variance of `kept` over gamma-distributed energies of mean 1. */
function keptOver(sigma: number, bits: number, variance: number): { mean: number; spread: number } {
  if (variance < 1e-9) return { mean: kept(sigma, bits), spread: 0 };
  const shape = 1 / variance;
  const points = 80;
  const end = 1 + 12 * Math.sqrt(variance);
  let total = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < points; i++) {
    const c = ((i + 0.5) / points) * end;
    const density = Math.exp((shape - 1) * Math.log(c) - shape * c + shape);
    const value = kept(sigma * Math.sqrt(c), bits);
    total += density;
    sum += density * value;
    squares += density * value ** 2;
  }
  const mean = sum / total;
  return { mean, spread: squares / total / mean ** 2 - 1 };
}

/** Below 0 as far as above 0 by as much, which is right for small variances. */
function keptAround(sigma: number, bits: number, variance: number): number {
  if (variance >= 0) return keptOver(sigma, bits, variance).mean;
  const none = kept(sigma, bits);
  return none + (variance / 0.0625) * (keptOver(sigma, bits, 0.0625).mean - none);
}

/** ln of the growth of the standard deviation of every inner layer. */
export function naiveExpectedBlocks(network: Network, sigmaA: number, sigmaW: number): number[] {
  let side = network.resolution;
  let map = Array.from({ length: side }, () => new Array<number>(side).fill(1));
  // Relative variances of the energy: between pixels, between channels, of everything together.
  let [pixels, channels, all] = [0, 0, 0];
  let conv = 0;
  return Array.from({ length: network.layers }, (_, layer) => {
    let value = 0;
    for (; conv < network.layerEnd[layer]; conv++) {
      if (network.projection[conv] === 1) continue;
      const a = network.bitsA[conv];
      const w = network.bitsW[conv];
      const k = network.kernel[conv];
      const s = network.stride[conv];
      const depthwise = network.depthwise[conv] === 1;
      const perGroup = depthwise ? 1 : network.inChannels[conv];
      const memory = new Map<number, number>();
      const local = (v: number) => {
        if (a === 0) return v;
        if (!memory.has(v)) memory.set(v, keptAround(sigmaA * Math.sqrt(v), a, all));
        return memory.get(v)!;
      };
      const input = map.map((row) => row.map(local));
      const weights = w === 0 ? { second: 1, fourth: 3 } : integratedMoments(sigmaW, w);
      const values = a === 0 ? { second: 1, fourth: 3 } : integratedMoments(sigmaA, a);
      const out = Math.ceil(side / s);
      const half = (k - 1) / 2;
      const energy = (y: number, x: number) => {
        let sum = 0;
        for (let i = y * s - half; i <= y * s + half; i++)
          for (let j = x * s - half; j <= x * s + half; j++) sum += input[i]?.[j] ?? 0;
        return sum * perGroup * weights.second;
      };
      map = Array.from({ length: out }, (_, y) => Array.from({ length: out }, (_, x) => energy(y, x)));
      const mean = map.flat().reduce((x, y) => x + y) / (out * out);
      map = map.map((row) => row.map((v) => v / mean));
      const kw = weights.fourth / weights.second ** 2;
      const ka = values.fourth / values.second ** 2;
      if (a > 0) {
        const from = Math.max(all, 0.0625);
        const left = keptOver(sigmaA, a, from).spread / from;
        pixels *= left;
        channels *= left;
      }
      // Kurtosis of a sum of F products is 3 + (KwKa - 3) / F; a third of it is 1 + the spread.
      const fanIn = perGroup * k ** 2;
      const ofSum = (kurtosis: number) => (3 + (kw * kurtosis - 3) / fanIn) / 3;
      const own = ((kw - 1) * (1 + channels)) / fanIn;
      value += 0.5 * Math.log(mean) - (a === 0 ? 0 : Math.log(sigmaA)) - own / network.outChannels[conv] / 4;
      if (depthwise) {
        all = (1 + channels) * ofSum(ka * (1 + pixels)) - 1;
        pixels /= k ** 2;
        channels = (1 + channels) * (1 + (kw - 1) / fanIn) - 1;
      } else {
        const shared = pixels / k ** 2;
        all = (1 + shared) * ofSum(ka * (1 + channels)) - 1;
        pixels = shared + (ka * (1 + channels) - 1) / fanIn;
        channels = own;
      }
      side = out;
    }
    return value;
  });
}
