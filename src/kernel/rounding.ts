/** 1.5 * 2^23: a float32 below 2^22 that is added to it loses its fraction, rounded half to even. */
const MAGIC = 12582912;

/** round(clamp(x * scale, -limit, +limit)) in float32, half to even; limit 0: x * scale. x and scale are float32, limit below 2^22. */
export function quantised(x: number, scale: number, limit: number): number {
  const scaled = Math.fround(x * scale);
  if (limit === 0) return scaled;
  const clamped = Math.max(-limit, Math.min(limit, scaled));
  return Math.fround(clamped + MAGIC) - MAGIC;
}
