/*
 * Logarithm, exponential and normal tail in plain double arithmetic: + - * / and sqrt are the only operations that IEEE 754
 * rounds alike on every machine, so a score built on these has the same bits everywhere. Math.log and Math.exp promise no such thing.
 */

/** ln 2 in two parts: the first has 21 trailing zero bits, so that k * LN2_HIGH is exact for |k| < 2^20. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

const MIN_NORMAL = 2.2250738585072014e-308;

/** Natural logarithm of a double from 2^-1022 up, within 1 ulp; -Infinity of what is smaller and not negative. */
export function ln(x: number): number {
  if (!(x >= MIN_NORMAL)) return x >= 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  double[0] = x;
  let k = (words[1] >>> 20) - 1023;
  words[1] = (words[1] & 0xfffff) | 0x3ff00000;
  let m = double[0];
  if (m > Math.SQRT2) {
    m *= 0.5;
    k++;
  }
  // ln m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.1716. f - s * (f - r) is 2s + s * r with the large part, f, exact.
  const f = m - 1;
  const s = f / (m + 1);
  const z = s * s;
  let r = 0;
  for (let n = 23; n >= 3; n -= 2) r = z * (r + 2 / n);
  return k * LN2_HIGH - (s * (f - r) - k * LN2_LOW - f);
}

/** e^x for |x| < 700, within 2 ulp. */
export function exp(x: number): number {
  const k = Math.round(x / Math.LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 0;
  for (let n = 18; n >= 1; n--) sum = (r / n) * (1 + sum);
  double[0] = 1 + sum;
  words[1] += k << 20;
  return double[0];
}

const SQRT_PI = Math.sqrt(Math.PI);

/** erf(x) for |x| <= 3 by its series of positive terms: 2/sqrt(pi) e^(-x^2) sum (2^n x^(2n+1) / (2n+1)!!). */
function erfSeries(x: number): number {
  const z = 2 * x * x;
  let term = x;
  let sum = x;
  for (let n = 3; term > sum * 1e-18; n += 2) {
    term *= z / n;
    sum += term;
  }
  return (2 / SQRT_PI) * exp(-x * x) * sum;
}

/** erfc(x) for x >= 2 by its continued fraction, e^(-x^2)/sqrt(pi) * 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))). */
function erfcFraction(x: number): number {
  if (x > 26) return 0;
  let tail = x;
  for (let n = 120; n >= 1; n--) tail = x + n / 2 / tail;
  return exp(-x * x) / (SQRT_PI * tail);
}

/** The error function, within 1e-15. */
export function erf(x: number): number {
  if (x < 0) return -erf(-x);
  return x === 0 ? 0 : x < 2 ? erfSeries(x) : 1 - erfcFraction(x);
}

/** P(N(0,1) > z), relative error within 1e-13 in the far tail and absolute error within 1e-16 near 0. */
export function upperTail(z: number): number {
  const x = z / Math.SQRT2;
  return x >= 2 ? erfcFraction(x) / 2 : (1 - erf(x)) / 2;
}
