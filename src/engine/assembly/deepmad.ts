import { SUPER_BTN, SUPER_KERNEL } from "../../space/gene-layout";
import { exp } from "./exponential";
import { behind, blockAt, genesOf, isSuper, outOf, resolutionOf } from "./genome";
import {
  BLOCK_BYTES,
  BLOCK_CONV_TEMPLATES,
  BLOCK_CONVS,
  BLOCK_COUNT,
  BLOCK_KERNEL,
  BLOCK_STRIDE,
  CHANNELS_A_UNIT,
  DEEPMAD_ALPHA2,
  DEEPMAD_FIRST_FLAT,
  DEEPMAD_HALF_ALPHA1,
  DEEPMAD_PENALTY,
  DEEPMAD_RESOLUTION,
  DEEPMAD_SPARED,
  EFFECTIVENESS_LIMIT,
  INPUT_CHANNELS,
  LN_NUMBERS,
  STAGE_WEIGHTS,
  TEMPLATE_BYTES,
  TEMPLATE_DEPTHWISE,
  TEMPLATE_FROM,
  TEMPLATE_KERNEL,
} from "./layout";
import { ln } from "./logarithm";
import { depthOf } from "./rows";

/*
 * DeepMAD's score and effectiveness of a genome: `DeepMadScore` and `effectivenessOf` of src/score, operation by operation, so that every bit agrees; what
 * they mean is said there.
 */

export function deepMadScore(genome: usize): f64 {
  const count = load<i32>(BLOCK_COUNT);
  const half = load<f64>(DEEPMAD_HALF_ALPHA1);
  const alpha2 = load<f64>(DEEPMAD_ALPHA2);
  const flat = load<i32>(DEEPMAD_FIRST_FLAT);
  let weight = load<usize>(STAGE_WEIGHTS);
  let side = load<i32>(DEEPMAD_RESOLUTION);
  if (side == 0) side = resolutionOf(genome);
  let total: f64 = 0;
  let score: f64 = 0;
  let inUnits = 0;
  let block = blockAt(0);
  for (let b = 0; b < count; b++, block += BLOCK_BYTES) {
    if (b > 0 && load<i32>(block, BLOCK_STRIDE) == 2) {
      score += load<f64>(weight) * total * sizeOf(inUnits, b > flat ? 1 : side);
      weight += 8;
    }
    const genes = genesOf(block, genome);
    const out = outOf(block, genome);
    const depth = depthOf(block, genes);
    const lnK = lnNumber(kernelOf(block, genes));
    const templates = load<usize>(block, BLOCK_CONV_TEMPLATES);
    const end = templates + <usize>load<i32>(block, BLOCK_CONVS) * TEMPLATE_BYTES;
    for (let layer = 0; layer < depth; layer++) {
      const first = layer > 0 ? channels(out) : inUnits == 0 ? load<i32>(INPUT_CHANNELS) : channels(inUnits);
      let value: f64 = 0;
      for (let t = templates; t < end; t += TEMPLATE_BYTES) {
        if (load<u8>(t, TEMPLATE_DEPTHWISE) == 0) value += half * lnNumber(readBy(t, first, block, genes, out));
        value += alpha2 * lnKernel(t, lnK);
      }
      total += value;
    }
    side = behind(block, side);
    inUnits = out;
  }
  score += load<f64>(weight) * total * sizeOf(inUnits, count > flat ? 1 : side);
  const penalty = load<f64>(DEEPMAD_PENALTY);
  return penalty == 0 ? score : score - penalty * exp(depthDeviation(genome));
}

/** Whether a genome's effectiveness is above its budget. */
export function exceedsEffectiveness(genome: usize): bool {
  const limit = load<f64>(EFFECTIVENESS_LIMIT);
  return limit != Infinity && effectiveness(genome) > limit;
}

