import { FULL_PRECISION_BITS } from "../network/bits.ts";

/** What follows the last layer of a network: no conv, and no bits. */
export const END_BITS = 0;

/** Bytes of one moment of a layer whose convs share their activation bits a, n being the next layer's: a * perA + n * perN + constant. */
export interface MemoryTerm {
  readonly perA: number;
  readonly perN: number;
  readonly constant: number;
}

/** Memory of an inner layer whose convs share their activation bits: the greatest of its moments. */
export interface MemoryForm {
  readonly terms: readonly MemoryTerm[];
  /** Where the network ends behind the layer and that is another matter than 8 bits behind it. */
  readonly end?: readonly MemoryTerm[];
  /** Bits at which a runtime stores activations of each number of bits, where it does not store every number. */
  readonly storedBits?: ArrayLike<number>;
}

/** @param a activation bits of the layer @param n of the next one, `END_BITS` behind the last */
export function memoryOf({ terms, end, storedBits }: MemoryForm, a: number, n: number): number {
  const ends = n === END_BITS;
  const behind = ends ? FULL_PRECISION_BITS : n;
  const storedA = storedBits === undefined ? a : storedBits[a];
  const storedN = storedBits === undefined ? behind : storedBits[behind];
  let most = 0;
  for (const { perA, perN, constant } of ends && end !== undefined ? end : terms) {
    most = Math.max(most, perA * storedA + perN * storedN + constant);
  }
  return most;
}
