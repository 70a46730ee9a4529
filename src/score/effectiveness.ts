import { exp, ln } from "../base/gaussian.ts";
import type { Network } from "../network/network.ts";
import type { ScoreDetail } from "./analytic.ts";
import type { ComputedScore } from "./computed.ts";

/** Logarithms of small whole numbers, filled on first use. */
const logarithms = new Float64Array(1 << 13).fill(Number.NaN);

/** Logarithm of a whole number above 0. */
export function lnOf(x: number): number {
  if (x >= logarithms.length) return ln(x);
  const known = logarithms[x];
  if (!Number.isNaN(known)) return known;
  logarithms[x] = ln(x);
  return logarithms[x];
}

/**
 * DeepMAD's effectiveness: the greatest over the stages of exp(ln depth - lw / depth), depth the main-path convs up to the stage's end and lw the sum over
 * them of ln(fan-in).
 */
export function effectivenessOf(network: Network): number {
  let depth = 0;
  let width = 0;
  let conv = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let stage = 0; stage < network.stages; stage++) {
    const end = network.layerEnd[network.stageEnd[stage] - 1];
    for (; conv < end; conv++) {
      if (network.projection[conv] === 1) continue;
      depth++;
      width += 2 * lnOf(network.kernel[conv]);
      if (network.depthwise[conv] === 0) width += lnOf(network.inChannels[conv]);
    }
    most = Math.max(most, lnOf(depth) - width / depth);
  }
  return exp(most);
}

/** It as a score, to be weighed below 0 beside others: the more depth on little width, the larger it is. */
export function effectivenessScore(): ComputedScore {
  const empty = new Float64Array(0);
  return {
    check: () => {},
    score: effectivenessOf,
    detail: (network): ScoreDetail => ({ score: effectivenessOf(network), stages: empty, blocks: empty }),
  };
}
