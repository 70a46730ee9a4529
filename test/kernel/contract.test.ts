import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Float32Kernels } from "../../src/kernel/float32.ts";
import {
  arithmeticOf,
  bytesOf,
  ConvSizes,
  convolve,
  Format,
  fanInOf,
  isPointwise,
  type Kernels,
  roundUp,
  TENSOR_SLACK,
  weightCount,
  weightIndex,
} from "../../src/kernel/kernels.ts";
import { elements, ReferenceKernels } from "../../src/kernel/reference.ts";
import { hasRelaxedSimd, SimdKernels } from "../../src/kernel/simd.ts";

const makers: [string, () => Kernels][] = [
  ["reference", () => new ReferenceKernels()],
  ["float32", () => new Float32Kernels()],
  ["simd", () => new SimdKernels()],
];
if (hasRelaxedSimd()) makers.push(["simd-relaxed", () => new SimdKernels("simd-relaxed")]);

/** A generator of test data: values do not matter, only that they are the same every time. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Case {
  batch: number;
  resolution: number;
  inChannels: number;
  outChannels: number;
  kernel: number;
  stride: number;
  depthwise: boolean;
  bitsA: number;
  bitsW: number;
  dense: boolean;
  inFormat: Format;
  wide: boolean;
  seed: number;
}

function sizesOf(c: Case): ConvSizes {
  const sizes = new ConvSizes();
  sizes.batch = c.batch;
  sizes.inResolution = c.resolution;
  sizes.outResolution = Math.ceil(c.resolution / c.stride);
  sizes.inChannels = c.inChannels;
  sizes.outChannels = c.depthwise ? c.inChannels : c.outChannels;
  sizes.inStride = c.dense && !c.depthwise ? c.inChannels : roundUp(c.inChannels, 8);
  sizes.outStride = roundUp(sizes.outChannels, 8);
  sizes.kernel = c.kernel;
  sizes.stride = c.stride;
  sizes.depthwise = c.depthwise;
  sizes.inFormat = c.inFormat;
  sizes.arithmetic = arithmeticOf(fanInOf(sizes), c.depthwise, c.bitsA, c.bitsW);
  sizes.outFormat = sizes.arithmetic === Format.int16 && (c.depthwise || !c.wide) ? Format.int16 : Format.float32;
  sizes.limit = c.bitsA === 0 ? 0 : 2 ** (c.bitsA - 1);
  sizes.scale = Math.fround(c.inFormat === Format.int16 ? 0.0173 : 2.7);
  return sizes;
}

interface Result {
  y: Int16Array | Float32Array;
  sum: number;
  sumOfSquares: number;
  saturated: boolean;
  input: Int16Array | Float32Array;
  weights: Int16Array | Float32Array;
}

const align = (x: number) => roundUp(x + TENSOR_SLACK, 64);

/** The first few elements that differ, as [index, actual, expected]. */
function differences(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 0): number[][] {
  const found: number[][] = actual.length === expected.length ? [] : [[-1, actual.length, expected.length]];
  for (let i = 0; i < expected.length && found.length < 4; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) found.push([i, actual[i], expected[i]]);
  }
  return found;
}

/** Runs one conv in the middle of a memory full of garbage. @param bias added to inputs and weights, so that outputs grow */
function run(kernels: Kernels, c: Case, bias = 0): Result {
  const sizes = sizesOf(c);
  const inCount = c.batch * sizes.inResolution ** 2 * sizes.inStride;
  const outCount = c.batch * sizes.outResolution ** 2 * sizes.outStride;
  const input = 65536;
  const weights = input + align(inCount * bytesOf(sizes.inFormat));
  const out = weights + align(weightCount(sizes) * bytesOf(sizes.arithmetic));
  const scratch = out + align(outCount * bytesOf(sizes.outFormat));
  const end = scratch + align(kernels.scratchBytes(sizes));
  kernels.reserve(end + 64);
  new Uint8Array(kernels.buffer, 65536, end + 64 - 65536).fill(0x5a);
  const next = numbers(c.seed);
  const x = elements(kernels.buffer, input, sizes.inFormat);
  for (let i = 0; i < inCount; i++) {
    const u = (next() + next() + next() - 1.5) * 4 + bias;
    const padding = i % sizes.inStride >= sizes.inChannels;
    x[i] = padding ? 0 : sizes.inFormat === Format.int16 ? Math.round(u * 300) : u;
  }
  const w = elements(kernels.buffer, weights, sizes.arithmetic);
  const top = 2 ** (c.bitsW - 1);
  for (let i = 0; i < weightCount(sizes); i++) {
    const u = (next() + next() + next() - 1.5) * 4 + bias;
    w[i] = c.bitsW === 0 ? u : Math.max(-top, Math.min(top, Math.round(u * 4)));
  }
  // Both ends of the ranges occur.
  if (c.bitsW > 0) {
    w[0] = top;
    w[1] = -top;
  }
  const before = x.slice(0, inCount);
  const weightList = w.slice(0, weightCount(sizes));
  convolve(kernels, out, input, weights, scratch, sizes);
  const guard = new Uint8Array(kernels.buffer, end, 64);
  expect(guard.every((byte) => byte === 0x5a)).toBe(true);
  expect(differences(elements(kernels.buffer, input, sizes.inFormat).subarray(0, inCount), before)).toEqual([]);
  const y = elements(kernels.buffer, out, sizes.outFormat).slice(0, outCount);
  return { y, ...kernels.moments, input: before, weights: weightList };
}

