/** Element formats of tensors in a kernel's memory. */
export const Format = { int16: 0, float32: 1 } as const;
export type Format = (typeof Format)[keyof typeof Format];

export const kernelNames = ["reference", "float32", "simd", "simd-relaxed"] as const;
export type KernelName = (typeof kernelNames)[number];

/** Channels are stored in blocks of this many; the lanes past the last channel hold 0. */
export const CHANNEL_BLOCK = 8;

/** Extra bytes behind every tensor: vector kernels may read, not write, this far past its end. */
export const TENSOR_SLACK = 64;

/** The shape, the formats and the quantiser of one conv; filled again for every conv. Resolutions are pixels of one side. */
export class ConvSizes {
  batch = 1;
  inResolution = 1;
  outResolution = 1;
  inChannels = 1;
  /** Elements from one input pixel to the next; a multiple of 8, but for the network's input, which is dense. */
  inStride = 8;
  outChannels = 1;
  /** Elements from one output pixel to the next: outChannels rounded up to a multiple of 8. */
  outStride = 8;
  kernel = 1;
  stride = 1;
  depthwise = false;
  inFormat: Format = Format.float32;
  /** Format of the quantised input and of the weights, and of the arithmetic: int16 sums are exact. */
  arithmetic: Format = Format.float32;
  /** Always float32 where the arithmetic is float32. */
  outFormat: Format = Format.float32;
  /** A float32: the input is multiplied by it before it is quantised. */
  scale = 1;
  /** 2^(bitsA - 1), both ends included; 0: full precision, the input is only scaled. */
  limit = 0;
  /** No weight's absolute value is larger: 2^(bitsW - 1); 0: not known. */
  weightLimit = 0;
}

/** What a conv left of its output y: sums in double precision, exact for integers while the sum of squares is below 2^53. */
export interface Moments {
  sum: number;
  sumOfSquares: number;
  /** An int16 output reached an end of its range: sums and values may be wrong, repeat the conv with a float32 output. */
  saturated: boolean;
}

/**
 * The convs of the forward score: y = conv(q(x * scale), w) with zero padding (k - 1) / 2 and no bias, where
 * q(x) = round(clamp(x, -limit, +limit)), half to even. One pass over memory quantises, convolves and takes the moments of y.
 *
 * Tensors are byte addresses into `buffer`, multiples of 16:
 * - out (batch, outResolution, outResolution, outStride), every element is written, 0 in lanes past outChannels
 * - input (batch, inResolution, inResolution, inStride)
 * - weights: `weightIndex` says where; the weights of lanes past the last channel are read and do not matter
 * - scratch: `scratchBytes(sizes)` bytes of any content
 *
 * While fan-in * limit * 2^(bitsW - 1) < 2^24, y is a whole number that float32 holds and every implementation gives the same bits,
 * moments included. Elsewhere moments agree within 1e-5 relative.
 */
export interface Kernels {
  readonly name: KernelName;
  /** The memory; a new object after `reserve` had to grow it, with the old content. */
  readonly buffer: ArrayBuffer;
  /** Of the last conv. */
  readonly moments: Moments;
  /** Grows the memory to at least this many bytes; it never shrinks. */
  reserve(bytes: number): void;
  scratchBytes(sizes: Readonly<ConvSizes>): number;
  /** kernel 1, stride 1, inStride a multiple of 8. */
  pointwise(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void;
  /** inChannels = outChannels, one filter a channel; int16 only where no sum reaches 2^15; inStride = outStride. */
  depthwise(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void;
  /** Any kernel and stride; the stem too. */
  dense(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void;
}

/** Runs the kernel that fits the shape. */
export function convolve(
  kernels: Kernels,
  out: number,
  input: number,
  weights: number,
  scratch: number,
  sizes: Readonly<ConvSizes>,
): void {
  if (sizes.depthwise) kernels.depthwise(out, input, weights, scratch, sizes);
  else if (isPointwise(sizes)) kernels.pointwise(out, input, weights, scratch, sizes);
  else kernels.dense(out, input, weights, scratch, sizes);
}

export function isPointwise(sizes: Readonly<ConvSizes>): boolean {
  return sizes.kernel === 1 && sizes.stride === 1 && !sizes.depthwise && sizes.inStride % CHANNEL_BLOCK === 0;
}

export function roundUp(x: number, step: number): number {
  return Math.ceil(x / step) * step;
}

/** Bytes of one element. */
export function bytesOf(format: Format): number {
  return format === Format.int16 ? 2 : 4;
}

export function fanInOf(sizes: Readonly<ConvSizes>): number {
  return (sizes.depthwise ? 1 : sizes.inChannels) * sizes.kernel * sizes.kernel;
}

/** Weights of one output channel as stored: k * k * inStride rounded up to a multiple of 8, or k * k where depthwise. */
export function weightDepth(sizes: Readonly<ConvSizes>): number {
  const taps = sizes.kernel * sizes.kernel;
  return sizes.depthwise ? taps : roundUp(taps * sizes.inStride, CHANNEL_BLOCK);
}

/** Elements of a conv's weight tensor as stored. */
export function weightCount(sizes: Readonly<ConvSizes>): number {
  return roundUp(sizes.outChannels, CHANNEL_BLOCK) * weightDepth(sizes);
}

/**
 * Element of the weight of output channel o at j = (ky * k + kx) * inStride + i, input channel i (depthwise: j = ky * k + kx).
 * Depthwise (out/8, k * k, 8); float32 (out/8, depth, 8); int16 (out/8, depth/2, 8, 2), pairs of neighbouring j together.
 */
export function weightIndex(sizes: Readonly<ConvSizes>, o: number, j: number): number {
  const depth = weightDepth(sizes);
  const block = (o - (o % CHANNEL_BLOCK)) * depth;
  const lane = o % CHANNEL_BLOCK;
  if (sizes.depthwise || sizes.arithmetic === Format.float32) return block + j * CHANNEL_BLOCK + lane;
  return block + (j >> 1) * (2 * CHANNEL_BLOCK) + 2 * lane + (j & 1);
}

/**
 * Format of a conv's arithmetic: int16 where its levels fit and its sums stay exact (below 2^24, depthwise below 2^15).
 * @param bitsA,bitsW 0: full precision
 */
export function arithmeticOf(fanIn: number, depthwise: boolean, bitsA: number, bitsW: number): Format {
  const quantised = bitsA > 0 && bitsW > 0 && bitsA < 16 && bitsW < 16;
  return quantised && fanIn * 2 ** (bitsA + bitsW - 2) < (depthwise ? 32768 : 16777216) ? Format.int16 : Format.float32;
}
