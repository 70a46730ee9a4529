import { addExtremes, addFloat, addInteger, mask16, mask32, pairSums, widen } from "./moments";

// @ts-ignore: decorator
@inline
function multiplyAdd(sum: v128, a: v128, w: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, w));
}

/**
 * out[r][o] = sum_j a[r][j] * w[o][j], exact in int32, moments of out added.
 * out (rows, outStride) int16 or float32; a (rows padded to 4 with zeros, depth) int16; w (ceil(outChannels/8), depth/2, 8, 2) int16.
 * @param depth multiple of 8
 */
export function gemmInt16<Out>(
  out: usize,
  a: usize,
  w: usize,
  rows: i32,
  depth: i32,
  outChannels: i32,
  outStride: i32,
  moments: usize,
): void {
  const rowBytes = <usize>depth * 2;
  const outBytes = <usize>outStride * sizeof<Out>();
  for (let o = 0; o < outChannels; o += 8) {
    let to = out + <usize>o * sizeof<Out>();
    let a0 = a;
    if (isFloat<Out>()) {
      let sum = f64x2.splat(0);
      let squares = f64x2.splat(0);
      for (let r = 0; r < rows; r++) {
        let low = i32x4.splat(0);
        let high = i32x4.splat(0);
        let wj = w;
        const end = a0 + rowBytes;
        for (let aj = a0; aj < end; aj += 4) {
          const x = v128.load32_splat(aj);
          low = multiplyAdd(low, x, v128.load(wj));
          high = multiplyAdd(high, x, v128.load(wj, 16));
          wj += 32;
        }
        low = v128.and(low, mask32(outChannels - o));
        high = v128.and(high, mask32(outChannels - o - 4));
        v128.store(to, f32x4.convert_i32x4_s(low));
        v128.store(to, f32x4.convert_i32x4_s(high), 16);
        const x0 = f64x2.convert_low_i32x4_s(low);
        const x1 = f64x2.convert_low_i32x4_s(v128.shuffle<i64>(low, low, 1, 1));
        const x2 = f64x2.convert_low_i32x4_s(high);
        const x3 = f64x2.convert_low_i32x4_s(v128.shuffle<i64>(high, high, 1, 1));
        sum = f64x2.add(sum, f64x2.add(f64x2.add(x0, x1), f64x2.add(x2, x3)));
        squares = f64x2.add(squares, f64x2.add(f64x2.mul(x0, x0), f64x2.mul(x1, x1)));
        squares = f64x2.add(squares, f64x2.add(f64x2.mul(x2, x2), f64x2.mul(x3, x3)));
        a0 += rowBytes;
        to += outBytes;
      }
      addFloat(moments, sum, squares);
    } else {
      const mask = mask16(outChannels - o);
      let sum = i32x4.splat(0);
      let squares = i64x2.splat(0);
      let minimum = i16x8.splat(0);
      let maximum = i16x8.splat(0);
      for (let r = 0; r < rows; r += 4) {
        let s00 = i32x4.splat(0);
        let s01 = i32x4.splat(0);
        let s10 = i32x4.splat(0);
        let s11 = i32x4.splat(0);
        let s20 = i32x4.splat(0);
        let s21 = i32x4.splat(0);
        let s30 = i32x4.splat(0);
        let s31 = i32x4.splat(0);
        let a1 = a0 + rowBytes;
        let a2 = a1 + rowBytes;
        let a3 = a2 + rowBytes;
        let wj = w;
        const end = a1;
        // One step an iteration: in a longer body the engine would move all loads to the front and spill the sums.
        for (; a0 < end; a0 += 4) {
          const w0 = v128.load(wj);
          const w1 = v128.load(wj, 16);
          let x = v128.load32_splat(a0);
          s00 = multiplyAdd(s00, x, w0);
          s01 = multiplyAdd(s01, x, w1);
          x = v128.load32_splat(a1);
          s10 = multiplyAdd(s10, x, w0);
          s11 = multiplyAdd(s11, x, w1);
          x = v128.load32_splat(a2);
          s20 = multiplyAdd(s20, x, w0);
          s21 = multiplyAdd(s21, x, w1);
          x = v128.load32_splat(a3);
          s30 = multiplyAdd(s30, x, w0);
          s31 = multiplyAdd(s31, x, w1);
          a1 += 4;
          a2 += 4;
          a3 += 4;
          wj += 32;
        }
        a0 = a3;
        const y0 = v128.and(i16x8.narrow_i32x4_s(s00, s01), mask);
        const y1 = v128.and(i16x8.narrow_i32x4_s(s10, s11), mask);
        const y2 = v128.and(i16x8.narrow_i32x4_s(s20, s21), mask);
        const y3 = v128.and(i16x8.narrow_i32x4_s(s30, s31), mask);
        v128.store(to, y0);
        to += outBytes;
        if (r + 1 < rows) v128.store(to, y1);
        to += outBytes;
        if (r + 2 < rows) v128.store(to, y2);
        to += outBytes;
        if (r + 3 < rows) v128.store(to, y3);
        to += outBytes;
        sum = i32x4.add(sum, i32x4.add(i32x4.add(pairSums(y0), pairSums(y1)), i32x4.add(pairSums(y2), pairSums(y3))));
        // A pair of squares is below 2^31 where nothing saturated, so two pairs fit in 32 unsigned bits.
        squares = i64x2.add(squares, widen(i32x4.add(i32x4.dot_i16x8_s(y0, y0), i32x4.dot_i16x8_s(y1, y1))));
        squares = i64x2.add(squares, widen(i32x4.add(i32x4.dot_i16x8_s(y2, y2), i32x4.dot_i16x8_s(y3, y3))));
        minimum = i16x8.min_s(minimum, i16x8.min_s(i16x8.min_s(y0, y1), i16x8.min_s(y2, y3)));
        maximum = i16x8.max_s(maximum, i16x8.max_s(i16x8.max_s(y0, y1), i16x8.max_s(y2, y3)));
      }
      addInteger(moments, sum, squares);
      addExtremes(moments, minimum, maximum);
    }
    w += <usize>depth * 16;
  }
}
