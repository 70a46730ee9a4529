import { UserError } from "../base/user-error.ts";
import { wasmInstance } from "../base/wasm-module.ts";
import {
  bytesOf,
  CHANNEL_BLOCK,
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
  peakInt8(rounds: number, factor: number, summand: number): number;
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
export function instantiate(name: "simd" | "simd-int8" | "simd-relaxed"): Assembly {
  return wasmInstance(`kernel/${name}`) as unknown as Assembly;
}

/** The arithmetic of int16 convs whose levels fit in bytes, as in assembly/formats.ts. */
const INT8 = 2;
/** Largest levels of int8: an activation is stored as 0 to twice its limit, below 2^7. */
const MOST_ACTIVATION = 32;
const MOST_WEIGHT = 64;
/** Below this many rows of a GEMM, packing its weights costs more than int8 saves. */
const FEWEST_ROWS = 16;

/**
 * WebAssembly SIMD: integer convs in int16 with exact sums, the rest in float32. Where the engine has relaxed SIMD, int16 convs of few bits
 * run in int8, with the same bits in every output.
 */
export class SimdKernels implements Kernels {
  readonly name: "simd" | "simd-relaxed";
  readonly moments: Moments = { sum: 0, sumOfSquares: 0, saturated: false };
  readonly #assembly: Assembly;
  readonly #int8: boolean;
  #doubles: Float64Array;

  /**
   * @param name simd-relaxed fuses multiply and add in float32 convs: other last bits, and only on engines that have it
   * @param int8 false: no conv runs in int8, as on engines without relaxed SIMD
   * @throws UserError where the engine does not
   */
  constructor(name: "simd" | "simd-relaxed" = "simd", int8: boolean = hasRelaxedSimd()) {
    if (name === "simd-relaxed" && !hasRelaxedSimd()) {
      throw new UserError(
        "kernel: expected one that this version of Node runs, got simd-relaxed; use simd or Node 22 and later",
      );
    }
    this.name = name;
    this.#int8 = int8;
    this.#assembly = instantiate(name === "simd" && int8 ? "simd-int8" : name);
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
    const { inResolution, inStride, outStride, kernel, arithmetic } = sizes;
    const int8 = this.runsInt8(sizes);
    const size = bytesOf(arithmetic);
    const slack = 256;
    if (sizes.depthwise) {
      const packed = int8 ? (inStride / 8) * 16 * (1 + kernel * ((kernel + 1) / 2)) : 0;
      return inStride * kernel * ringPixels(sizes) * size + packed + slack;
    }
    const depth = weightDepth(sizes);
    // In int8: the tile in bytes and once more in int16, packed weights and what their sums start at.
    const tile = int8
      ? tilePixels(depth, 1) * depth * 3 + outStride * (depth + 4)
      : tilePixels(depth, size) * depth * size;
    const ring = isPointwise(sizes) ? 0 : kernel * (inResolution + kernel - 1) * inStride * size + slack;
    return tile + slack + ring;
  }

  pointwise(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void {
    const arithmetic = this.#arithmetic(sizes);
    this.#assembly.pointwise(
      out,
      input,
      weights,
      scratch,
      MOMENTS,
      sizes.batch * sizes.inResolution * sizes.inResolution,
      tilePixels(sizes.inStride, sizeOf(arithmetic)),
      sizes.inStride,
      sizes.outChannels,
      sizes.outStride,
      sizes.inFormat,
      arithmetic,
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
      this.#arithmetic(sizes),
      sizes.scale,
      sizes.limit,
    );
    this.#take(sizes);
  }

  dense(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void {
    const arithmetic = this.#arithmetic(sizes);
    const depth = weightDepth(sizes);
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
      tilePixels(depth, sizeOf(arithmetic)),
      depth,
      sizes.outChannels,
      sizes.outStride,
      sizes.inFormat,
      arithmetic,
      sizes.outFormat,
      sizes.scale,
      sizes.limit,
    );
    this.#take(sizes);
  }

  /** What a conv is computed in: its own arithmetic, or int8 in its place where that gives the same bits and pays. */
  #arithmetic(sizes: Readonly<ConvSizes>): Format | typeof INT8 {
    const { arithmetic, outFormat, limit, weightLimit } = sizes;
    const fits = this.#int8 && arithmetic === Format.int16 && outFormat === Format.int16 && limit <= MOST_ACTIVATION;
    if (!fits || weightLimit === 0 || weightLimit > MOST_WEIGHT || sizes.inStride % CHANNEL_BLOCK !== 0)
      return arithmetic;
    const rows = sizes.batch * sizes.outResolution * sizes.outResolution;
    return (sizes.depthwise ? sizes.kernel > 1 : rows >= FEWEST_ROWS) ? INT8 : arithmetic;
  }

  /** Whether a conv runs in int8. */
  runsInt8(sizes: Readonly<ConvSizes>): boolean {
    return this.#arithmetic(sizes) === INT8;
  }

  #take(sizes: Readonly<ConvSizes>): void {
    this.moments.sum = this.#doubles[RESULT];
    this.moments.sumOfSquares = this.#doubles[RESULT + 1];
    this.moments.saturated = sizes.outFormat === Format.int16 && this.#doubles[RESULT + 2] !== 0;
  }
}

/** Bytes of one quantised value. */
function sizeOf(arithmetic: Format | typeof INT8): number {
  return arithmetic === INT8 ? 1 : bytesOf(arithmetic);
}

/** Pixels of a tile of a GEMM, of `size` bytes a value: a multiple of 4. */
function tilePixels(depth: number, size: number): number {
  return Math.max(8, Math.min(64, Math.floor(TILE_BYTES / (depth * size)) & ~3));
}

/** Pixels of a row in the depthwise ring: both paddings, and what the last tile of outputs reads. */
function ringPixels(sizes: Readonly<ConvSizes>): number {
  const { inResolution, outResolution, kernel, stride } = sizes;
  const tile = sizes.arithmetic === Format.int16 ? 4 : 3;
  return Math.max(inResolution + kernel - 1, (roundUp(outResolution, tile) - 1) * stride + kernel);
}
