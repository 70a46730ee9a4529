import { SUPER_BTN, SUPER_KERNEL } from "../../space/gene-layout";
import { blockAt, genesOf, isSuper, outOf, resolutionOf } from "./genome";
import {
  BLOCK_BYTES,
  BLOCK_CONV_TEMPLATES,
  BLOCK_CONVS,
  BLOCK_COUNT,
  BLOCK_KERNEL,
  BLOCK_STRIDE,
  EXPECTED_KURTOSIS_A,
  EXPECTED_KURTOSIS_W,
  EXPECTED_LN_SIGMA,
  EXPECTED_MOST_VARIANCE,
  EXPECTED_PROFILE,
  EXPECTED_SECOND_W,
  EXPECTED_SPREAD_STEPS,
  EXPECTED_TABLES,
  EXPECTED_TAPS,
  EXPECTED_VARIANCE_STEPS,
  INPUT_CHANNELS,
  LN_WIDTHS,
  STAGE_WEIGHTS,
  TEMPLATE_BYTES,
  TEMPLATE_DEPTHWISE,
  TEMPLATE_FROM,
  TEMPLATE_KERNEL,
  TEMPLATE_STRIDED,
  TEMPLATE_TO,
  CHANNELS_A_UNIT,
} from "./layout";
import { ln } from "./logarithm";
import { bitsOf, depthOf } from "./rows";

/*
 * The expected score of a genome: `ExpectedScore` of src/score/expected, operation by operation, so that every bit agrees; what it means is said there.
 */

/** The profile of the map in hand, and room for the next one: addresses of doubles. */
let profile: usize = 0;
let spare: usize = 0;

/** `Spread` of the map in hand. */
let pixels: f64 = 0;
let channels: f64 = 0;
let all: f64 = 0;

export function expectedScore(genome: usize): f64 {
  const count = load<i32>(BLOCK_COUNT);
  const step = load<i32>(CHANNELS_A_UNIT);
  const lnSigma = load<f64>(EXPECTED_LN_SIGMA);
  let weight = load<usize>(STAGE_WEIGHTS);
  let total: f64 = 0;
  let score: f64 = 0;
  let r = resolutionOf(genome);
  let inUnits = 0;
  profile = load<usize>(EXPECTED_PROFILE);
  spare = load<usize>(EXPECTED_TAPS);
  for (let i = 0; i < r; i++) store<f64>(profile + ((<usize>i) << 3), 1);
  pixels = 0;
  channels = 0;
  all = 0;
  let block = blockAt(0);
  for (let b = 0; b < count; b++, block += BLOCK_BYTES) {
    const genes = genesOf(block, genome);
    const stride = load<i32>(block, BLOCK_STRIDE);
    if (b > 0 && stride == 2) {
      score += load<f64>(weight) * (total + lnWidth(inUnits));
      weight += 8;
    }
    const outUnits = outOf(block, genome);
    const depth = depthOf(block, genes);
    const bits = bitsOf(block, genes);
    const out = outUnits * step;
    const btn = isSuper(block) ? <i32>load<u16>(genes, SUPER_BTN) * step : out;
    const kernel = isSuper(block) ? <i32>load<u8>(genes, SUPER_KERNEL) : load<i32>(block, BLOCK_KERNEL);
    const templates = load<usize>(block, BLOCK_CONV_TEMPLATES);
    const end = templates + <usize>load<i32>(block, BLOCK_CONVS) * TEMPLATE_BYTES;
    for (let layer = 0; layer < depth; layer++) {
      const pair = load<u8>(bits + layer);
      const a = <usize>(pair >> 4);
      const w = (<usize>(pair & 15)) << 3;
      const first = layer > 0 ? out : inUnits == 0 ? load<i32>(INPUT_CHANNELS) : inUnits * step;
      let energy: f64 = 1;
      let chance: f64 = 0;
      let quantisedConvs = 0;
      for (let t = templates; t < end; t += TEMPLATE_BYTES) {
        const k = load<u8>(t, TEMPLATE_KERNEL) == 0 ? kernel : <i32>load<u8>(t, TEMPLATE_KERNEL);
        const s = load<u8>(t, TEMPLATE_STRIDED) == 1 && layer == 0 ? stride : 1;
        const depthwise = load<u8>(t, TEMPLATE_DEPTHWISE) == 1;
        const from = <i32>load<u8>(t, TEMPLATE_FROM);
        const perGroup = depthwise ? 1 : from == 0 ? first : from == 1 ? btn : out;
        const kept = a == 0 ? 1 : quantise(a, r);
        const rOut = s == 2 ? (r + 1) >> 1 : r;
        const mean = sumTaps(r, rOut, k, s);
        energy *= kept * load<f64>(EXPECTED_SECOND_W + w) * <f64>perGroup * (mean * mean);
        const own = convolve(
          k * k,
          perGroup,
          depthwise,
          load<f64>(EXPECTED_KURTOSIS_A + (a << 3)),
          load<f64>(EXPECTED_KURTOSIS_W + w),
        );
        chance += own / <f64>(load<u8>(t, TEMPLATE_TO) == 1 ? btn : out);
        if (a != 0) quantisedConvs++;
        r = rOut;
      }
      total += 0.5 * ln(energy) - 0.25 * chance - <f64>quantisedConvs * lnSigma;
    }
    inUnits = outUnits;
  }
  return score + load<f64>(weight) * (total + lnWidth(inUnits));
}

