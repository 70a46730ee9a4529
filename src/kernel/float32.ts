import { type ConvSizes, Format, type Kernels, type Moments, weightDepth } from "./kernels.ts";
import { elements } from "./reference.ts";
import { quantised } from "./rounding.ts";

/** Pixels of a tile of the GEMM; its micro-kernel takes 4 of them and 2 output channels. */
const TILE = 64;

/**
 * Plain JavaScript without WebAssembly: register-blocked loops over double-precision tiles that stay in the cache. Tensors are
 * float32 or int16 in memory, arithmetic is double, since JavaScript engines convert every float32 operand anyway.
 */
export class Float32Kernels implements Kernels {
  readonly name = "float32";
  readonly moments: Moments = { sum: 0, sumOfSquares: 0, saturated: false };
  buffer = new ArrayBuffer(0);
  /** Panels of 4 pixels: (tile/4, depth, 4). */
  #tile = new Float64Array(0);
  /** Panels of 2 output channels: (out/2, depth, 2); depthwise (channels, k * k). */
  #weights = new Float64Array(0);
  /** Quantised input rows, zero padded: dense (k, width, channels), depthwise (channels, k, width). */
  #ring = new Float64Array(0);

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
    const { batch, inResolution, inStride: depth, outStride, scale, limit } = sizes;
    const pixels = batch * inResolution * inResolution;
    const x = elements(this.buffer, input, sizes.inFormat);
    const y = elements(this.buffer, out, sizes.outFormat);
    this.#begin(sizes, weights, TILE * depth, 0);
    const tile = this.#tile;
    for (let p = 0; p < pixels; p += TILE) {
      const rows = Math.min(TILE, pixels - p);
      for (let r = 0; r < rows; r++) {
        let to = (((r >> 2) * depth) << 2) + (r & 3);
        const from = (p + r) * depth;
        for (let j = 0; j < depth; j++, to += 4) tile[to] = quantised(x[from + j], scale, limit);
      }
      this.#gemm(y, p * outStride, rows, depth, sizes);
    }
  }

  dense(out: number, input: number, weights: number, _scratch: number, sizes: Readonly<ConvSizes>): void {
    const { batch, inResolution, outResolution, inStride, outStride, kernel, stride, scale, limit } = sizes;
    const depth = weightDepth(sizes);
    const padding = (kernel - 1) / 2;
    const window = kernel * inStride;
    const rowLength = (inResolution + 2 * padding) * inStride;
    const x = elements(this.buffer, input, sizes.inFormat);
    const y = elements(this.buffer, out, sizes.outFormat);
    this.#begin(sizes, weights, TILE * depth, kernel * rowLength);
    const tile = this.#tile;
    const ring = this.#ring;
    tile.fill(0, 0, TILE * depth);
    let pixel = 0;
    for (let n = 0; n < batch; n++) {
      let filled = -padding;
      for (let row = 0; row < outResolution; row++) {
        const top = row * stride - padding;
        for (; filled < top + kernel; filled++) {
          const slot = ((filled + kernel) % kernel) * rowLength;
          ring.fill(0, slot, slot + rowLength);
          if (filled < 0 || filled >= inResolution) continue;
          const from = (n * inResolution + filled) * inResolution * inStride;
          const to = slot + padding * inStride;
          for (let i = 0; i < inResolution * inStride; i++) ring[to + i] = quantised(x[from + i], scale, limit);
        }
        for (let column = 0; column < outResolution; column += TILE) {
          const rows = Math.min(TILE, outResolution - column);
          for (let r = 0; r < rows; r++) {
            let to = (((r >> 2) * depth) << 2) + (r & 3);
            for (let ky = 0; ky < kernel; ky++) {
              const from = ((top + ky + kernel) % kernel) * rowLength + (column + r) * stride * inStride;
              for (let j = 0; j < window; j++, to += 4) tile[to] = ring[from + j];
            }
          }
          this.#gemm(y, pixel * outStride, rows, depth, sizes);
          pixel += rows;
        }
      }
    }
  }

  depthwise(out: number, input: number, weights: number, _scratch: number, sizes: Readonly<ConvSizes>): void {
    const { batch, inResolution, outResolution, inChannels, inStride, kernel, stride, scale, limit } = sizes;
    const padding = (kernel - 1) / 2;
    const taps = kernel * kernel;
    const width = Math.max(inResolution + kernel - 1, (Math.ceil(outResolution / 4) * 4 - 1) * stride + kernel);
    const plane = kernel * width;
    const x = elements(this.buffer, input, sizes.inFormat);
    const y = elements(this.buffer, out, sizes.outFormat);
    this.#begin(sizes, weights, 0, inChannels * plane);
    const ring = this.#ring;
    const w = this.#weights;
    ring.fill(0, 0, inChannels * plane);
    let sum = 0;
    let sumOfSquares = 0;
    for (let n = 0; n < batch; n++) {
      let filled = -padding;
      for (let row = 0; row < outResolution; row++) {
        const top = row * stride - padding;
        for (; filled < top + kernel; filled++) {
          const slot = ((filled + kernel) % kernel) * width;
          if (filled < 0 || filled >= inResolution) {
            for (let c = 0; c < inChannels; c++) ring.fill(0, c * plane + slot, c * plane + slot + width);
            continue;
          }
          let from = (n * inResolution + filled) * inResolution * inStride;
          for (let column = 0; column < inResolution; column++, from += inStride) {
            let to = slot + padding + column;
            for (let c = 0; c < inChannels; c++, to += plane) ring[to] = quantised(x[from + c], scale, limit);
          }
        }
        const outRow = (n * outResolution + row) * outResolution * inStride;
        const first = (top + kernel) % kernel;
        for (let c = 0; c < inChannels; c++) {
          for (let column = 0; column < outResolution; column += 4) {
            let s0 = 0;
            let s1 = 0;
            let s2 = 0;
            let s3 = 0;
            let tap = c * taps;
            let slot = first;
            for (let ky = 0; ky < kernel; ky++) {
              let p = c * plane + slot * width + column * stride;
              slot = slot + 1 === kernel ? 0 : slot + 1;
              for (let kx = 0; kx < kernel; kx++, p++, tap++) {
                const v = w[tap];
                s0 += v * ring[p];
                s1 += v * ring[p + stride];
                s2 += v * ring[p + 2 * stride];
                s3 += v * ring[p + 3 * stride];
              }
            }
            for (let at = 0; at < 4 && column + at < outResolution; at++) {
              const v = at === 0 ? s0 : at === 1 ? s1 : at === 2 ? s2 : s3;
              y[outRow + (column + at) * inStride + c] = v;
              sum += v;
              sumOfSquares += v * v;
            }
          }
        }
        if (inChannels < inStride) {
          for (let column = 0; column < outResolution; column++) {
            y.fill(0, outRow + column * inStride + inChannels, outRow + (column + 1) * inStride);
          }
        }
      }
    }
    this.moments.sum = sum;
    this.moments.sumOfSquares = sumOfSquares;
  }

  /** Empties the moments, makes room in the tiles and unpacks the weights. */
  #begin(sizes: Readonly<ConvSizes>, weights: number, tileLength: number, ringLength: number): void {
    this.moments.sum = 0;
    this.moments.sumOfSquares = 0;
    this.moments.saturated = false;
    const depth = weightDepth(sizes);
    const { outStride } = sizes;
    this.#tile = atLeast(this.#tile, tileLength);
    this.#ring = atLeast(this.#ring, ringLength);
    this.#weights = atLeast(this.#weights, outStride * depth);
    const to = this.#weights;
    const w = elements(this.buffer, weights, sizes.arithmetic);
    const pairs = sizes.arithmetic === Format.int16 && !sizes.depthwise;
    for (let o = 0; o < outStride; o += 8) {
      for (let j = 0; j < depth; j++) {
        const from = o * depth + (pairs ? (j >> 1) * 16 + (j & 1) : j * 8);
        const step = pairs ? 2 : 1;
        for (let lane = 0; lane < 8; lane++) {
          const c = o + lane;
          const at = sizes.depthwise ? c * depth + j : ((c >> 1) * depth + j) * 2 + (c & 1);
          to[at] = c < sizes.outChannels ? w[from + lane * step] : 0;
        }
      }
    }
  }

  /** y (rows, outStride) from element `to` on = tile (rows/4, depth, 4) * weights (outStride/2, depth, 2), moments added. */
  #gemm(y: Int16Array | Float32Array, to: number, rows: number, depth: number, sizes: Readonly<ConvSizes>): void {
    const { outStride } = sizes;
    const narrow = sizes.outFormat === Format.int16;
    const tile = this.#tile;
    const weights = this.#weights;
    let sum = 0;
    let sumOfSquares = 0;
    let saturated = false;
    for (let o = 0; o < outStride; o += 2) {
      for (let r = 0; r < rows; r += 4) {
        let s00 = 0;
        let s01 = 0;
        let s10 = 0;
        let s11 = 0;
        let s20 = 0;
        let s21 = 0;
        let s30 = 0;
        let s31 = 0;
        let a = r * depth;
        let b = o * depth;
        for (let j = 0; j < depth; j++, a += 4, b += 2) {
          const w0 = weights[b];
          const w1 = weights[b + 1];
          const x0 = tile[a];
          const x1 = tile[a + 1];
          const x2 = tile[a + 2];
          const x3 = tile[a + 3];
          s00 += x0 * w0;
          s01 += x0 * w1;
          s10 += x1 * w0;
          s11 += x1 * w1;
          s20 += x2 * w0;
          s21 += x2 * w1;
          s30 += x3 * w0;
          s31 += x3 * w1;
        }
        for (let i = 0; i < 4 && r + i < rows; i++) {
          let p = i === 0 ? s00 : i === 1 ? s10 : i === 2 ? s20 : s30;
          let q = i === 0 ? s01 : i === 1 ? s11 : i === 2 ? s21 : s31;
          if (narrow && (p >= 32767 || p <= -32768 || q >= 32767 || q <= -32768)) {
            saturated = true;
            p = Math.max(-32768, Math.min(32767, p));
            q = Math.max(-32768, Math.min(32767, q));
          }
          const at = to + (r + i) * outStride + o;
          y[at] = p;
          y[at + 1] = q;
          sum += p + q;
          sumOfSquares += p * p + q * q;
        }
      }
    }
    this.moments.sum += sum;
    this.moments.sumOfSquares += sumOfSquares;
    this.moments.saturated ||= saturated;
  }
}

function atLeast(array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  return array.length >= length ? array : new Float64Array(length);
}
