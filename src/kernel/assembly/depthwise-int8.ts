import { FEW_SQUARES, multiplyAdd8 } from "./int8";
import { addInteger, mask16, pairSums, widen } from "./moments";

/** At least the largest absolute value of an output of the conv that runs. */
let most: i32 = 0;

/**
 * Packs one block of 8 channels of a depthwise conv, (k * k, 8) int16, as what its sums start at, 16 bytes, and then
 * (k, ceil(k/2), 8, 2) int8: pairs of taps that are neighbours in a row, the last one with 0; 0 past the last channel.
 * @param channels from the block's first to the conv's last
 * @param first whether it is the conv's first block
 * @returns the address behind it
 */
export function packDepthwise(to: usize, w: usize, kernel: i32, channels: i32, first: bool, limit: f32): usize {
  const level = i8x16.splat(<i8>limit);
  const mask = mask16(channels);
  const bytes = i16x8.splat(255);
  const start = to;
  let sum = i16x8.splat(0);
  let absolute = i16x8.splat(0);
  to += 16;
  for (let ky = 0; ky < kernel; ky++) {
    for (let kx = 0; kx < kernel; kx += 2) {
      const left = v128.and(v128.load(w), mask);
      const right = kx + 1 < kernel ? v128.and(v128.load(w, 16), mask) : i16x8.splat(0);
      const pair = v128.or(v128.and(left, bytes), i16x8.shl(right, 8));
      v128.store(to, pair);
      sum = multiplyAdd8(sum, level, pair);
      absolute = i16x8.add(absolute, i16x8.add(i16x8.abs(left), i16x8.abs(right)));
      to += 16;
      w += kx + 1 < kernel ? 32 : 16;
    }
  }
  v128.store(start, i16x8.neg(sum));
  absolute = i16x8.max_s(absolute, v128.shuffle<i64>(absolute, absolute, 1, 0));
  absolute = i16x8.max_s(absolute, v128.shuffle<i32>(absolute, absolute, 1, 0, 3, 2));
  const largest = max<i32>(i16x8.extract_lane_s(absolute, 0), i16x8.extract_lane_s(absolute, 1));
  most = max(first ? 0 : most, largest * <i32>limit);
  return to;
}

/** One output row of 8 channels: out (width, channelStride) int16, ring (k, rowPixels, 8, 2), w as packDepthwise left it. */
export function rowInt8(
  out: usize,
  ring: usize,
  w: usize,
  width: i32,
  kernel: i32,
  stride: i32,
  slot: i32,
  rowBytes: usize,
  channelStride: i32,
  moments: usize,
): void {
  if (width <= 64 && <f64>(most * most) <= FEW_SQUARES) {
    row<u16>(out, ring, w, width, kernel, stride, slot, rowBytes, channelStride, moments);
  } else {
    row<u32>(out, ring, w, width, kernel, stride, slot, rowBytes, channelStride, moments);
  }
}

