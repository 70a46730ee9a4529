import { multiplyAdd8 } from "./int8";

// @ts-ignore: decorator
@inline
function multiplyAdd<T>(sum: v128, factor: v128, summand: v128): v128 {
  if (isFloat<T>()) return f32x4.add(f32x4.mul(sum, factor), summand);
  if (sizeof<T>() == 1) return multiplyAdd8(summand, factor, sum);
  if (sizeof<T>() == 4) return i32x4.add(i32x4.dot_i16x8_s(sum, factor), summand);
  return i16x8.add(i16x8.mul(sum, factor), summand);
}

/** Twelve independent chains of twice a multiply then an add, `rounds` times; what they come to, so that the engine leaves nothing out. */
// @ts-ignore: decorator
@inline
function chains<T>(rounds: i32, m: v128, a: v128): i32 {
  let s0 = a;
  let s1 = s0,
    s2 = s0,
    s3 = s0,
    s4 = s0,
    s5 = s0,
    s6 = s0,
    s7 = s0,
    s8 = s0,
    s9 = s0,
    s10 = s0,
    s11 = s0;
  for (let i = 0; i < rounds; i++) {
    s0 = multiplyAdd<T>(s0, m, a);
    s1 = multiplyAdd<T>(s1, m, a);
    s2 = multiplyAdd<T>(s2, m, a);
    s3 = multiplyAdd<T>(s3, m, a);
    s4 = multiplyAdd<T>(s4, m, a);
    s5 = multiplyAdd<T>(s5, m, a);
    s6 = multiplyAdd<T>(s6, m, a);
    s7 = multiplyAdd<T>(s7, m, a);
    s8 = multiplyAdd<T>(s8, m, a);
    s9 = multiplyAdd<T>(s9, m, a);
    s10 = multiplyAdd<T>(s10, m, a);
    s11 = multiplyAdd<T>(s11, m, a);
    s0 = multiplyAdd<T>(s0, m, a);
    s1 = multiplyAdd<T>(s1, m, a);
    s2 = multiplyAdd<T>(s2, m, a);
    s3 = multiplyAdd<T>(s3, m, a);
    s4 = multiplyAdd<T>(s4, m, a);
    s5 = multiplyAdd<T>(s5, m, a);
    s6 = multiplyAdd<T>(s6, m, a);
    s7 = multiplyAdd<T>(s7, m, a);
    s8 = multiplyAdd<T>(s8, m, a);
    s9 = multiplyAdd<T>(s9, m, a);
    s10 = multiplyAdd<T>(s10, m, a);
    s11 = multiplyAdd<T>(s11, m, a);
  }
  s0 = v128.xor(v128.xor(s0, s1), v128.xor(s2, s3));
  s4 = v128.xor(v128.xor(s4, s5), v128.xor(s6, s7));
  s8 = v128.xor(v128.xor(s8, s9), v128.xor(s10, s11));
  return i32x4.extract_lane(v128.xor(s0, v128.xor(s4, s8)), 0);
}

/*
 * The fastest multiply-add of each arithmetic. Factor and summand are arguments, since the engine would load constants again in every round.
 */

/** f32x4.mul, f32x4.add: 192 operations a round. */
export function peakFloat32(rounds: i32, factor: f32, summand: f32): i32 {
  return chains<f32>(rounds, f32x4.splat(factor), f32x4.splat(summand));
}

/** i32x4.dot_i16x8_s, i32x4.add: 384 operations a round, eight multiplications and eight additions a pair of instructions. */
export function peakDot(rounds: i32, factor: i32, summand: i32): i32 {
  return chains<i32>(rounds, i16x8.splat(<i16>factor), i32x4.splat(summand));
}

/** i16x8.relaxed_dot_i8x16_i7x16_s, i16x8.add: 768 operations a round; only in modules with relaxed SIMD. */
export function peakInt8(rounds: i32, factor: i32, summand: i32): i32 {
  if (ASC_FEATURE_RELAXED_SIMD) return chains<i8>(rounds, i8x16.splat(<i8>factor), i16x8.splat(<i16>summand));
  return unreachable();
}

/** i16x8.mul, i16x8.add: 384 operations a round. */
export function peakInt16(rounds: i32, factor: i32, summand: i32): i32 {
  return chains<i16>(rounds, i16x8.splat(<i16>factor), i16x8.splat(<i16>summand));
}