const bits = fc.integer({ min: 1, max: 8 });
const shape = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    resolution: fc.integer({ min: 1, max: 11 }),
    inChannels: fc.integer({ min: 1, max: 37 }),
    outChannels: fc.integer({ min: 1, max: 29 }),
    kernel: fc.constantFrom(1, 3, 5, 7),
    stride: fc.constantFrom(1, 2),
    depthwise: fc.boolean(),
    bitsA: bits,
    bitsW: bits,
    dense: fc.boolean(),
    inFormat: fc.constantFrom<Format>(Format.int16, Format.float32),
    wide: fc.boolean(),
    seed: fc.nat(),
  })
  .map((c): Case => c);

describe.each(makers)("%s kernels", (name, make) => {
  const kernels = make();
  const reference = new ReferenceKernels();

  test("give the reference's bits where sums are exact", () => {
    fc.assert(
      fc.property(shape, (c) => {
        const expected = run(reference, c);
        const actual = run(kernels, c);
        expect(differences(actual.y, expected.y)).toEqual([]);
        if (expected.saturated) {
          expect(actual.saturated).toBe(true);
          return;
        }
        expect([actual.sum, actual.sumOfSquares, actual.saturated]).toEqual([
          expected.sum,
          expected.sumOfSquares,
          false,
        ]);
      }),
      { numRuns: name === "reference" ? 20 : 150 },
    );
  });

  test("are within 1e-5 of the reference's moments at full precision", () => {
    fc.assert(
      fc.property(shape, (quantised) => {
        const c = { ...quantised, bitsA: 0, bitsW: 0, inFormat: Format.float32 };
        const expected = run(reference, c);
        const actual = run(kernels, c);
        const scale = Math.sqrt(expected.sumOfSquares);
        expect(differences(actual.y, expected.y, 1e-5 * scale)).toEqual([]);
        expect(Math.abs(actual.sumOfSquares - expected.sumOfSquares)).toBeLessThanOrEqual(
          1e-5 * expected.sumOfSquares + 1e-30,
        );
      }),
      { numRuns: name === "reference" ? 20 : 60 },
    );
  });

  test("are within 1e-5 with up to 16 bits", () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 9, max: 16 }), fc.integer({ min: 9, max: 16 }), (shape, bitsA, bitsW) => {
        const c = { ...shape, bitsA, bitsW };
        const expected = run(reference, c);
        const actual = run(kernels, c);
        expect(Math.abs(actual.sumOfSquares - expected.sumOfSquares)).toBeLessThanOrEqual(1e-5 * expected.sumOfSquares);
      }),
      { numRuns: 50 },
    );
  });

  test("say that an int16 output saturated", () => {
    const c: Case = {
      batch: 1,
      resolution: 3,
      inChannels: 3000,
      outChannels: 12,
      kernel: 1,
      stride: 1,
      depthwise: false,
      bitsA: 5,
      bitsW: 5,
      dense: false,
      inFormat: Format.float32,
      wide: false,
      seed: 5,
    };
    expect(run(kernels, c, 1).saturated).toBe(true);
    expect(run(kernels, { ...c, wide: true }, 1).saturated).toBe(false);
    expect(run(kernels, c).saturated).toBe(false);
  });
});

test("the reference equals a conv written out by hand", () => {
  const c: Case = {
    batch: 1,
    resolution: 3,
    inChannels: 2,
    outChannels: 1,
    kernel: 3,
    stride: 2,
    depthwise: false,
    bitsA: 4,
    bitsW: 4,
    dense: true,
    inFormat: Format.float32,
    wide: true,
    seed: 1,
  };
  const sizes = sizesOf(c);
  const { y, input, weights } = run(new ReferenceKernels(), c);
  const q = (v: number) => Math.max(-8, Math.min(8, Math.round(Math.fround(Math.fround(v) * sizes.scale))));
  let corner = 0;
  for (const [row, column, tap] of [
    [0, 0, 4],
    [0, 1, 5],
    [1, 0, 7],
    [1, 1, 8],
  ]) {
    for (let i = 0; i < 2; i++) {
      corner += q(input[(row * 3 + column) * 2 + i]) * weights[weightIndex(sizes, 0, tap * 2 + i)];
    }
  }
  expect(y[0]).toBe(corner);
  expect(isPointwise(sizes)).toBe(false);
});
