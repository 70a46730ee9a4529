import { addFloat, mask32 } from "./moments";

// @ts-ignore: decorator
@inline
export function multiplyAdd(sum: v128, a: v128, w: v128): v128 {
  // @ts-ignore: a constant of the compiler's command line
  if (isDefined(FUSED)) return f32x4.relaxed_madd(a, w, sum);
  return f32x4.add(sum, f32x4.mul(a, w));
}

// @ts-ignore: decorator
@inline
function lowHalf(y: v128): v128 {
  return f64x2.promote_low_f32x4(y);
}

// @ts-ignore: decorator
@inline
function highHalf(y: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(y, y, 1, 1));
}

/**
 * out[r][o] = sum_j a[r][j] * w[o][j], moments of out added.
 * out (rows, outStride) float32; a (rows padded to 4 with zeros, depth) float32; w (ceil(outChannels/8), depth, 8) float32.
 * @param depth multiple of 8
 */
export function gemmFloat32(
  out: usize,
  a: usize,
  w: usize,
  rows: i32,
  depth: i32,
  outChannels: i32,
  outStride: i32,
  moments: usize,
): void {
  const rowBytes = <usize>depth * 4;
  const outBytes = <usize>outStride * 4;
  for (let o = 0; o < outChannels; o += 8) {
    const mask0 = mask32(outChannels - o);
    const mask1 = mask32(outChannels - o - 4);
    let to = out + <usize>o * 4;
    let a0 = a;
    let sum = f64x2.splat(0);
    let squares = f64x2.splat(0);
    for (let r = 0; r < rows; r += 4) {
      let s00 = f32x4.splat(0);
      let s01 = f32x4.splat(0);
      let s10 = f32x4.splat(0);
      let s11 = f32x4.splat(0);
      let s20 = f32x4.splat(0);
      let s21 = f32x4.splat(0);
      let s30 = f32x4.splat(0);
      let s31 = f32x4.splat(0);
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
      s00 = v128.and(s00, mask0);
      s10 = v128.and(s10, mask0);
      s20 = v128.and(s20, mask0);
      s30 = v128.and(s30, mask0);
      s01 = v128.and(s01, mask1);
      s11 = v128.and(s11, mask1);
      s21 = v128.and(s21, mask1);
      s31 = v128.and(s31, mask1);
      v128.store(to, s00);
      v128.store(to, s01, 16);
      to += outBytes;
      if (r + 1 < rows) {
        v128.store(to, s10);
        v128.store(to, s11, 16);
      }
      to += outBytes;
      if (r + 2 < rows) {
        v128.store(to, s20);
        v128.store(to, s21, 16);
      }
      to += outBytes;
      if (r + 3 < rows) {
        v128.store(to, s30);
        v128.store(to, s31, 16);
      }
      to += outBytes;
      sum = f64x2.add(
        sum,
        f64x2.add(sum2(s00, s01), f64x2.add(sum2(s10, s11), f64x2.add(sum2(s20, s21), sum2(s30, s31)))),
      );
      squares = f64x2.add(squares, f64x2.add(squares2(s00, s01), squares2(s10, s11)));
      squares = f64x2.add(squares, f64x2.add(squares2(s20, s21), squares2(s30, s31)));
    }
    addFloat(moments, sum, squares);
    w += <usize>depth * 32;
  }
}

/** f64x2 sums of eight float32. */
// @ts-ignore: decorator
@inline
function sum2(y: v128, z: v128): v128 {
  return f64x2.add(f64x2.add(lowHalf(y), highHalf(y)), f64x2.add(lowHalf(z), highHalf(z)));
}

/** f64x2 sums of the squares of eight float32. */
// @ts-ignore: decorator
@inline
function squares2(y: v128, z: v128): v128 {
  const y0 = lowHalf(y);
  const y1 = highHalf(y);
  const z0 = lowHalf(z);
  const z1 = highHalf(z);
  return f64x2.add(f64x2.add(f64x2.mul(y0, y0), f64x2.mul(y1, y1)), f64x2.add(f64x2.mul(z0, z0), f64x2.mul(z1, z1)));
}

/** f64x2 sum and sum of squares of one f32x4, for the depthwise kernel. */
// @ts-ignore: decorator
@inline
export function sum4(y: v128): v128 {
  return f64x2.add(lowHalf(y), highHalf(y));
}

// @ts-ignore: decorator
@inline
export function squares4(y: v128): v128 {
  const y0 = lowHalf(y);
  const y1 = highHalf(y);
  return f64x2.add(f64x2.mul(y0, y0), f64x2.mul(y1, y1));
}