function effectiveness(genome: usize): f64 {
  const count = load<i32>(BLOCK_COUNT);
  let depth = 0;
  let width: f64 = 0;
  let most: f64 = -Infinity;
  let inUnits = 0;
  let block = blockAt(0);
  for (let b = 0; b < count; b++, block += BLOCK_BYTES) {
    if (b > 0 && load<i32>(block, BLOCK_STRIDE) == 2) most = max<f64>(most, lnNumber(depth) - width / <f64>depth);
    const genes = genesOf(block, genome);
    const out = outOf(block, genome);
    const layers = depthOf(block, genes);
    const lnK = lnNumber(kernelOf(block, genes));
    const convs = load<i32>(block, BLOCK_CONVS);
    const templates = load<usize>(block, BLOCK_CONV_TEMPLATES);
    const end = templates + <usize>convs * TEMPLATE_BYTES;
    for (let layer = 0; layer < layers; layer++) {
      const first = layer > 0 ? channels(out) : inUnits == 0 ? load<i32>(INPUT_CHANNELS) : channels(inUnits);
      for (let t = templates; t < end; t += TEMPLATE_BYTES) {
        width += 2 * lnKernel(t, lnK);
        if (load<u8>(t, TEMPLATE_DEPTHWISE) == 0) width += lnNumber(readBy(t, first, block, genes, out));
      }
    }
    depth += layers * convs;
    inUnits = out;
  }
  return exp(max<f64>(most, lnNumber(depth) - width / <f64>depth));
}

/** ln C + 2 ln R of a stage's end. */
function sizeOf(units: i32, side: i32): f64 {
  return lnNumber(channels(units)) + 2 * (side == 1 ? 0 : ln(<f64>side));
}

/** Standard deviation of the depths of the super blocks, without the first ones. */
function depthDeviation(genome: usize): f64 {
  const count = load<i32>(BLOCK_COUNT);
  let sum: f64 = 0;
  let counted = 0;
  let spared = load<i32>(DEEPMAD_SPARED);
  let block = blockAt(0);
  for (let b = 0; b < count; b++, block += BLOCK_BYTES) {
    if (!isSuper(block) || spared-- > 0) continue;
    sum += <f64>depthOf(block, genesOf(block, genome));
    counted++;
  }
  if (counted == 0) return 0;
  const mean = sum / <f64>counted;
  let squares: f64 = 0;
  spared = load<i32>(DEEPMAD_SPARED);
  block = blockAt(0);
  for (let b = 0; b < count; b++, block += BLOCK_BYTES) {
    if (!isSuper(block) || spared-- > 0) continue;
    const difference = <f64>depthOf(block, genesOf(block, genome)) - mean;
    squares += difference * difference;
  }
  return sqrt<f64>(squares / <f64>counted);
}

// @ts-ignore: decorator
@inline
function kernelOf(block: usize, genes: usize): i32 {
  return isSuper(block) ? <i32>load<u8>(genes, SUPER_KERNEL) : load<i32>(block, BLOCK_KERNEL);
}

/** Channels that a conv reads. */
// @ts-ignore: decorator
@inline
function readBy(template: usize, first: i32, block: usize, genes: usize, out: i32): i32 {
  const from = load<u8>(template, TEMPLATE_FROM);
  if (from == 0) return first;
  return channels(from == 2 || !isSuper(block) ? out : <i32>load<u16>(genes, SUPER_BTN));
}

// @ts-ignore: decorator
@inline
function lnKernel(template: usize, lnK: f64): f64 {
  const own = load<u8>(template, TEMPLATE_KERNEL);
  return own == 0 ? lnK : lnNumber(own);
}

// @ts-ignore: decorator
@inline
function channels(units: i32): i32 {
  return units * load<i32>(CHANNELS_A_UNIT);
}

// @ts-ignore: decorator
@inline
function lnNumber(n: i32): f64 {
  return load<f64>(load<usize>(LN_NUMBERS) + ((<usize>n) << 3));
}