/** @typeParam Sums u16: squares of outputs are at most FEW_SQUARES; u32: any */
function row<Sums>(
  out: usize,
  ring: usize,
  w: usize,
  width: i32,
  kernel: i32,
  stride: i32,
  slot: i32,
  rowBytes: usize,
  channelStride: i32,
  moments: usize,
): void {
  const step = <usize>stride * 16;
  const outBytes = <usize>channelStride * 2;
  let sum = i32x4.splat(0);
  let squares = i64x2.splat(0);
  for (let x = 0; x < width; x += 4) {
    let s0 = v128.load(w);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let wj = w + 16;
    let current = slot;
    for (let ky = 0; ky < kernel; ky++) {
      let p = ring + <usize>current * rowBytes + <usize>x * step;
      if (++current === kernel) current = 0;
      // A pair serves several outputs: left of it the first of their taps, right of it the last.
      if (kernel === 5 && stride === 1) {
        const v0 = v128.load(wj);
        const v1 = v128.load(wj, 16);
        const v2 = v128.load(wj, 32);
        s0 = multiplyAdd8(s0, v128.load(p), v0);
        s1 = multiplyAdd8(s1, v128.load(p, 16), v0);
        let x = v128.load(p, 32);
        s2 = multiplyAdd8(s2, x, v0);
        s0 = multiplyAdd8(s0, x, v1);
        x = v128.load(p, 48);
        s3 = multiplyAdd8(s3, x, v0);
        s1 = multiplyAdd8(s1, x, v1);
        x = v128.load(p, 64);
        s2 = multiplyAdd8(s2, x, v1);
        s0 = multiplyAdd8(s0, x, v2);
        x = v128.load(p, 80);
        s3 = multiplyAdd8(s3, x, v1);
        s1 = multiplyAdd8(s1, x, v2);
        s2 = multiplyAdd8(s2, v128.load(p, 96), v2);
        s3 = multiplyAdd8(s3, v128.load(p, 112), v2);
        wj += 48;
      } else if (kernel === 5) {
        const v0 = v128.load(wj);
        const v1 = v128.load(wj, 16);
        const v2 = v128.load(wj, 32);
        s0 = multiplyAdd8(s0, v128.load(p), v0);
        let x = v128.load(p, 32);
        s1 = multiplyAdd8(s1, x, v0);
        s0 = multiplyAdd8(s0, x, v1);
        x = v128.load(p, 64);
        s2 = multiplyAdd8(s2, x, v0);
        s1 = multiplyAdd8(s1, x, v1);
        s0 = multiplyAdd8(s0, x, v2);
        x = v128.load(p, 96);
        s3 = multiplyAdd8(s3, x, v0);
        s2 = multiplyAdd8(s2, x, v1);
        s1 = multiplyAdd8(s1, x, v2);
        x = v128.load(p, 128);
        s3 = multiplyAdd8(s3, x, v1);
        s2 = multiplyAdd8(s2, x, v2);
        s3 = multiplyAdd8(s3, v128.load(p, 160), v2);
        wj += 48;
      } else {
        for (let kx = 0; kx < kernel; kx += 2) {
          const v = v128.load(wj);
          const p2 = p + 2 * step;
          s0 = multiplyAdd8(s0, v128.load(p), v);
          s1 = multiplyAdd8(s1, v128.load(p + step), v);
          s2 = multiplyAdd8(s2, v128.load(p2), v);
          s3 = multiplyAdd8(s3, v128.load(p2 + step), v);
          p += 32;
          wj += 16;
        }
      }
    }
    const out1 = out + outBytes;
    const out2 = out1 + outBytes;
    const out3 = out2 + outBytes;
    const count = width - x;
    v128.store(out, s0);
    if (count > 3) {
      v128.store(out1, s1);
      v128.store(out2, s2);
      v128.store(out3, s3);
    } else {
      const zero = i16x8.splat(0);
      if (count > 1) v128.store(out1, s1);
      else s1 = zero;
      if (count > 2) v128.store(out2, s2);
      else s2 = zero;
      s3 = zero;
    }
    out = out3 + outBytes;
    const squares01 = i32x4.add(i32x4.dot_i16x8_s(s0, s0), i32x4.dot_i16x8_s(s1, s1));
    const squares23 = i32x4.add(i32x4.dot_i16x8_s(s2, s2), i32x4.dot_i16x8_s(s3, s3));
    if (sizeof<Sums>() == 2) {
      sum = i32x4.add(sum, pairSums(i16x8.add(i16x8.add(s0, s1), i16x8.add(s2, s3))));
      squares = i32x4.add(squares, i32x4.add(squares01, squares23));
    } else {
      sum = i32x4.add(sum, i32x4.add(i32x4.add(pairSums(s0), pairSums(s1)), i32x4.add(pairSums(s2), pairSums(s3))));
      squares = i64x2.add(squares, i64x2.add(widen(squares01), widen(squares23)));
    }
  }
  if (sizeof<Sums>() == 2) squares = widen(squares);
  addInteger(moments, sum, squares);
}
