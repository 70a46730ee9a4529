import { type ConvSizes, Format, type Kernels, type Moments, weightIndex } from "./kernels.ts";
import { quantised } from "./rounding.ts";

/** The truth that the other kernels are compared with: one loop per dimension, sums in double precision, a pass per step. */
export class ReferenceKernels implements Kernels {
  readonly name = "reference";
  readonly moments: Moments = { sum: 0, sumOfSquares: 0, saturated: false };
  buffer = new ArrayBuffer(0);
  #levels = new Float32Array(0);

  reserve(bytes: number): void {
    if (bytes <= this.buffer.byteLength) return;
    const grown = new ArrayBuffer(bytes);
    new Uint8Array(grown).set(new Uint8Array(this.buffer));
    this.buffer = grown;
  }

  scratchBytes(): number {
    return 0;
  }

  pointwise(out: number, input: number, weights: number, _scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#conv(out, input, weights, sizes);
  }

  depthwise(out: number, input: number, weights: number, _scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#conv(out, input, weights, sizes);
  }

  dense(out: number, input: number, weights: number, _scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#conv(out, input, weights, sizes);
  }

  #conv(out: number, input: number, weights: number, sizes: Readonly<ConvSizes>): void {
    const { batch, inResolution, outResolution, inChannels, inStride, outChannels, outStride } = sizes;
    const { kernel, stride, depthwise } = sizes;
    const levels = this.#quantise(input, sizes);
    const w = elements(this.buffer, weights, sizes.arithmetic);
    const y = elements(this.buffer, out, sizes.outFormat);
    const padding = (kernel - 1) / 2;
    for (let n = 0; n < batch; n++) {
      for (let row = 0; row < outResolution; row++) {
        for (let column = 0; column < outResolution; column++) {
          const pixel = ((n * outResolution + row) * outResolution + column) * outStride;
          for (let o = 0; o < outStride; o++) {
            let sum = 0;
            for (let ky = 0; ky < kernel && o < outChannels; ky++) {
              for (let kx = 0; kx < kernel; kx++) {
                const inRow = row * stride + ky - padding;
                const inColumn = column * stride + kx - padding;
                if (inRow < 0 || inRow >= inResolution || inColumn < 0 || inColumn >= inResolution) continue;
                const from = ((n * inResolution + inRow) * inResolution + inColumn) * inStride;
                const tap = ky * kernel + kx;
                if (depthwise) {
                  sum += levels[from + o] * w[weightIndex(sizes, o, tap)];
                } else {
                  for (let i = 0; i < inChannels; i++) {
                    sum += levels[from + i] * w[weightIndex(sizes, o, tap * inStride + i)];
                  }
                }
              }
            }
            y[pixel + o] = sizes.outFormat === Format.int16 ? Math.max(-32768, Math.min(32767, sum)) : sum;
          }
        }
      }
    }
    this.#measure(y, batch * outResolution * outResolution * outStride, sizes);
  }

  #quantise(input: number, sizes: Readonly<ConvSizes>): Float32Array {
    const count = sizes.batch * sizes.inResolution * sizes.inResolution * sizes.inStride;
    if (this.#levels.length < count) this.#levels = new Float32Array(count);
    const x = elements(this.buffer, input, sizes.inFormat);
    for (let i = 0; i < count; i++) this.#levels[i] = quantised(x[i], sizes.scale, sizes.limit);
    return this.#levels;
  }

  #measure(y: Int16Array | Float32Array, count: number, sizes: Readonly<ConvSizes>): void {
    let sum = 0;
    let sumOfSquares = 0;
    let saturated = false;
    for (let i = 0; i < count; i++) {
      sum += y[i];
      sumOfSquares += y[i] * y[i];
      if (sizes.outFormat === Format.int16 && (y[i] === -32768 || y[i] === 32767)) saturated = true;
    }
    this.moments.sum = sum;
    this.moments.sumOfSquares = sumOfSquares;
    this.moments.saturated = saturated && !sizes.depthwise;
  }
}

/** The memory from a byte address on, as elements of a format. */
export function elements(buffer: ArrayBuffer, address: number, format: Format): Int16Array | Float32Array {
  return format === Format.int16 ? new Int16Array(buffer, address) : new Float32Array(buffer, address);
}
