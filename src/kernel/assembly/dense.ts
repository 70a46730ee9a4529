import { gemm, isInt8, quantise, sizeOf, zeroByte } from "./formats";
import { packGemm } from "./int8";
import { clearMoments, finishMoments } from "./moments";

/** Copies in steps of 16 bytes; up to 15 bytes past the end are overwritten too. */
// @ts-ignore: decorator
@inline
function copy16(dst: usize, src: usize, bytes: usize): void {
  const end = dst + bytes;
  for (; dst < end; dst += 16, src += 16) v128.store(dst, v128.load(src));
}

/**
 * k x k conv of any width and stride: a ring of k quantised input rows, from which tiles of pixels are unrolled (k * k * channels a row) for a GEMM.
 * @param depth k * k * inStride rounded up to a multiple of 8
 */
export function dense(
  out: usize,
  input: usize,
  weights: usize,
  scratch: usize,
  moments: usize,
  batch: i32,
  inResolution: i32,
  outResolution: i32,
  inStride: i32,
  kernel: i32,
  stride: i32,
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
  const size = sizeOf(arithmetic);
  const zero = zeroByte(arithmetic, limit);
  if (isInt8(arithmetic)) scratch = packGemm(scratch, weights, outChannels, depth, tile, limit);
  const padding = kernel >> 1;
  const rowBytes = <usize>((inResolution + 2 * padding) * inStride) * size;
  const inBytes = <usize>(inResolution * inStride) * sizeOf(inFormat);
  const windowBytes = <usize>(kernel * inStride) * size;
  const a = scratch + ((<usize>kernel * rowBytes + 31) & ~(<usize>15));
  const aBytes = <usize>depth * size;
  memory.fill(scratch, zero, <usize>kernel * rowBytes);
  for (let n = 0; n < batch; n++) {
    let filled = -padding;
    for (let y = 0; y < outResolution; y++) {
      const top = y * stride - padding;
      for (; filled < top + kernel; filled++) {
        const row = scratch + <usize>((filled + kernel) % kernel) * rowBytes;
        if (filled < 0 || filled >= inResolution) {
          memory.fill(row, zero, rowBytes);
        } else {
          const to = row + <usize>(padding * inStride) * size;
          quantise(to, input + <usize>filled * inBytes, inResolution * inStride, inFormat, arithmetic, scale, limit);
        }
      }
      for (let x = 0; x < outResolution; x += tile) {
        const rows = min(tile, outResolution - x);
        let to = a;
        for (let r = 0; r < rows; r++) {
          const from = scratch + <usize>((x + r) * stride * inStride) * size;
          let segment = to;
          for (let ky = 0; ky < kernel; ky++) {
            copy16(segment, from + <usize>((top + ky + kernel) % kernel) * rowBytes, windowBytes);
            segment += windowBytes;
          }
          memory.fill(segment, zero, to + aBytes - segment);
          to += aBytes;
        }
        if ((rows & 3) !== 0) memory.fill(to, zero, <usize>(4 - (rows & 3)) * aBytes);
        gemm(out, a, weights, rows, depth, outChannels, outStride, arithmetic, outFormat, moments);
        out += <usize>(rows * outStride) * sizeOf(outFormat);
      }
    }
    input += <usize>inResolution * inBytes;
  }
  finishMoments(moments);
}
