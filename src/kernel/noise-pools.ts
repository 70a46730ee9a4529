import { UserError } from "../base/user-error.ts";
import { Format, type Kernels, TENSOR_SLACK } from "./kernels.ts";
import { fillNormalPool, hash, POOL, seedHash } from "./noise.ts";
import { elements } from "./reference.ts";
import { quantised } from "./rounding.ts";

/** A slice longer than this is put together from pieces, so that no two tensors share most of the pool. */
const LONGEST_SLICE = POOL / 8;
const PIECE = 2 ** 14;
/** Slices start at multiples of 8 elements: 16 bytes of int16, 32 of float32. */
const ALIGNMENT = 8;
const BITS = 32;
/** The normal pool among the others: float32 of 0 bits. */
const NORMAL = Format.float32 * BITS;

/**
 * The noise of the forward score: one pool of standard normal values in the kernel's memory, and next to it the pool of
 * round(clamp(sigma * z)) for every format and bit-width of weights that occurred. Every tensor is a slice of a pool, so drawing it costs
 * nothing. Where the slice begins is a function of (seed, repeat, position, shape), so networks with an equal prefix see equal numbers.
 */
export class NoisePools {
  readonly #kernels: Kernels;
  readonly #seed: number;
  readonly #seedHash: number;
  readonly #sigma: number;
  /** Addresses by format * 32 + bits; 0: not yet filled. */
  readonly #pools = new Float64Array(2 * BITS);
  /** By the same index: the sum of squares of the first 8 i elements at i, of pools of which it was asked. */
  readonly #squares: Float64Array[] = [];
  /** First free address behind the pools. */
  end: number;

  /**
   * @param seed whole number below 2^53
   * @param sigma standard deviation of the weights before they are quantised
   * @param base first free address of the kernel's memory, a multiple of 64
   * @throws UserError where the kernels hold the noise of another
   */
  constructor(kernels: Kernels, seed: number, sigma: number, base: number) {
    if (taken.has(kernels)) {
      throw new UserError(
        "kernels: expected some that no other score has, since its noise is in their memory; make new ones",
      );
    }
    taken.add(kernels);
    this.#kernels = kernels;
    this.#seed = seed;
    this.#seedHash = seedHash(seed);
    this.#sigma = Math.fround(sigma);
    this.end = base;
  }

  /** Fills the pool of a format and bit-width where it is not yet, and the normal pool; the memory may grow and the pools reach further. */
  prepare(format: Format, bits: number): void {
    if (this.#pools[NORMAL] === 0) {
      const address = this.#allocate(Format.float32, 0);
      fillNormalPool(new Float32Array(this.#kernels.buffer, address, POOL), this.#seed);
    }
    if (this.#pools[format * BITS + bits] !== 0) return;
    const address = this.#allocate(format, bits);
    const normal = new Float32Array(this.#kernels.buffer, this.#pools[NORMAL], POOL);
    const pool = elements(this.#kernels.buffer, address, format);
    const limit = 2 ** (bits - 1);
    for (let i = 0; i < POOL; i++) pool[i] = quantised(normal[i], this.#sigma, limit);
  }

  #allocate(format: Format, bits: number): number {
    const address = this.end;
    this.end += POOL * (format === Format.int16 ? 2 : 4) + TENSOR_SLACK;
    this.#kernels.reserve(this.end);
    this.#pools[format * BITS + bits] = address;
    return address;
  }

  /** Bytes `slice` may write at its target. */
  targetBytes(format: Format, count: number): number {
    return count > LONGEST_SLICE ? count * (format === Format.int16 ? 2 : 4) + TENSOR_SLACK : 0;
  }

  /**
   * Address of a noise tensor of `count` elements: inside the pool, or at `target` where it is too long for that.
   * @param position index of the conv among the main-path convs, -1: the network's input
   * @param outer,inner shape, as far as it tells two tensors at one position apart
   */
  slice(
    target: number,
    format: Format,
    bits: number,
    repeat: number,
    position: number,
    outer: number,
    inner: number,
    count: number,
  ): number {
    const pool = this.#pools[format * BITS + bits];
    const size = format === Format.int16 ? 2 : 4;
    const key = this.#key(repeat, position, outer, inner);
    if (count <= LONGEST_SLICE) return pool + start(key, count) * size;
    const bytes = new Uint8Array(this.#kernels.buffer);
    for (let done = 0; done < count; done += PIECE) {
      const from = pool + start(hash(key, done), PIECE) * size;
      bytes.copyWithin(target + done * size, from, from + Math.min(PIECE, count - done) * size);
    }
    return target;
  }

  /** Mean square of the tensor that `slice` gives for the same arguments. Of whole numbers it is exact. */
  meanSquare(
    format: Format,
    bits: number,
    repeat: number,
    position: number,
    outer: number,
    inner: number,
    count: number,
  ): number {
    const key = this.#key(repeat, position, outer, inner);
    if (count <= LONGEST_SLICE) return this.#sumOfSquares(format, bits, start(key, count), count) / count;
    let sum = 0;
    for (let done = 0; done < count; done += PIECE) {
      sum += this.#sumOfSquares(format, bits, start(hash(key, done), PIECE), Math.min(PIECE, count - done));
    }
    return sum / count;
  }

  #key(repeat: number, position: number, outer: number, inner: number): number {
    return hash(hash(hash(hash(this.#seedHash, repeat), position), outer), inner);
  }

  /** Of `count` elements of a pool from one on that is a multiple of 8. */
  #sumOfSquares(format: Format, bits: number, from: number, count: number): number {
    const index = format * BITS + bits;
    const pool = elements(this.#kernels.buffer, this.#pools[index], format);
    this.#squares[index] ??= sumsOfSquares(pool);
    const first = from / ALIGNMENT;
    const whole = Math.floor(count / ALIGNMENT);
    let sum = this.#squares[index][first + whole] - this.#squares[index][first];
    for (let i = from + whole * ALIGNMENT; i < from + count; i++) sum += pool[i] * pool[i];
    return sum;
  }
}

function sumsOfSquares(pool: Int16Array | Float32Array): Float64Array {
  const sums = new Float64Array(POOL / ALIGNMENT + 1);
  for (let i = 0; i < POOL; i++) sums[Math.floor(i / ALIGNMENT) + 1] += pool[i] * pool[i];
  for (let i = 1; i < sums.length; i++) sums[i] += sums[i - 1];
  return sums;
}

/** Kernels whose memory holds noise. */
const taken = new WeakSet<Kernels>();

/** Element of the pool at which a slice begins. */
function start(key: number, count: number): number {
  const choices = Math.floor((POOL - count) / ALIGNMENT) + 1;
  return (key % choices) * ALIGNMENT;
}
