import { packDepthwise, rowInt8 } from "./depthwise-int8";
import { INT16, isInt8, quantiseToBlocks, sizeOf, zeroByte } from "./formats";
import { multiplyAdd, squares4, sum4 } from "./gemm-float32";
import { addFloat, addInteger, clearMoments, finishMoments, mask16, mask32, pairSums, widen } from "./moments";

/**
 * Depthwise conv: a ring of k quantised input rows in blocks of 8 channels, zero padded, from which one output row of a block at a time is computed.
 * int16 arithmetic sums in int16: the caller grants that no sum reaches 2^15.
 * @param rowPixels pixels of a ring row, at least both paddings and what the last tile of outputs reads: 4 in int16, 3 in float32
 */
export function depthwise(
  out: usize,
  input: usize,
  weights: usize,
  scratch: usize,
  moments: usize,
  batch: i32,
  inResolution: i32,
  outResolution: i32,
  channels: i32,
  channelStride: i32,
  kernel: i32,
  stride: i32,
  rowPixels: i32,
  inFormat: i32,
  arithmetic: i32,
  scale: f32,
  limit: f32,
): void {
  clearMoments(moments);
  const padding = kernel >> 1;
  // In int8 a pixel is stored with its right neighbour.
  const outFormat = isInt8(arithmetic) ? INT16 : arithmetic;
  const pixelBytes = <usize>8 * sizeOf(outFormat);
  const rowBytes = <usize>rowPixels * pixelBytes;
  const blockBytes = <usize>kernel * rowBytes;
  const blocks = channelStride >> 3;
  const inBytes = <usize>(inResolution * channelStride) * sizeOf(inFormat);
  const outRowBytes = <usize>(outResolution * channelStride) * sizeOf(outFormat);
  const zero = zeroByte(arithmetic, limit);
  let weightBytes = <usize>(kernel * kernel) * pixelBytes;
  if (isInt8(arithmetic)) {
    const packed = scratch + <usize>blocks * blockBytes;
    let to = packed;
    for (let b = 0; b < blocks; b++) {
      to = packDepthwise(to, weights + <usize>b * weightBytes, kernel, channels - 8 * b, b === 0, limit);
    }
    weights = packed;
    weightBytes = <usize>(1 + kernel * ((kernel + 1) >> 1)) * 16;
  }
  memory.fill(scratch, zero, <usize>blocks * blockBytes);
  for (let n = 0; n < batch; n++) {
    let filled = -padding;
    for (let y = 0; y < outResolution; y++) {
      const top = y * stride - padding;
      for (; filled < top + kernel; filled++) {
        const row = scratch + <usize>((filled + kernel) % kernel) * rowBytes;
        if (filled < 0 || filled >= inResolution) {
          for (let b = 0; b < blocks; b++) memory.fill(row + <usize>b * blockBytes, zero, rowBytes);
        } else {
          const to = row + <usize>padding * pixelBytes;
          const from = input + <usize>filled * inBytes;
          quantiseToBlocks(to, from, inResolution, channelStride, blockBytes, inFormat, arithmetic, scale, limit);
        }
      }
      for (let b = 0; b < blocks; b++) {
        const ring = scratch + <usize>b * blockBytes;
        const w = weights + <usize>b * weightBytes;
        const to = out + <usize>b * pixelBytes;
        const slot = (top + kernel) % kernel;
        const left = channels - 8 * b;
        if (isInt8(arithmetic)) {
          rowInt8(to, ring, w, outResolution, kernel, stride, slot, rowBytes, channelStride, moments);
        } else if (arithmetic === INT16) {
          rowInt16(to, ring, w, outResolution, kernel, stride, slot, rowBytes, channelStride, left, moments);
        } else {
          rowFloat32(to, ring, w, outResolution, kernel, stride, slot, rowBytes, channelStride, left, moments);
        }
      }
      out += outRowBytes;
    }
    input += <usize>inResolution * inBytes;
  }
  finishMoments(moments);
}

// @ts-ignore: decorator
@inline
function multiplyAdd16(sum: v128, x: v128, w: v128): v128 {
  return i16x8.add(sum, i16x8.mul(x, w));
}

