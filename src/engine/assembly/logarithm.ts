/** ln 2 in two parts, as src/base/gaussian.ts has them. */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;

/** Natural logarithm of a normal positive double: the operations of `ln` in src/base/gaussian.ts, one by one, so that every bit agrees. */
export function ln(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  let k = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > Math.SQRT2) {
    m *= 0.5;
    k++;
  }
  const f = m - 1;
  const s = f / (m + 1);
  const z = s * s;
  let r: f64 = 0;
  for (let n = 23; n >= 3; n -= 2) r = z * (r + 2.0 / <f64>n);
  return <f64>k * LN2_HIGH - (s * (f - r) - <f64>k * LN2_LOW - f);
}
