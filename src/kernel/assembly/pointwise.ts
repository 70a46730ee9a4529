import { gemm, isInt8, quantise, sizeOf, zeroByte } from "./formats";
import { packGemm } from "./int8";
import { clearMoments, finishMoments } from "./moments";

/** 1x1 conv, stride 1: shapes and arguments as in Kernels.pointwise; the channels of the input are a multiple of 8. */
export function pointwise(
  out: usize,
  input: usize,
  weights: usize,
  scratch: usize,
  moments: usize,
  pixels: i32,
  tile: i32,
  depth: i32,
  outChannels: i32,
  outStride: i32,
  inFormat: i32,
  arithmetic: i32,
  outFormat: i32,
  scale: f32,
  limit: f32,
): void {
  clearMoments(moments);
  const rowBytes = <usize>depth * sizeOf(arithmetic);
  const zero = zeroByte(arithmetic, limit);
  if (isInt8(arithmetic)) scratch = packGemm(scratch, weights, outChannels, depth, tile, limit);
  for (let p = 0; p < pixels; p += tile) {
    const rows = min(tile, pixels - p);
    quantise(scratch, input, rows * depth, inFormat, arithmetic, scale, limit);
    if ((rows & 3) !== 0) memory.fill(scratch + <usize>rows * rowBytes, zero, <usize>(4 - (rows & 3)) * rowBytes);
    gemm(out, scratch, weights, rows, depth, outChannels, outStride, arithmetic, outFormat, moments);
    input += <usize>(rows * depth) * sizeOf(inFormat);
    out += <usize>(rows * outStride) * sizeOf(outFormat);
  }
  finishMoments(moments);
}
