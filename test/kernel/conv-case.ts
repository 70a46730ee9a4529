import { expect } from "vitest";
import {
  arithmeticOf,
  bytesOf,
  ConvSizes,
  convolve,
  Format,
  fanInOf,
  type Kernels,
  roundUp,
  TENSOR_SLACK,
  weightCount,
} from "../../src/kernel/kernels.ts";
import { elements } from "../../src/kernel/reference.ts";

/** A generator of test data: values do not matter, only that they are the same every time. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Case {
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
  scale?: number;
}

export function sizesOf(c: Case): ConvSizes {
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
  sizes.weightLimit = c.bitsW === 0 ? 0 : 2 ** (c.bitsW - 1);
  sizes.scale = Math.fround(c.scale ?? (c.inFormat === Format.int16 ? 0.0173 : 2.7));
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
export function differences(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 0): number[][] {
  const found: number[][] = actual.length === expected.length ? [] : [[-1, actual.length, expected.length]];
  for (let i = 0; i < expected.length && found.length < 4; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) found.push([i, actual[i], expected[i]]);
  }
  return found;
}

/** Runs one conv in the middle of a memory full of garbage. @param bias added to inputs and weights, so that outputs grow */
export function run(kernels: Kernels, c: Case, bias = 0): Result {
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
