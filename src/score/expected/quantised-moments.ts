import { upperTail } from "../../base/gaussian.ts";

/** Levels further out than so many standard deviations have no weight in a double. */
const REACH = 9;

/** Second and fourth moment of a quantised Gaussian. */
export interface QuantisedMoments {
  readonly second: number;
  readonly fourth: number;
}

/**
 * Moments of q_b(N(0, sigma^2)), q_b(x) = round(clamp(x, -2^(b-1), 2^(b-1))): 2 sum n^2 p_n and 2 sum n^4 p_n over the levels n >= 1, the whole
 * tail at the last. Source: spec section 3.
 * @param sigma > 0
 * @param bits whole, >= 1; 0 is full precision: the moments of the Gaussian itself
 */
export function quantisedMoments(sigma: number, bits: number): QuantisedMoments {
  if (bits === 0) return { second: sigma * sigma, fourth: 3 * sigma * sigma * sigma * sigma };
  const top = 2 ** (bits - 1);
  const last = Math.min(top, Math.ceil(REACH * sigma) + 1);
  let second = 0;
  let fourth = 0;
  let above = upperTail(0.5 / sigma);
  for (let n = 1; n <= last; n++) {
    const next = n === top ? 0 : upperTail((n + 0.5) / sigma);
    const share = n * n * (above - next);
    second += share;
    fourth += n * n * share;
    above = next;
  }
  return { second: 2 * second, fourth: 2 * fourth };
}
