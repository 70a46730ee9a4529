import { describe, expect, test } from "vitest";
import { upperTail } from "../../src/base/gaussian.ts";
import { Format } from "../../src/kernel/kernels.ts";
import { fillNormalPool, POOL, sharedNoise, takeNoise } from "../../src/kernel/noise.ts";
import { NoisePools } from "../../src/kernel/noise-pools.ts";
import { ReferenceKernels } from "../../src/kernel/reference.ts";
import { quantised } from "../../src/kernel/rounding.ts";
import { quantisedStd } from "../../src/score/quantised-gaussian.ts";

const pool = new Float32Array(POOL);
fillNormalPool(pool, 7);

/** Mean of a function of the pool's values. */
function mean(f: (z: number, i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < POOL; i++) sum += f(pool[i], i);
  return sum / POOL;
}

describe("the normal pool", () => {
  test("has the moments of N(0, 1)", () => {
    expect(mean((z) => z)).toBeCloseTo(0, 12);
    expect(mean((z) => z * z)).toBeCloseTo(1, 5);
    expect(mean((z) => z ** 4)).toBeCloseTo(3, 3);
  });

  test("has its distribution", () => {
    const sorted = pool.slice().sort();
    for (const p of [1e-5, 1e-3, 0.02, 0.3, 0.5, 0.9, 0.9999]) {
      const z = sorted[Math.floor(p * POOL)];
      expect(1 - upperTail(z)).toBeCloseTo(p, 6);
    }
  });

  test("is not correlated at short and at layer-like distances, nor are its squares", () => {
    const bound = 5 / Math.sqrt(POOL);
    for (const lag of [1, 2, 3, 8, 16, 25, 64, 200, 256, 1024, 4096]) {
      const at = (i: number) => pool[(i + lag) % POOL];
      expect(Math.abs(mean((z, i) => z * at(i)))).toBeLessThan(bound);
      expect(Math.abs(mean((z, i) => (z * z - 1) * (at(i) ** 2 - 1)) / 2)).toBeLessThan(bound);
    }
  });

  test("has the same bits from memory that threads share, which is of one seed", () => {
    const shared = sharedNoise(7);
    expect(Buffer.compare(Buffer.from(shared.pool.buffer), Buffer.from(pool.buffer))).toBe(0);
    const marked = { seed: 9, pool: new Float32Array(new SharedArrayBuffer(4 * POOL)).fill(3) };
    takeNoise(marked);
    const taken = new Float32Array(POOL);
    fillNormalPool(taken, 9);
    expect(taken.every((z) => z === 3)).toBe(true);
    fillNormalPool(taken, 7);
    expect(Buffer.compare(Buffer.from(taken.buffer), Buffer.from(pool.buffer))).toBe(0);
    // What this thread was given goes back to the truth.
    sharedNoise(7);
  });

  test("is a function of its seed", () => {
    const again = new Float32Array(POOL);
    fillNormalPool(again, 7);
    expect(Buffer.compare(Buffer.from(again.buffer), Buffer.from(pool.buffer))).toBe(0);
    fillNormalPool(again, 8);
    let equal = 0;
    for (let i = 0; i < POOL; i++) if (again[i] === pool[i]) equal++;
    expect(equal).toBeLessThan(100);
  });
});

describe("noise tensors", () => {
  const kernels = new ReferenceKernels();
  const pools = new NoisePools(kernels, 7, 4, 64);
  for (let bits = 1; bits <= 8; bits++) pools.prepare(Format.int16, bits);
  const target = pools.end;
  kernels.reserve(target + 4 * POOL);
  const tensor = (bits: number, repeat: number, position: number, count: number) =>
    new Int16Array(kernels.buffer, pools.slice(target, Format.int16, bits, repeat, position, 16, 8, count), count);

  test("have the standard deviation of a quantised Gaussian", () => {
    for (let bits = 1; bits <= 8; bits++) {
      const values = tensor(bits, 0, 0, 200000);
      let squares = 0;
      for (const value of values) squares += value * value;
      expect(Math.sqrt(squares / values.length) / quantisedStd(4, bits)).toBeCloseTo(1, 2);
    }
  });

  test("are a function of repeat, position and shape", () => {
    const first = [...tensor(5, 0, 3, 1000)];
    expect([...tensor(5, 0, 3, 1000)]).toEqual(first);
    expect([...tensor(5, 1, 3, 1000)]).not.toEqual(first);
    expect([...tensor(5, 0, 4, 1000)]).not.toEqual(first);
    const other = new NoisePools(new ReferenceKernels(), 7, 4, 4096);
    other.prepare(Format.int16, 8);
    other.prepare(Format.int16, 5);
    expect(other.end).toBeGreaterThan(0);
  });

  test("have the mean square that is told of them, short, odd and put together from pieces", () => {
    for (const [bits, count] of [
      [5, 1000],
      [1, 3],
      [8, 13],
      [4, POOL / 8 + 5],
      [6, POOL],
    ] as const) {
      const values = tensor(bits, 2, 5, count);
      let squares = 0;
      for (const value of values) squares += value * value;
      expect(pools.meanSquare(Format.int16, bits, 2, 5, 16, 8, count)).toBe(squares / count);
    }
  });

  test("that are longer than a slice do not repeat", () => {
    const values = tensor(8, 0, 0, POOL);
    let equal = 0;
    for (let i = 0; i < POOL / 2; i++) if (values[i] === values[i + POOL / 2]) equal++;
    // Two independent tensors agree where their levels do: with sigma 4, once in 2 sqrt(pi) 4 = 14.
    expect(equal / (POOL / 2)).toBeLessThan(0.09);
  });
});

test("the quantiser rounds half to even and keeps both ends", () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 3.4999, 99, -99].map((x) => quantised(x, 1, 4) + 0)).toEqual([
    0, 2, 2, 0, -2, 3, 4, -4,
  ]);
  expect(quantised(1, Math.fround(128.6), 128)).toBe(128);
  expect(quantised(-1, Math.fround(1e30), 128)).toBe(-128);
  expect(quantised(Math.fround(0.3), 1, 0)).toBe(Math.fround(0.3));
});
