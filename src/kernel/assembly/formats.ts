import { gemmFloat32 } from "./gemm-float32";
import { gemmInt16 } from "./gemm-int16";
import { gemmLevels } from "./int8";
import { quantiseBlocks, quantiseLevels, quantisePairs, quantiseRow } from "./quantise";

/** Element formats, as in kernels.ts. */
export const INT16: i32 = 0;
export const FLOAT32: i32 = 1;
/** An arithmetic only, in modules with relaxed SIMD: levels of 8 bits that stand for int16 (int8.ts). */
export const INT8: i32 = 2;

/** Whether the arithmetic is int8; false at compile time where the module has none. */
// @ts-ignore: decorator
@inline
export function isInt8(arithmetic: i32): bool {
  return ASC_FEATURE_RELAXED_SIMD && arithmetic === INT8;
}

/** Bytes of one element. */
// @ts-ignore: decorator
@inline
export function sizeOf(format: i32): usize {
  if (isInt8(format)) return 1;
  return format === INT16 ? 2 : 4;
}

/** The byte that 0 is made of. */
// @ts-ignore: decorator
@inline
export function zeroByte(arithmetic: i32, limit: f32): u8 {
  return isInt8(arithmetic) ? <u8>limit : 0;
}

export function quantise(dst: usize, src: usize, count: i32, from: i32, to: i32, scale: f32, limit: f32): void {
  if (isInt8(to)) {
    if (from === INT16) quantiseLevels<i16>(dst, src, count, scale, limit);
    else quantiseLevels<f32>(dst, src, count, scale, limit);
  } else if (to === INT16) {
    if (from === INT16) quantiseRow<i16, i16>(dst, src, count, scale, limit);
    else quantiseRow<f32, i16>(dst, src, count, scale, limit);
  } else {
    if (from === INT16) quantiseRow<i16, f32>(dst, src, count, scale, limit);
    else quantiseRow<f32, f32>(dst, src, count, scale, limit);
  }
}

export function quantiseToBlocks(
  dst: usize,
  src: usize,
  width: i32,
  channels: i32,
  blockBytes: usize,
  from: i32,
  to: i32,
  scale: f32,
  limit: f32,
): void {
  if (isInt8(to)) {
    if (from === INT16) quantisePairs<i16>(dst, src, width, channels, blockBytes, scale, limit);
    else quantisePairs<f32>(dst, src, width, channels, blockBytes, scale, limit);
  } else if (to === INT16) {
    if (from === INT16) quantiseBlocks<i16, i16>(dst, src, width, channels, blockBytes, scale, limit);
    else quantiseBlocks<f32, i16>(dst, src, width, channels, blockBytes, scale, limit);
  } else {
    if (from === INT16) quantiseBlocks<i16, f32>(dst, src, width, channels, blockBytes, scale, limit);
    else quantiseBlocks<f32, f32>(dst, src, width, channels, blockBytes, scale, limit);
  }
}

export function gemm(
  out: usize,
  a: usize,
  w: usize,
  rows: i32,
  depth: i32,
  outChannels: i32,
  outStride: i32,
  arithmetic: i32,
  outFormat: i32,
  moments: usize,
): void {
  if (isInt8(arithmetic)) gemmLevels(out, a, w, rows, depth, outChannels, outStride, moments);
  else if (arithmetic === FLOAT32) gemmFloat32(out, a, w, rows, depth, outChannels, outStride, moments);
  else if (outFormat === INT16) gemmInt16<i16>(out, a, w, rows, depth, outChannels, outStride, moments);
  else gemmInt16<f32>(out, a, w, rows, depth, outChannels, outStride, moments);
}
