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
