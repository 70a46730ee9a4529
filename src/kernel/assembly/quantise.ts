/*
 * Quantiser: round(clamp(x * scale, -limit, limit)), half to even. Adding 1.5 * 2^23 to a float below 2^22 leaves its rounded
 * value in the low bits. limit 0: no quantiser, x * scale.
 */
const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

// @ts-ignore: decorator
@inline
function clamped(x: v128, scale: v128, limit: v128): v128 {
  return f32x4.pmax(f32x4.pmin(f32x4.mul(x, scale), limit), f32x4.neg(limit));
}

/** Eight elements of format S at `src`, quantised and stored in format D at `dst`. */
// @ts-ignore: decorator
@inline
export function quantise8<S, D>(dst: usize, src: usize, scale: v128, limit: v128, rounds: bool): void {
  let low: v128;
  let high: v128;
  if (isFloat<S>()) {
    low = v128.load(src);
    high = v128.load(src, 16);
  } else {
    const x = v128.load(src);
    low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(x));
    high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(x));
  }
  if (isFloat<D>()) {
    if (rounds) {
      const magic = f32x4.splat(MAGIC);
      low = f32x4.sub(f32x4.add(clamped(low, scale, limit), magic), magic);
      high = f32x4.sub(f32x4.add(clamped(high, scale, limit), magic), magic);
    } else {
      low = f32x4.mul(low, scale);
      high = f32x4.mul(high, scale);
    }
    v128.store(dst, low);
    v128.store(dst, high, 16);
  } else {
    const magic = f32x4.splat(MAGIC);
    const bits = i32x4.splat(MAGIC_BITS);
    low = i32x4.sub(f32x4.add(clamped(low, scale, limit), magic), bits);
    high = i32x4.sub(f32x4.add(clamped(high, scale, limit), magic), bits);
    v128.store(dst, i16x8.narrow_i32x4_s(low, high));
  }
}

// @ts-ignore: decorator
@inline
function quantise1<S, D>(dst: usize, src: usize, scale: f32, limit: f32, rounds: bool): void {
  let x = <f32>load<S>(src) * scale;
  if (rounds) x = max(min(x, limit), -limit) + MAGIC - MAGIC;
  store<D>(dst, <D>x);
}

/** `count` neighbouring elements. */
export function quantiseRow<S, D>(dst: usize, src: usize, count: i32, scale: f32, limit: f32): void {
  const rounds = limit > 0;
  const scales = f32x4.splat(scale);
  const limits = f32x4.splat(limit);
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    quantise8<S, D>(dst, src, scales, limits, rounds);
    dst += 8 * sizeof<D>();
    src += 8 * sizeof<S>();
  }
  for (; i < count; i++) {
    quantise1<S, D>(dst, src, scale, limit, rounds);
    dst += sizeof<D>();
    src += sizeof<S>();
  }
}

/**
 * One image row for a depthwise conv, into blocks of 8 channels: src (width, channels), dst (channels/8, slots, padded width, 8).
 * @param dst address of the first block's first pixel after the left padding, in the row's slot
 * @param blockBytes from one block of channels to the next
 */
export function quantiseBlocks<S, D>(
  dst: usize,
  src: usize,
  width: i32,
  channels: i32,
  blockBytes: usize,
  scale: f32,
  limit: f32,
): void {
  const rounds = limit > 0;
  const scales = f32x4.splat(scale);
  const limits = f32x4.splat(limit);
  for (let x = 0; x < width; x++) {
    let to = dst;
    for (let c = 0; c < channels; c += 8) {
      quantise8<S, D>(to, src, scales, limits, rounds);
      to += blockBytes;
      src += 8 * sizeof<S>();
    }
    dst += 8 * sizeof<D>();
  }
}

/** Eight elements of format S at `src`, rounded, as q + limit in int16; what `clamps` leaves out, `asBytes` does. */
// @ts-ignore: decorator
@inline
function level8<S>(src: usize, scale: v128, limit: v128, bits: v128, clamps: bool): v128 {
  let low: v128;
  let high: v128;
  if (isFloat<S>()) {
    low = v128.load(src);
    high = v128.load(src, 16);
  } else {
    low = f32x4.convert_i32x4_s(v128.load16x4_s(src));
    high = f32x4.convert_i32x4_s(v128.load16x4_s(src, 8));
  }
  low = clamps ? clamped(low, scale, limit) : f32x4.mul(low, scale);
  high = clamps ? clamped(high, scale, limit) : f32x4.mul(high, scale);
  const magic = f32x4.splat(MAGIC);
  return i16x8.narrow_i32x4_s(i32x4.sub(f32x4.add(low, magic), bits), i32x4.sub(f32x4.add(high, magic), bits));
}

