import { UserError } from "../base/user-error.ts";
import { wasmInstance } from "../base/wasm-module.ts";
import {
  bytesOf,
  type ConvSizes,
  Format,
  isPointwise,
  type Kernels,
  type Moments,
  roundUp,
  weightDepth,
} from "./kernels.ts";

const PAGE = 65536;
/** Address of the moments that a call leaves; the page they are on is the kernel's own. */
const MOMENTS = 1024;
const RESULT = (MOMENTS + 96) / 8;
/** A tile of quantised pixels should leave room in a first-level cache of 32 KiB for a block of weights. */
const TILE_BYTES = 16384;

/** The functions of assembly/index.ts; arguments as there. */
export interface Assembly {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  pointwise(...args: number[]): void;
  depthwise(...args: number[]): void;
  dense(...args: number[]): void;
  /** Multiply-adds of each arithmetic; operations of a round as in assembly/peak.ts. */
  peakFloat32(rounds: number, factor: number, summand: number): number;
  peakDot(rounds: number, factor: number, summand: number): number;
  peakInt16(rounds: number, factor: number, summand: number): number;
}

/** Bytes of a module with one function that uses f32x4.relaxed_madd. */
const relaxedProbe = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2,
  253, 133, 2, 11,
]);

/** Whether this engine runs relaxed SIMD (fused multiply-add), which Node has from version 22 on. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(relaxedProbe);
}

/** A fresh instance with a memory of its own. */
export function instantiate(name: "simd" | "simd-relaxed"): Assembly {
  return wasmInstance(`kernel/${name}`) as unknown as Assembly;
}

/** WebAssembly SIMD: integer convs in int16 with exact sums, the rest in float32. */
export class SimdKernels implements Kernels {
  readonly name: "simd" | "simd-relaxed";
  readonly moments: Moments = { sum: 0, sumOfSquares: 0, saturated: false };
  readonly #assembly: Assembly;
  #doubles: Float64Array;

  /**
   * @param name simd-relaxed fuses multiply and add in float32 convs: other last bits, and only on engines that have it
   * @throws UserError where the engine does not
   */
  constructor(name: "simd" | "simd-relaxed" = "simd") {
    if (name === "simd-relaxed" && !hasRelaxedSimd()) {
      throw new UserError(
        "kernel: expected one that this version of Node runs, got simd-relaxed; use simd or Node 22 and later",
      );
    }
    this.name = name;
    this.#assembly = instantiate(name);
    this.#doubles = new Float64Array(this.#assembly.memory.buffer);
  }

  get buffer(): ArrayBuffer {
    return this.#assembly.memory.buffer;
  }

  reserve(bytes: number): void {
    const { memory } = this.#assembly;
    if (bytes <= memory.buffer.byteLength) return;
    memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / PAGE));
    this.#doubles = new Float64Array(memory.buffer);
  }

  scratchBytes(sizes: Readonly<ConvSizes>): number {
    const { inResolution, inStride, kernel, arithmetic } = sizes;
    const size = bytesOf(arithmetic);
    const slack = 256;
    if (sizes.depthwise) return inStride * kernel * ringPixels(sizes) * size + slack;
    const tile = tilePixels(sizes) * weightDepth(sizes) * size + slack;
    return isPointwise(sizes) ? tile : tile + kernel * (inResolution + kernel - 1) * inStride * size + slack;
  }

  pointwise(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#assembly.pointwise(
      out,
      input,
      weights,
      scratch,
      MOMENTS,
      sizes.batch * sizes.inResolution * sizes.inResolution,
      tilePixels(sizes),
      sizes.inStride,
      sizes.outChannels,
      sizes.outStride,
      sizes.inFormat,
      sizes.arithmetic,
      sizes.outFormat,
      sizes.scale,
      sizes.limit,
    );
    this.#take(sizes);
  }

  depthwise(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#assembly.depthwise(
      out,
      input,
      weights,
      scratch,
      MOMENTS,
      sizes.batch,
      sizes.inResolution,
      sizes.outResolution,
      sizes.inChannels,
      sizes.inStride,
      sizes.kernel,
      sizes.stride,
      ringPixels(sizes),
      sizes.inFormat,
      sizes.arithmetic,
      sizes.scale,
      sizes.limit,
    );
    this.#take(sizes);
  }

  dense(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#assembly.dense(
      out,
      input,
      weights,
      scratch,
      MOMENTS,
      sizes.batch,
      sizes.inResolution,
      sizes.outResolution,
      sizes.inStride,
      sizes.kernel,
      sizes.stride,
      tilePixels(sizes),
      weightDepth(sizes),
      sizes.outChannels,
      sizes.outStride,
      sizes.inFormat,
      sizes.arithmetic,
      sizes.outFormat,
      sizes.scale,
      sizes.limit,
    );
    this.#take(sizes);
  }

  #take(sizes: Readonly<ConvSizes>): void {
    this.moments.sum = this.#doubles[RESULT];
    this.moments.sumOfSquares = this.#doubles[RESULT + 1];
    this.moments.saturated = sizes.outFormat === Format.int16 && this.#doubles[RESULT + 2] !== 0;
  }
}

/** Pixels of a tile of a GEMM: a multiple of 4. */
function tilePixels(sizes: Readonly<ConvSizes>): number {
  const bytes = weightDepth(sizes) * bytesOf(sizes.arithmetic);
  return Math.max(8, Math.min(64, Math.floor(TILE_BYTES / bytes) & ~3));
}

/** Pixels of a row in the depthwise ring: both paddings, and what the last tile of outputs reads. */
function ringPixels(sizes: Readonly<ConvSizes>): number {
  const { inResolution, outResolution, kernel, stride } = sizes;
  const tile = sizes.arithmetic === Format.int16 ? 4 : 3;
  return Math.max(inResolution + kernel - 1, (roundUp(outResolution, tile) - 1) * stride + kernel);
}
