/** ln 2 in two parts, as src/base/gaussian.ts has them. */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;

/** e^x for |x| < 700: the operations of `exp` in src/base/gaussian.ts, one by one, so that every bit agrees. */
export function exp(x: f64): f64 {
  const quotient = x / Math.LN2;
  // As Math.round of JavaScript: halves go up.
  let k = floor<f64>(quotient);
  if (quotient - k >= 0.5) k += 1;
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum: f64 = 0;
  for (let n = 18; n >= 1; n--) sum = (r / <f64>n) * (1 + sum);
  return reinterpret<f64>(reinterpret<u64>(1 + sum) + ((<u64>(<i64>k)) << 52));
}
