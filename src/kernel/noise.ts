import { exp, upperTail } from "../base/gaussian.ts";

/** Number of standard normal values in the pool. */
export const POOL = 2 ** 21;
/** Mixes the bits of a 32-bit number, a bijection (the constants are Chris Wellons' lowbias32). */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Adds a whole number to a 32-bit hash. */
export function hash(state: number, part: number): number {
  return mix((state ^ part) + 0x9e3779b9);
}

/** Hash of a noise seed, a whole number below 2^53. */
export function seedHash(seed: number): number {
  return hash(hash(0, seed >>> 0), Math.floor(seed / 2 ** 32) >>> 0);
}

/**
 * Fills the pool: POOL equiprobable quantiles of N(0, 1), each once, in an order that is a counter-based bijection of the seed.
 * So mean and variance of the whole pool are those of the distribution, and of a slice those of a sample without replacement.
 * Computed in plain double arithmetic: the same bits on every machine.
 */
export function fillNormalPool(pool: Float32Array, seed: number): void {
  if (given?.seed === seed) {
    pool.set(given.pool);
    return;
  }
  knownQuantiles ??= upperQuantiles(POOL / 2);
  const half = knownQuantiles;
  const mask = POOL - 1;
  const keys = [0, 1, 2, 3].map((round) => hash(seedHash(seed), round));
  for (let i = 0; i < POOL; i++) {
    let x = i;
    for (let round = 0; round < 4; round++) {
      x = Math.imul(x + keys[round], 0x2c1b3c6d) & mask;
      x ^= x >>> 11;
      x = Math.imul(x, 0x297a2d39) & mask;
      x ^= x >>> 9;
    }
    pool[i] = x & 1 ? half[x >>> 1] : -half[x >>> 1];
  }
}

/** A pool in memory that the threads of a process share: filling it takes as long as starting a thread. */
export interface SharedNoise {
  readonly seed: number;
  readonly pool: Float32Array<SharedArrayBuffer>;
}

/** What this thread was given. */
let given: SharedNoise | undefined;

/** Fills a pool to be handed to threads. */
export function sharedNoise(seed: number): SharedNoise {
  if (given?.seed !== seed) {
    const pool = new Float32Array(new SharedArrayBuffer(4 * POOL));
    fillNormalPool(pool, seed);
    given = { seed, pool };
  }
  return given;
}

/** Has this thread take a pool instead of filling its own. */
export function takeNoise(noise: SharedNoise): void {
  given = noise;
}

/** Of POOL / 2: the same for every seed. */
let knownQuantiles: Float32Array | undefined;

/** z of upper tail probability (i + 1/2) / (2 count), i < count, falling: cubic interpolation between nodes at known tails. */
function upperQuantiles(count: number): Float32Array {
  const step = 1 / 512;
  const quantiles = new Float32Array(count);
  const density = (z: number): number => exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  let z0 = 0;
  let p0 = 0.5;
  let d0 = -1 / density(0);
  let z1 = 0;
  let p1 = 0.5;
  let d1 = d0;
  for (let i = count - 1; i >= 0; i--) {
    const p = (i + 0.5) / (2 * count);
    while (p < p1) {
      z0 = z1;
      p0 = p1;
      d0 = d1;
      z1 += step;
      p1 = upperTail(z1);
      d1 = -1 / density(z1);
    }
    const h = p1 - p0;
    const t = (p - p0) / h;
    const u = 1 - t;
    quantiles[i] = u * u * ((1 + 2 * t) * z0 + t * h * d0) + t * t * ((3 - 2 * t) * z1 - u * h * d1);
  }
  return quantiles;
}
