import { UserError } from "../base/user-error.ts";
import type { Requantiser } from "./integer-network.ts";

/** Multipliers and biases are below 2^23 in size: 24 bits with their sign. */
const MOST_MULTIPLIER = 2 ** 23 - 1;
const MOST_HELD = 2 ** 31 - 1;
const MOST_SHIFT = 40;
/** Below it every sum is exact in doubles, and far from the limit of int64. */
const EXACT = 2 ** 53;

/** A requantiser in real numbers; all in units of an output step. */
export interface RealRequantiser {
  /** What one unit of the sum is worth, a channel. */
  readonly multiplier: readonly number[];
  readonly bias: readonly number[];
  /** What one unit of the held tensor is worth. */
  readonly held?: number;
  /** What one unit of the projection's sum is worth, a channel. */
  readonly projected?: readonly number[];
}

/** The largest sizes that can occur, of sums a channel. */
export interface Largest {
  readonly sums: readonly number[];
  readonly held?: number;
  readonly projected?: readonly number[];
}

/** Half up: the largest whole number that is at most half above. */
export const rounded = (x: number) => Math.floor(x + 0.5);

const scaled = (values: readonly number[], shift: number) =>
  Int32Array.from(values, (value) => rounded(value * 2 ** shift));
const most = (values: readonly number[]) => values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);

/**
 * The requantiser of the most precision: the greatest shift whose multipliers fit their bits and whose sums are exact in doubles, then the greatest shift of the biases.
 * @param where names the layer in a message
 * @throws UserError where the numbers are beyond what 24 bits hold, or none at all
 */
export function requantiser(
  real: RealRequantiser,
  largest: Largest,
  where: string,
): Requantiser & { readonly projected: Int32Array } {
  const { multiplier, bias, held = 0, projected = [] } = real;
  const wrong = [...multiplier, ...bias, held, ...projected].find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw beyond(where, wrong);
  const fits = (shift: number) =>
    rounded(most([...multiplier, ...projected]) * 2 ** shift) <= MOST_MULTIPLIER &&
    rounded(held * 2 ** shift) <= MOST_HELD &&
    largestTotal(real, largest) * 2 ** shift < EXACT / 2;
  let shift = MOST_SHIFT;
  while (shift > 0 && !fits(shift)) shift--;
  if (shift === 0) throw beyond(where, most([...multiplier, ...bias, held, ...projected]));
  let biasShift = shift;
  while (biasShift >= 0 && rounded(most(bias) * 2 ** biasShift) > MOST_MULTIPLIER) biasShift--;
  if (biasShift < 0) throw beyond(where, most(bias));
  return {
    multiplier: scaled(multiplier, shift),
    bias: scaled(bias, biasShift),
    shift,
    biasShift,
    held: rounded(held * 2 ** shift),
    projected: scaled(projected, shift),
  };
}

/** The largest size of an output before it is clamped, and of any part of the sum. */
function largestTotal({ multiplier, bias, held = 0, projected = [] }: RealRequantiser, largest: Largest): number {
  const totals = multiplier.map(
    (value, channel) =>
      Math.abs(value) * largest.sums[channel] +
      Math.abs(bias[channel]) +
      held * (largest.held ?? 0) +
      Math.abs(projected[channel] ?? 0) * (largest.projected?.[channel] ?? 0),
  );
  // Rounding a multiplier changes a sum by half of its largest size.
  return most(totals) + 1;
}

function beyond(where: string, value: number): UserError {
  return new UserError(
    `weights: ${where}: expected multipliers and biases that 24 bits hold, got ${value} output steps; check the steps, or train again at a lower rate`,
  );
}