/** Two vectors of levels as bytes between 0 and `most`. */
// @ts-ignore: decorator
@inline
function asBytes(low: v128, high: v128, most: v128): v128 {
  return i8x16.min_u(i8x16.narrow_i16x8_u(low, high), most);
}

/** Whether products may reach 2^22, so that they must be clamped before they are rounded. */
// @ts-ignore: decorator
@inline
function mustClamp<S>(scale: f32): bool {
  return isFloat<S>() || scale >= 127;
}

// @ts-ignore: decorator
@inline
function levelsOfRow<S>(dst: usize, src: usize, count: i32, scale: f32, limit: f32, clamps: bool): void {
  const scales = f32x4.splat(scale);
  const limits = f32x4.splat(limit);
  const bits = i32x4.splat(MAGIC_BITS - <i32>limit);
  const most = i8x16.splat(<i8>(2 * limit));
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const low = level8<S>(src, scales, limits, bits, clamps);
    const high = level8<S>(src + 8 * sizeof<S>(), scales, limits, bits, clamps);
    v128.store(dst, asBytes(low, high, most));
    dst += 16;
    src += 16 * sizeof<S>();
  }
  if (i < count) {
    const low = level8<S>(src, scales, limits, bits, clamps);
    v128.store64_lane(dst, asBytes(low, low, most), 0);
  }
}

/** `count` neighbouring elements as bytes q + limit; count is a multiple of 8. */
export function quantiseLevels<S>(dst: usize, src: usize, count: i32, scale: f32, limit: f32): void {
  if (mustClamp<S>(scale)) levelsOfRow<S>(dst, src, count, scale, limit, true);
  else levelsOfRow<S>(dst, src, count, scale, limit, false);
}

/** Eight pixel pairs of the low halves of two pixels. */
// @ts-ignore: decorator
@inline
function paired(left: v128, right: v128): v128 {
  return v128.shuffle<i8>(left, right, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function pairsOfRow<S>(
  dst: usize,
  src: usize,
  width: i32,
  channels: i32,
  blockBytes: usize,
  scale: f32,
  limit: f32,
  clamps: bool,
): void {
  const scales = f32x4.splat(scale);
  const limits = f32x4.splat(limit);
  const bits = i32x4.splat(MAGIC_BITS - <i32>limit);
  const most = i8x16.splat(<i8>(2 * limit));
  const zero = i8x16.splat(<i8>limit);
  const pixelBytes = <usize>channels * sizeof<S>();
  for (let c = 0; c < channels; c += 8) {
    let from = src + <usize>c * sizeof<S>();
    let to = dst - 16;
    const end = to + <usize>width * 16;
    let left = zero;
    for (; to < end; to += 16, from += pixelBytes) {
      const q = level8<S>(from, scales, limits, bits, clamps);
      const right = asBytes(q, q, most);
      v128.store(to, paired(left, right));
      left = right;
    }
    v128.store(to, paired(left, zero));
    dst += blockBytes;
  }
}

/**
 * One image row for a depthwise conv in int8, into blocks of 8 channels of pixel pairs: src (width, channels),
 * dst (channels/8, slots, padded width, 8, 2) bytes q + limit, of a pixel and its right neighbour.
 * @param dst address of the first block's first pixel after the left padding of at least one pixel, in the row's slot
 * @param blockBytes from one block of channels to the next
 */
export function quantisePairs<S>(
  dst: usize,
  src: usize,
  width: i32,
  channels: i32,
  blockBytes: usize,
  scale: f32,
  limit: f32,
): void {
  if (mustClamp<S>(scale)) pairsOfRow<S>(dst, src, width, channels, blockBytes, scale, limit, true);
  else pairsOfRow<S>(dst, src, width, channels, blockBytes, scale, limit, false);
}