/** One output row of 8 channels: out (width, channelStride) int16, ring (k, rowPixels, 8), w (k * k, 8). */
function rowInt16(
  out: usize,
  ring: usize,
  w: usize,
  width: i32,
  kernel: i32,
  stride: i32,
  slot: i32,
  rowBytes: usize,
  channelStride: i32,
  channels: i32,
  moments: usize,
): void {
  const mask = mask16(channels);
  const step = <usize>stride * 16;
  const outBytes = <usize>channelStride * 2;
  let sum = i32x4.splat(0);
  let squares = i64x2.splat(0);
  for (let x = 0; x < width; x += 4) {
    let s0 = i16x8.splat(0);
    let s1 = i16x8.splat(0);
    let s2 = i16x8.splat(0);
    let s3 = i16x8.splat(0);
    let wj = w;
    let current = slot;
    for (let ky = 0; ky < kernel; ky++) {
      let p = ring + <usize>current * rowBytes + <usize>x * step;
      if (++current === kernel) current = 0;
      if (stride === 1) {
        for (let kx = 0; kx < kernel; kx++) {
          const v = v128.load(wj);
          s0 = multiplyAdd16(s0, v128.load(p), v);
          s1 = multiplyAdd16(s1, v128.load(p, 16), v);
          s2 = multiplyAdd16(s2, v128.load(p, 32), v);
          s3 = multiplyAdd16(s3, v128.load(p, 48), v);
          p += 16;
          wj += 16;
        }
      } else {
        for (let kx = 0; kx < kernel; kx++) {
          const v = v128.load(wj);
          s0 = multiplyAdd16(s0, v128.load(p), v);
          s1 = multiplyAdd16(s1, v128.load(p, 32), v);
          s2 = multiplyAdd16(s2, v128.load(p, 64), v);
          s3 = multiplyAdd16(s3, v128.load(p, 96), v);
          p += 16;
          wj += 16;
        }
      }
    }
    const count = width - x;
    const zero = i16x8.splat(0);
    s0 = v128.and(s0, mask);
    s1 = count > 1 ? v128.and(s1, mask) : zero;
    s2 = count > 2 ? v128.and(s2, mask) : zero;
    s3 = count > 3 ? v128.and(s3, mask) : zero;
    v128.store(out, s0);
    out += outBytes;
    if (count > 1) v128.store(out, s1);
    out += outBytes;
    if (count > 2) v128.store(out, s2);
    out += outBytes;
    if (count > 3) v128.store(out, s3);
    out += outBytes;
    sum = i32x4.add(sum, i32x4.add(i32x4.add(pairSums(s0), pairSums(s1)), i32x4.add(pairSums(s2), pairSums(s3))));
    squares = i64x2.add(squares, widen(i32x4.add(i32x4.dot_i16x8_s(s0, s0), i32x4.dot_i16x8_s(s1, s1))));
    squares = i64x2.add(squares, widen(i32x4.add(i32x4.dot_i16x8_s(s2, s2), i32x4.dot_i16x8_s(s3, s3))));
  }
  addInteger(moments, sum, squares);
}

/** One output row of 8 channels in two vectors of 4: out (width, channelStride) float32, ring (k, rowPixels, 8), w (k * k, 8). */
function rowFloat32(
  out: usize,
  ring: usize,
  w: usize,
  width: i32,
  kernel: i32,
  stride: i32,
  slot: i32,
  rowBytes: usize,
  channelStride: i32,
  channels: i32,
  moments: usize,
): void {
  const mask0 = mask32(channels);
  const mask1 = mask32(channels - 4);
  const step = <usize>stride * 32;
  const outBytes = <usize>channelStride * 4;
  let sum = f64x2.splat(0);
  let squares = f64x2.splat(0);
  for (let x = 0; x < width; x += 3) {
    let s00 = f32x4.splat(0);
    let s01 = f32x4.splat(0);
    let s10 = f32x4.splat(0);
    let s11 = f32x4.splat(0);
    let s20 = f32x4.splat(0);
    let s21 = f32x4.splat(0);
    let wj = w;
    let current = slot;
    for (let ky = 0; ky < kernel; ky++) {
      let p0 = ring + <usize>current * rowBytes + <usize>x * step;
      let p1 = p0 + step;
      let p2 = p1 + step;
      if (++current === kernel) current = 0;
      const end = p0 + 32 * kernel;
      // Three outputs, since loads come first in the engine's code: more would spill the sums.
      for (; p0 < end; p0 += 32) {
        const w0 = v128.load(wj);
        const w1 = v128.load(wj, 16);
        s00 = multiplyAdd(s00, v128.load(p0), w0);
        s01 = multiplyAdd(s01, v128.load(p0, 16), w1);
        s10 = multiplyAdd(s10, v128.load(p1), w0);
        s11 = multiplyAdd(s11, v128.load(p1, 16), w1);
        s20 = multiplyAdd(s20, v128.load(p2), w0);
        s21 = multiplyAdd(s21, v128.load(p2, 16), w1);
        p1 += 32;
        p2 += 32;
        wj += 32;
      }
    }
    const count = width - x;
    let y = out;
    for (let i = 0; i < min(count, 3); i++) {
      const low = v128.and(s00, mask0);
      const high = v128.and(s01, mask1);
      v128.store(y, low);
      v128.store(y, high, 16);
      sum = f64x2.add(sum, f64x2.add(sum4(low), sum4(high)));
      squares = f64x2.add(squares, f64x2.add(squares4(low), squares4(high)));
      s00 = s10;
      s01 = s11;
      s10 = s20;
      s11 = s21;
      y += outBytes;
    }
    out += 3 * outBytes;
  }
  addFloat(moments, sum, squares);
}
