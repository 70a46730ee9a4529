import { gemmInt16 } from "./gemm-int16";
import { addInteger, mask32, pairSums, widen } from "./moments";

/*
 * Convs whose levels fit in bytes, by i16x8.relaxed_dot_i8x16_i7x16_s. Activations are stored as q + limit, 0 to 64, so that the
 * instruction has one meaning on every machine: its second operand is below 2^7 and no sum of two products reaches 2^15. A sum starts at
 * -limit * sum(w) and wraps, which is exact modulo 2^16, so it is right wherever its true value fits in int16.
 */

/** A sum is at most |a| |w|: while |a|^2 |w|^2 is at most this, it is within int16 and reaches no end of it. */
const MOST_SQUARES: f64 = 32766 * 32766;
/** While it is at most this, four sums add up in int16, and 128 squares in 32 unsigned bits: two a lane of each row of a tile of 64. */
export const FEW_SQUARES: f64 = 33554431;

/** Of the conv that runs: packed weights, what their sums start at, the largest |w|^2 of an output channel, and a tile of int16. */
let panels: usize = 0;
let starts: usize = 0;
let weightSquares: i32 = 0;
let wideTile: usize = 0;
let zeroLevel: i32 = 0;

// @ts-ignore: decorator
@inline
export function multiplyAdd8(sum: v128, x: v128, w: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.add(sum, i16x8.relaxed_dot_i8x16_i7x16_s(w, x));
  return unreachable();
}

/** Adds squares of bytes below 2^7, four to a lane. */
// @ts-ignore: decorator
@inline
function addSquares(sum: v128, x: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, x, sum);
  return unreachable();
}

/**
 * Packs the weights of a GEMM, (ceil(outChannels/8), depth/2, 8, 2) int16, into scratch as (ceil(outChannels/8), depth/4, 8, 4) int8 with
 * even output channels before odd ones and 0 past the last.
 * @param depth multiple of 8
 * @param tile rows of the largest tile, a multiple of 4
 * @returns the first address of scratch behind what the GEMM keeps there
 */
export function packGemm(scratch: usize, w: usize, outChannels: i32, depth: i32, tile: i32, limit: f32): usize {
  const blocks = (outChannels + 7) >> 3;
  panels = scratch;
  starts = panels + <usize>(blocks * depth) * 8;
  wideTile = starts + <usize>blocks * 32;
  zeroLevel = <i32>limit;
  const level = i8x16.splat(<i8>zeroLevel);
  let squares = i32x4.splat(0);
  let to = panels;
  for (let block = 0; block < blocks; block++) {
    let even = i16x8.splat(0);
    let odd = i16x8.splat(0);
    let low = i32x4.splat(0);
    let high = i32x4.splat(0);
    const lowMask = mask32(outChannels - 8 * block);
    const highMask = mask32(outChannels - 8 * block - 4);
    const end = w + <usize>depth * 16;
    for (; w < end; w += 64) {
      const w0 = v128.and(v128.load(w), lowMask);
      const w1 = v128.and(v128.load(w, 16), highMask);
      const w2 = v128.and(v128.load(w, 32), lowMask);
      const w3 = v128.and(v128.load(w, 48), highMask);
      const v0 = i8x16.narrow_i16x8_s(v128.shuffle<i32>(w0, w2, 0, 4, 2, 6), v128.shuffle<i32>(w1, w3, 0, 4, 2, 6));
      const v1 = i8x16.narrow_i16x8_s(v128.shuffle<i32>(w0, w2, 1, 5, 3, 7), v128.shuffle<i32>(w1, w3, 1, 5, 3, 7));
      v128.store(to, v0);
      v128.store(to, v1, 16);
      to += 32;
      even = multiplyAdd8(even, level, v0);
      odd = multiplyAdd8(odd, level, v1);
      low = i32x4.add(low, i32x4.add(i32x4.dot_i16x8_s(w0, w0), i32x4.dot_i16x8_s(w2, w2)));
      high = i32x4.add(high, i32x4.add(i32x4.dot_i16x8_s(w1, w1), i32x4.dot_i16x8_s(w3, w3)));
    }
    v128.store(starts + <usize>block * 32, i16x8.neg(even));
    v128.store(starts + <usize>block * 32, i16x8.neg(odd), 16);
    squares = i32x4.max_u(squares, i32x4.max_u(low, high));
  }
  squares = i32x4.max_u(squares, v128.shuffle<i64>(squares, squares, 1, 0));
  weightSquares = max<u32>(i32x4.extract_lane(squares, 0), i32x4.extract_lane(squares, 1));
  return wideTile + <usize>(tile * depth) * 2;
}

/** out[r][o] as gemmInt16 leaves it in int16, from levels a (rows padded to 4 with the level of 0, depth); after packGemm of the weights w. */
export function gemmLevels(
  out: usize,
  a: usize,
  w: usize,
  rows: i32,
  depth: i32,
  outChannels: i32,
  outStride: i32,
  moments: usize,
): void {
  const squares = <f64>(<u32>weightSquares);
  const bound = <f64>(depth * zeroLevel * zeroLevel) * squares;
  if (bound <= FEW_SQUARES && rows <= 64) {
    gemmInt8<u16>(out, a, rows, depth, outChannels, outStride, moments);
  } else if (bound <= MOST_SQUARES || <f64>mostSquares(a, rows, depth) * squares <= MOST_SQUARES) {
    gemmInt8<u32>(out, a, rows, depth, outChannels, outStride, moments);
  } else {
    const zero = i16x8.splat(<i16>zeroLevel);
    const end = a + <usize>(((rows + 3) & ~3) * depth);
    for (let to = wideTile; a < end; a += 8, to += 16) v128.store(to, i16x8.sub(v128.load8x8_u(a), zero));
    gemmInt16<i16>(out, wideTile, w, rows, depth, outChannels, outStride, moments);
  }
}