/** `Spread.convolve`. */
function convolve(taps: i32, perGroup: i32, depthwise: bool, kurtosisA: f64, kurtosisW: f64): f64 {
  const fanIn = <f64>(perGroup * taps);
  const shared = pixels / <f64>taps;
  const own = ((kurtosisW - 1) * (1 + channels)) / fanIn;
  if (depthwise) {
    all = (1 + channels) * (1 + (kurtosisW * kurtosisA * (1 + pixels) - 3) / (3 * fanIn)) - 1;
    pixels = shared;
    channels = channels + own;
  } else {
    all = (1 + shared) * (1 + (kurtosisW * kurtosisA * (1 + channels) - 3) / (3 * fanIn)) - 1;
    pixels = shared + (kurtosisA * (1 + channels) - 1) / fanIn;
    channels = own;
  }
  return own;
}

/** Replaces the profile by what the quantiser keeps at each pixel, relative to what it keeps at relative variance 1, which is returned. */
function quantise(bits: usize, r: i32): f64 {
  const table = load<usize>(EXPECTED_TABLES + (bits << 2));
  const row = min<f64>(all, 1) * EXPECTED_SPREAD_STEPS;
  const low = row < 0 ? 0 : min<i32>(<i32>row, EXPECTED_SPREAD_STEPS - 1);
  const part = row - <f64>low;
  const variances: usize = EXPECTED_MOST_VARIANCE * EXPECTED_VARIANCE_STEPS + 1;
  const here = table + ((<usize>low * variances) << 3);
  const next = here + (variances << 3);
  const one: usize = EXPECTED_VARIANCE_STEPS << 3;
  const whole = between(load<f64>(here + one), load<f64>(next + one), part);
  const scale: f64 = 1 / whole;
  const end = profile + ((<usize>r) << 3);
  let before: f64 = NaN;
  let result: f64 = 0;
  for (let at = profile; at < end; at += 8) {
    const v = load<f64>(at);
    if (v != before) {
      before = v;
      const x = min<f64>(v, EXPECTED_MOST_VARIANCE) * EXPECTED_VARIANCE_STEPS;
      const below = min<i32>(<i32>x, EXPECTED_MOST_VARIANCE * EXPECTED_VARIANCE_STEPS - 1);
      const h = here + ((<usize>below) << 3);
      const n = next + ((<usize>below) << 3);
      const from = between(load<f64>(h), load<f64>(n), part);
      const to = between(load<f64>(h, 8), load<f64>(n, 8), part);
      result = (from + (x - <f64>below) * (to - from)) * scale;
    }
    store<f64>(at, result);
  }
  const left = table + ((<usize>(EXPECTED_SPREAD_STEPS + 1) * variances + <usize>low) << 3);
  const share = load<f64>(left) + max<f64>(part, 0) * (load<f64>(left, 8) - load<f64>(left));
  pixels *= share;
  channels *= share;
  return whole;
}

// @ts-ignore: decorator
@inline
function between(low: f64, high: f64, part: f64): f64 {
  return max<f64>(0.5 * low, low + part * (high - low));
}

/** Replaces the profile by its sums over k taps, those outside the map left out, scaled to a mean of 1; returns the mean that they had. */
function sumTaps(r: i32, out: i32, k: i32, s: i32): f64 {
  const half = (k - 1) >> 1;
  const u = profile;
  const v = spare;
  let sum: f64 = 0;
  for (let j = 0; j < out; j++) {
    const from = max<i32>(0, j * s - half);
    const to = min<i32>(r - 1, j * s + half);
    let at = u + ((<usize>from) << 3);
    const last = u + ((<usize>to) << 3);
    let taps = load<f64>(at);
    for (at += 8; at <= last; at += 8) taps += load<f64>(at);
    store<f64>(v + ((<usize>j) << 3), taps);
    sum += taps;
  }
  const mean = sum / <f64>out;
  const scale: f64 = 1 / mean;
  const end = v + ((<usize>out) << 3);
  for (let at = v; at < end; at += 8) store<f64>(at, load<f64>(at) * scale);
  profile = v;
  spare = u;
  return mean;
}

// @ts-ignore: decorator
@inline
function lnWidth(units: i32): f64 {
  return load<f64>(<usize>LN_WIDTHS + ((<usize>units) << 3));
}
