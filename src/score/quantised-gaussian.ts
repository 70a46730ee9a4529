import { upperTail } from "../base/gaussian.ts";

/** Every scorer of a process asks for the same few, and each takes up to 40 sigma tails. */
const known = new Map<string, number>();

/**
 * Standard deviation of q_b(N(0, sigma^2)) with q_b(x) = round(clamp(x, -2^(b-1), 2^(b-1))), the LUT of the released code in closed form:
 * sqrt(2 sum_{n>=1} n^2 p_n), p_n the probability of level n, the whole tail at n = 2^(b-1). Source: spec section 3.
 * @param sigma > 0
 * @param bits whole, >= 1
 */
export function quantisedStd(sigma: number, bits: number): number {
  const top = 2 ** (bits - 1);
  // Levels beyond 40 sigma have probability 0 in doubles.
  const last = Math.min(top, Math.ceil(40 * sigma) + 1);
  // Where the clamp is beyond the last level, the bits do not matter.
  const key = `${sigma} ${top > last ? "unclamped" : top}`;
  const earlier = known.get(key);
  if (earlier !== undefined) return earlier;
  let sum = 0;
  let above = upperTail(0.5 / sigma);
  for (let n = 1; n <= last; n++) {
    const next = n === top ? 0 : upperTail((n + 0.5) / sigma);
    sum += n * n * (above - next);
    above = next;
  }
  const std = Math.sqrt(2 * sum);
  known.set(key, std);
  return std;
}