/** At least the largest sum of squares of a row: the sum of four columns' largest. */
function mostSquares(a: usize, rows: i32, depth: i32): i32 {
  const zero = i8x16.splat(<i8>zeroLevel);
  let most = i32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    let squares = i32x4.splat(0);
    const end = a + <usize>(depth & ~15);
    for (; a < end; a += 16) {
      const q = i8x16.abs(i8x16.sub(v128.load(a), zero));
      squares = addSquares(squares, q);
    }
    if ((depth & 8) !== 0) {
      const q = i8x16.abs(i8x16.sub(v128.load64_splat(a), zero));
      squares = addSquares(squares, q);
      a += 8;
    }
    most = i32x4.max_u(most, squares);
  }
  most = i32x4.add(most, v128.shuffle<i64>(most, most, 1, 0));
  return i32x4.extract_lane(most, 0) + i32x4.extract_lane(most, 1);
}

/** The eight sums of an even and an odd vector, each the two halves of a 32-bit lane. */
// @ts-ignore: decorator
@inline
function joined(even: v128, odd: v128): v128 {
  const low = i16x8.add(even, i32x4.shr_u(even, 16));
  const high = i16x8.add(odd, i32x4.shl(odd, 16));
  return v128.shuffle<i16>(low, high, 0, 9, 2, 11, 4, 13, 6, 15);
}

/** @typeParam Sums u16: the bound is at most FEW_SQUARES; u32: at most MOST_SQUARES */
function gemmInt8<Sums>(
  out: usize,
  a: usize,
  rows: i32,
  depth: i32,
  outChannels: i32,
  outStride: i32,
  moments: usize,
): void {
  const outBytes = <usize>outStride * 2;
  let w = panels;
  let start = starts;
  for (let o = 0; o < outChannels; o += 8) {
    let to = out + <usize>o * 2;
    let a0 = a;
    let sum = i32x4.splat(0);
    let squares = i64x2.splat(0);
    for (let r = 0; r < rows; r += 4) {
      let s00 = v128.load(start);
      let s01 = v128.load(start, 16);
      let s10 = s00;
      let s11 = s01;
      let s20 = s00;
      let s21 = s01;
      let s30 = s00;
      let s31 = s01;
      let a1 = a0 + <usize>depth;
      let a2 = a1 + <usize>depth;
      let a3 = a2 + <usize>depth;
      let wj = w;
      const end = a1;
      // One step an iteration: in a longer body the engine would move all loads to the front and spill the sums.
      for (; a0 < end; a0 += 4) {
        const w0 = v128.load(wj);
        const w1 = v128.load(wj, 16);
        let x = v128.load32_splat(a0);
        s00 = multiplyAdd8(s00, x, w0);
        s01 = multiplyAdd8(s01, x, w1);
        x = v128.load32_splat(a1);
        s10 = multiplyAdd8(s10, x, w0);
        s11 = multiplyAdd8(s11, x, w1);
        x = v128.load32_splat(a2);
        s20 = multiplyAdd8(s20, x, w0);
        s21 = multiplyAdd8(s21, x, w1);
        x = v128.load32_splat(a3);
        s30 = multiplyAdd8(s30, x, w0);
        s31 = multiplyAdd8(s31, x, w1);
        a1 += 4;
        a2 += 4;
        a3 += 4;
        wj += 32;
      }
      a0 = a3;
      const y0 = joined(s00, s01);
      const y1 = joined(s10, s11);
      const y2 = joined(s20, s21);
      const y3 = joined(s30, s31);
      v128.store(to, y0);
      const to1 = to + outBytes;
      const to2 = to1 + outBytes;
      if (r + 3 < rows) {
        v128.store(to1, y1);
        v128.store(to2, y2);
        v128.store(to2 + outBytes, y3);
      } else {
        if (r + 1 < rows) v128.store(to1, y1);
        if (r + 2 < rows) v128.store(to2, y2);
      }
      to = to2 + 2 * outBytes;
      const squares01 = i32x4.add(i32x4.dot_i16x8_s(y0, y0), i32x4.dot_i16x8_s(y1, y1));
      const squares23 = i32x4.add(i32x4.dot_i16x8_s(y2, y2), i32x4.dot_i16x8_s(y3, y3));
      if (sizeof<Sums>() == 2) {
        sum = i32x4.add(sum, pairSums(i16x8.add(i16x8.add(y0, y1), i16x8.add(y2, y3))));
        squares = i32x4.add(squares, i32x4.add(squares01, squares23));
      } else {
        sum = i32x4.add(sum, i32x4.add(i32x4.add(pairSums(y0), pairSums(y1)), i32x4.add(pairSums(y2), pairSums(y3))));
        squares = i64x2.add(squares, i64x2.add(widen(squares01), widen(squares23)));
      }
    }
    if (sizeof<Sums>() == 2) squares = widen(squares);
    addInteger(moments, sum, squares);
    w += <usize>depth * 8;
    start += 32;
  }
}
