import { at } from "./costs";
import { behind, blockAt, genesOf, outOf, resolutionOf } from "./genome";
import {
  BIT_GAINS,
  BLOCK_BYTES,
  BLOCK_CONVS,
  BLOCK_COUNT,
  BLOCK_STRIDE,
  LN_FAN_IN,
  LN_WIDTHS,
  REST,
  STAGE_WEIGHTS,
} from "./layout";
import { bitsOf, depthOf, rowOfBlock, tailOf } from "./rows";

/** The analytic score of a genome. Sums in the order of `AnalyticScore`, so that every bit agrees. */
export function score(genome: usize): f64 {
  const count = load<i32>(BLOCK_COUNT);
  let weight = load<usize>(STAGE_WEIGHTS);
  let total: f64 = 0;
  let sum: f64 = 0;
  let resolution = resolutionOf(genome);
  let inUnits = 0;
  let block = blockAt(0);
  for (let b = 0; b < count; b++, block += BLOCK_BYTES) {
    const genes = genesOf(block, genome);
    if (b > 0 && load<i32>(block, BLOCK_STRIDE) == 2) {
      sum += load<f64>(weight) * (total + lnWidth(inUnits));
      weight += 8;
    }
    const outUnits = outOf(block, genome);
    const depth = depthOf(block, genes);
    const bits = bitsOf(block, genes);
    const convs = load<i32>(block, BLOCK_CONVS);
    let tail = tailOf(rowOfBlock(b, block, genes, inUnits, outUnits, resolution));
    for (let layer = 0; layer < depth; layer++) {
      const gain = load<f64>(<usize>BIT_GAINS + ((<usize>load<u8>(bits + layer)) << 3));
      let value: f64 = 0;
      for (let j = 0; j < convs; j++) value += at(tail, LN_FAN_IN + j) + gain;
      total += value;
      if (layer == 0) tail += REST << 3;
    }
    inUnits = outUnits;
    resolution = behind(block, resolution);
  }
  return sum + load<f64>(weight) * (total + lnWidth(inUnits));
}

// @ts-ignore: decorator
@inline
function lnWidth(units: i32): f64 {
  return load<f64>(<usize>LN_WIDTHS + ((<usize>units) << 3));
}
