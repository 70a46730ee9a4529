import { UserError } from "../base/user-error.ts";
import type { ConvDescription } from "../formats/network-description.ts";
import type { RealRequantiser } from "./requantiser.ts";

/** Sums are int32. */
const MOST_SUM = 2 ** 31 - 1;
/** Of batch norm, as PyTorch has it by default. */
const EPSILON = 1e-5;

/** Learned numbers by name. */
export interface Tensors {
  readonly values: (name: string) => Float32Array;
  /** @throws UserError where one of them is not above 0 */
  readonly positive: (name: string) => Float32Array;
}

/** A conv and its batch norm in steps of its output. */
export interface Folded {
  readonly shape: ConvDescription;
  /** Shape (out, in of a group, kernel, kernel). */
  readonly weights: Int8Array;
  readonly real: RealRequantiser;
  /** Of an output channel, the largest size that its sum can have. */
  readonly sums: readonly number[];
}

/** What surrounds a conv. */
export interface Surroundings {
  readonly inStep: number;
  readonly outStep: number;
  /** Of an input channel, the largest value that it can have. */
  readonly most: readonly number[];
}

/** @throws UserError where a sum could leave int32 */
export function fold(where: string, shape: ConvDescription, tensors: Tensors, around: Surroundings): Folded {
  const { values, positive } = tensors;
  const { inStep, outStep, most } = around;
  const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "var"].map((kind) => values(`${where}.${kind}`));
  const steps = positive(`${where}.step_w`);
  const weights = wholeWeights(values(`${where}.weight`), steps, shape.bitsW);
  const gains = Array.from(gamma, (value, channel) => value / Math.sqrt(variance[channel] + EPSILON));
  return {
    shape,
    weights,
    real: {
      multiplier: gains.map((gain, channel) => (inStep * steps[channel] * gain) / outStep),
      bias: gains.map((gain, channel) => (beta[channel] - mean[channel] * gain) / outStep),
    },
    sums: largestSums(
      weights,
      steps.length,
      (channel, i) => most[shape.depthwise ? channel : Math.floor(i / shape.kernel ** 2)],
      where,
    ),
  };
}

/** Rounded as training rounds them, in its float32: floor(w / step + 0.5), clamped. One step for each row. */
export function wholeWeights(values: Float32Array, steps: Float32Array, bits: number): Int8Array {
  const length = values.length / steps.length;
  const [low, high] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return Int8Array.from(values, (value, i) => {
    const inSteps = Math.fround(value / steps[Math.floor(i / length)]);
    return Math.floor(Math.fround(Math.min(Math.max(inSteps, low), high) + 0.5));
  });
}

/**
 * The largest size of the sum of every row of weights.
 * @param most the largest value that a row's i-th weight meets
 * @throws UserError where one could leave int32
 */
export function largestSums(
  weights: Int8Array,
  rows: number,
  most: (row: number, i: number) => number,
  where: string,
): number[] {
  const length = weights.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += Math.abs(weights[row * length + i]) * most(row, i);
    if (sum <= MOST_SUM) return sum;
    throw new UserError(`${where}: expected sums below 2^31, got up to ${sum}; choose a narrower network`);
  });
}
