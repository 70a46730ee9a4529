import { greatestOf } from "../base/extremes.ts";
import { UserError } from "../base/user-error.ts";
import type { Requantiser } from "./integer-network.ts";

/** Multipliers and biases are below 2^31 in size: 32 bits with their sign. */
const MOST_MULTIPLIER = 2 ** 31 - 1;
const MOST_HELD = 2 ** 31 - 1;
const MOST_SHIFT = 40;
/** sh - f: 2^30 is an int32. */
const MOST_BIAS_UNIT = 30;
/** Below it every sum is exact in doubles; half of it leaves room for the rounding of the constants. */
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

/** The largest sizes that can occur, a channel. */
export interface Largest {
  readonly sums: readonly number[];
  readonly held?: readonly number[];
  readonly projected?: readonly number[];
  /** The largest value that is stored, 2^n - 1; absent where nothing is clamped. */
  readonly stored?: number;
}

export interface Constants extends Requantiser {
  /** Of the projection's sums. */
  readonly projected: Int32Array;
  /** The largest value that a channel can have. */
  readonly most: readonly number[];
}

/** Half up: the largest whole number that is at most half above. */
const rounded = (x: number) => Math.floor(x + 0.5);

const scaled = (values: readonly number[], shift: number) =>
  Int32Array.from(values, (value) => rounded(value * 2 ** shift));
const most = (values: readonly number[]) => Math.max(0, greatestOf(values.map(Math.abs)));

/**
 * The requantiser of the most precision: the greatest shift whose multipliers fit their bits and whose sums are exact in doubles, then the greatest shift of the biases.
 * @param where names the layer in a message
 * @throws UserError where the numbers are beyond what 32 bits hold, or none at all
 */
export function requantiser(real: RealRequantiser, largest: Largest, where: string): Constants {
  const { held = 0 } = real;
  const wrong = [...real.multiplier, ...real.bias, held, ...(real.projected ?? [])].find(
    (value) => !Number.isFinite(value),
  );
  if (wrong !== undefined) throw beyond(where, wrong);
  const { multiplier, projected, biases, size, highest } = limited(real, largest);
  const fits = (shift: number) =>
    rounded(most([...multiplier, ...projected]) * 2 ** shift) <= MOST_MULTIPLIER &&
    rounded(held * 2 ** shift) <= MOST_HELD &&
    rounded(most(biases) * 2 ** (shift - MOST_BIAS_UNIT)) <= MOST_MULTIPLIER &&
    (size + 1) * 2 ** shift < EXACT / 2;
  let shift = MOST_SHIFT;
  while (shift > 0 && !fits(shift)) shift--;
  if (shift === 0) throw beyond(where, most([...multiplier, ...biases, held, ...projected]));
  let biasShift = shift;
  while (biasShift >= 0 && rounded(most(biases) * 2 ** biasShift) > MOST_MULTIPLIER) biasShift--;
  if (biasShift < 0) throw beyond(where, most(biases));
  return {
    multiplier: scaled(multiplier, shift),
    bias: scaled(biases, biasShift),
    shift,
    biasShift,
    held: rounded(held * 2 ** shift),
    projected: scaled(projected, shift),
    most: highest.map((value) => Math.min(Math.max(0, Math.ceil(value)), largest.stored ?? Number.POSITIVE_INFINITY)),
  };
}

/**
 * Multipliers of channels that training left for dead are huge, and would take the bits of all others. One whose sum is always 0 becomes 0; of the others none
 * is larger than what carries a sum of 1 beyond the range that is stored, and no bias than what keeps the value there whatever the sum is.
 */
function limited({ multiplier, bias, held = 0, projected = [] }: RealRequantiser, largest: Largest) {
  const { sums, stored = Number.POSITIVE_INFINITY } = largest;
  const cut = (value: number, sum: number, limit: number) =>
    sum === 0 ? 0 : Math.sign(value) * Math.min(Math.abs(value), limit);
  const rows = multiplier.map((value, channel) => {
    const other = held * (largest.held?.[channel] ?? 0);
    const sum = largest.projected?.[channel] ?? 0;
    const beside = cut(projected[channel] ?? 0, sum, Number.POSITIVE_INFINITY);
    const rest = other + Math.abs(beside) * sum;
    const main = cut(value, sums[channel], stored + Math.abs(bias[channel]) + rest + 2);
    const product = Math.abs(main) * sums[channel] + rest;
    const own = Math.sign(bias[channel]) * Math.min(Math.abs(bias[channel]), stored + product + 2);
    return { main, beside, own, size: product + Math.abs(own), highest: product + own };
  });
  return {
    multiplier: rows.map(({ main }) => main),
    projected: projected.map((_, channel) => rows[channel].beside),
    biases: rows.map(({ own }) => own),
    /** Of everything in the brackets. */
    size: most(rows.map(({ size }) => size)),
    highest: rows.map(({ highest }) => highest),
  };
}

function beyond(where: string, value: number): UserError {
  return new UserError(
    `weights: ${where}: expected multipliers and biases that 32 bits hold, got ${value} output steps; check the steps, or train again at a lower rate`,
  );
}
