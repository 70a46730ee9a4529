import {
  arithmeticOf,
  bytesOf,
  CHANNEL_BLOCK,
  type ConvSizes,
  Format,
  type Kernels,
  roundUp,
  TENSOR_SLACK,
  weightCount,
} from "../../kernel/kernels.ts";
import type { NoisePools } from "../../kernel/noise-pools.ts";
import { quantisedStd } from "../quantised-gaussian.ts";
import type { MainPath } from "./main-path.ts";

/** Addresses are multiples of this. */
const LINE = 64;
/** A standard deviation this many times below 2^15 leaves room for an int16 output. */
const HEADROOM = 7;

/**
 * Where the tensors of a forward pass live in the kernel's memory, behind the noise pools: two activations that take turns, the scratch of
 * the convs, long noise tensors, and last a stack of kept activations. Planned for the largest of a batch; it only grows.
 */
export class Arena {
  readonly #kernels: Kernels;
  readonly #pools: NoisePools;
  readonly #sigmas: { readonly activation: number; readonly weight: number };
  readonly #stds = new Map<number, number>();
  #activationBytes = 0;
  #scratchBytes = 0;
  #noiseBytes = 0;
  readonly activations: [number, number] = [0, 0];
  scratch = 0;
  noise = 0;
  /** Where kept activations begin. */
  kept = 0;

  constructor(kernels: Kernels, pools: NoisePools, sigmas: { readonly activation: number; readonly weight: number }) {
    this.#kernels = kernels;
    this.#pools = pools;
    this.#sigmas = sigmas;
  }

  /** Fills the sizes of one conv; format of the input and scale are what the conv before left and are not set. */
  setSizes(sizes: ConvSizes, path: MainPath, conv: number, batch: number): void {
    const bitsA = path.bitsA[conv];
    const bitsW = path.bitsW[conv];
    const fanIn = path.fanIn(conv);
    sizes.batch = batch;
    sizes.inResolution = path.inResolution[conv];
    sizes.outResolution = path.outResolution[conv];
    sizes.inChannels = path.inChannels[conv];
    sizes.outChannels = path.outChannels[conv];
    sizes.depthwise = path.depthwise[conv] === 1;
    sizes.inStride =
      conv === 0 && !sizes.depthwise ? path.inChannels[conv] : roundUp(path.inChannels[conv], CHANNEL_BLOCK);
    sizes.outStride = roundUp(path.outChannels[conv], CHANNEL_BLOCK);
    sizes.kernel = path.kernel[conv];
    sizes.stride = path.stride[conv];
    sizes.arithmetic = arithmeticOf(fanIn, sizes.depthwise, bitsA, bitsW);
    sizes.limit = bitsA === 0 ? 0 : 2 ** (bitsA - 1);
    sizes.weightLimit = bitsW === 0 ? 0 : 2 ** (bitsW - 1);
    const narrow =
      sizes.arithmetic === Format.int16 &&
      (sizes.depthwise || this.#expectedStd(fanIn, bitsA, bitsW) < 32768 / HEADROOM);
    sizes.outFormat = narrow ? Format.int16 : Format.float32;
  }

  #expectedStd(fanIn: number, bitsA: number, bitsW: number): number {
    const key = bitsA * 32 + bitsW;
    let std = this.#stds.get(key);
    if (std === undefined) {
      std = quantisedStd(this.#sigmas.activation, bitsA) * quantisedStd(this.#sigmas.weight, bitsW);
      this.#stds.set(key, std);
    }
    return std * Math.sqrt(fanIn);
  }

  /** Bytes that a path needs behind the pools, without kept activations. */
  bytes(path: MainPath, batch: number, sizes: ConvSizes): number {
    const before = [this.#activationBytes, this.#scratchBytes, this.#noiseBytes];
    [this.#activationBytes, this.#scratchBytes, this.#noiseBytes] = [0, 0, 0];
    this.#include(path, batch, sizes);
    const sum = 2 * this.#activationBytes + this.#scratchBytes + this.#noiseBytes;
    [this.#activationBytes, this.#scratchBytes, this.#noiseBytes] = before;
    return sum;
  }

  /** Makes room for a path, and fills the noise pools it needs; call `place` after the last one. */
  include(path: MainPath, batch: number, sizes: ConvSizes): void {
    this.#include(path, batch, sizes);
    for (let conv = 0; conv < path.convs; conv++) {
      const arithmetic = arithmeticOf(path.fanIn(conv), path.depthwise[conv] === 1, path.bitsA[conv], path.bitsW[conv]);
      this.#pools.prepare(arithmetic, path.bitsW[conv]);
    }
  }

  #include(path: MainPath, batch: number, sizes: ConvSizes): void {
    const input = batch * path.resolution * path.resolution * roundUp(path.inChannels[0], CHANNEL_BLOCK);
    this.#activationBytes = Math.max(this.#activationBytes, 4 * input + TENSOR_SLACK);
    for (let conv = 0; conv < path.convs; conv++) {
      this.setSizes(sizes, path, conv, batch);
      const { outResolution, outStride, arithmetic } = sizes;
      // float32 size even where int16 is expected: a conv that saturates is repeated. Untouched memory costs nothing.
      const out = 4 * batch * outResolution * outResolution * outStride + TENSOR_SLACK;
      this.#activationBytes = Math.max(this.#activationBytes, out);
      this.#scratchBytes = Math.max(this.#scratchBytes, this.#kernels.scratchBytes(sizes));
      this.#noiseBytes = Math.max(this.#noiseBytes, this.#pools.targetBytes(arithmetic, weightCount(sizes)));
    }
  }

  /** Assigns the addresses and reserves the memory. */
  place(): void {
    let address = roundUp(this.#pools.end, LINE);
    const take = (bytes: number): number => {
      const start = address;
      address = roundUp(address + bytes, LINE);
      return start;
    };
    this.noise = take(this.#noiseBytes);
    this.scratch = take(this.#scratchBytes);
    this.activations[0] = take(this.#activationBytes);
    this.activations[1] = take(this.#activationBytes);
    this.kept = take(TENSOR_SLACK);
    this.#kernels.reserve(address);
  }

  /** Bytes of a conv's output. */
  static outBytes(sizes: Readonly<ConvSizes>): number {
    const { batch, outResolution, outStride, outFormat } = sizes;
    return roundUp(batch * outResolution * outResolution * outStride * bytesOf(outFormat), LINE);
  }
}
