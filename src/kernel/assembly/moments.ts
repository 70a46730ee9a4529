/*
 * Running moments of a conv's output at one address, 128 bytes: two i64x2 of sums, two of sums of squares (integer outputs),
 * two f64x2 of the same (float outputs), and the i16x8 minimum and maximum. Integer moments are exact in any order.
 */
export const SUM: usize = 0;
export const SQUARES: usize = 16;
export const FLOAT_SUM: usize = 32;
export const FLOAT_SQUARES: usize = 48;
export const MINIMUM: usize = 64;
export const MAXIMUM: usize = 80;
/** Results for the caller, three f64: sum, sum of squares, 1 where an int16 output may have saturated. */
export const RESULT: usize = 96;

export function clearMoments(moments: usize): void {
  memory.fill(moments, 0, 128);
}

export function finishMoments(moments: usize): void {
  const sum = v128.load(moments, SUM);
  const squares = v128.load(moments, SQUARES);
  const floatSum = v128.load(moments, FLOAT_SUM);
  const floatSquares = v128.load(moments, FLOAT_SQUARES);
  const integerSum = i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
  const integerSquares = i64x2.extract_lane(squares, 0) + i64x2.extract_lane(squares, 1);
  store<f64>(moments, <f64>integerSum + f64x2.extract_lane(floatSum, 0) + f64x2.extract_lane(floatSum, 1), RESULT);
  store<f64>(
    moments,
    <f64>integerSquares + f64x2.extract_lane(floatSquares, 0) + f64x2.extract_lane(floatSquares, 1),
    RESULT + 8,
  );
  const low = i16x8.eq(v128.load(moments, MINIMUM), i16x8.splat(-32768));
  const high = i16x8.eq(v128.load(moments, MAXIMUM), i16x8.splat(32767));
  store<f64>(moments, v128.any_true(v128.or(low, high)) ? 1.0 : 0.0, RESULT + 16);
}

/** Adds i32x4 sums and i64x2 sums of squares of the low and high halves. */
// @ts-ignore: decorator
@inline
export function addInteger(moments: usize, sum: v128, squares: v128): void {
  const low = i64x2.extend_low_i32x4_s(sum);
  const high = i64x2.extend_high_i32x4_s(sum);
  v128.store(moments, i64x2.add(v128.load(moments, SUM), i64x2.add(low, high)), SUM);
  v128.store(moments, i64x2.add(v128.load(moments, SQUARES), squares), SQUARES);
}

// @ts-ignore: decorator
@inline
export function addExtremes(moments: usize, minimum: v128, maximum: v128): void {
  v128.store(moments, i16x8.min_s(v128.load(moments, MINIMUM), minimum), MINIMUM);
  v128.store(moments, i16x8.max_s(v128.load(moments, MAXIMUM), maximum), MAXIMUM);
}

// @ts-ignore: decorator
@inline
export function addFloat(moments: usize, sum: v128, squares: v128): void {
  v128.store(moments, f64x2.add(v128.load(moments, FLOAT_SUM), sum), FLOAT_SUM);
  v128.store(moments, f64x2.add(v128.load(moments, FLOAT_SQUARES), squares), FLOAT_SQUARES);
}

/** i32x4 pair sums of an int16 output, for addInteger. */
// @ts-ignore: decorator
@inline
export function pairSums(y: v128): v128 {
  return i32x4.dot_i16x8_s(y, i16x8.splat(1));
}

/** Four unsigned 32-bit sums widened to i64x2 and added. */
// @ts-ignore: decorator
@inline
export function widen(squares: v128): v128 {
  return i64x2.add(v128.and(squares, i64x2.splat(0xffffffff)), i64x2.shr_u(squares, 32));
}

/** All ones in the first `count` of eight 16-bit lanes. */
// @ts-ignore: decorator
@inline
export function mask16(count: i32): v128 {
  return i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>min(count, 8)));
}

/** All ones in the first `count` of four 32-bit lanes; count may be negative. */
// @ts-ignore: decorator
@inline
export function mask32(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}
