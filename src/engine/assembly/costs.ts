import { behind, blockAt, genesOf, outOf, resolutionOf } from "./genome";
import {
  BITOPS,
  BLOCK_BYTES,
  BLOCK_CONVS,
  BLOCK_COUNT,
  CLASSIFIER_CONSTANT,
  CLASSIFIER_PER_UNIT,
  ELEMENTWISE,
  FIGURES,
  FLASH,
  FLASH_CONSTANT,
  FLASH_PER_WEIGHT_BIT,
  FULL_PRECISION_PAIR,
  LAYERS,
  LIMITS,
  LIVE_INNER,
  LIVE_JOIN_INPUT,
  LIVE_JOIN_OUTPUT,
  LIVE_LAST_INPUT,
  LIVE_LAST_OUTPUT,
  MACS,
  REST,
  SRAM,
  SRAM_INNER,
  SRAM_LAST_INPUT,
  SRAM_LAST_OUTPUT,
  SRAM_LIVE,
  WORK,
} from "./layout";
import { bitsOf, depthOf, rowOfBlock, tailOf } from "./rows";

const FULL_PRECISION_BITS: f64 = FULL_PRECISION_PAIR & 15;

/** A double of a row. */
// @ts-ignore: decorator
@inline
export function at(row: usize, field: usize): f64 {
  return load<f64>(row + (field << 3));
}

/** Fills `out` with the figures of a genome, `FIGURES` doubles. */
export function costs(genome: usize, out: usize): void {
  const count = load<i32>(BLOCK_COUNT);
  let bitops: f64 = 0;
  let macs: f64 = 0;
  let flash: f64 = 0;
  let sram: f64 = 0;
  let mainConvs = 0;
  // The last conv of a layer waits for the next layer's activation bits.
  let pendingInput: f64 = 0;
  let pendingOutput: f64 = 0;
  let live: f64 = 0;
  let liveInput: f64 = 0;
  let liveOutput: f64 = 0;
  let joinInput: f64 = 0;
  let joinOutput: f64 = 0;
  let resolution = resolutionOf(genome);
  let inUnits = 0;
  let block = blockAt(0);
  for (let b = 0; b < count; b++, block += BLOCK_BYTES) {
    const genes = genesOf(block, genome);
    const outUnits = outOf(block, genome);
    const depth = depthOf(block, genes);
    const bits = bitsOf(block, genes);
    let row = rowOfBlock(b, block, genes, inUnits, outUnits, resolution);
    let tail = tailOf(row);
    for (let layer = 0; layer < depth; layer++) {
      const pair = chargedPair(bits + layer);
      const a = <f64>(pair >> 4);
      const w = <f64>(pair & 15);
      const work = at(row, WORK);
      macs += work;
      bitops += work * (a * w) + at(row, ELEMENTWISE);
      flash += at(row, FLASH_PER_WEIGHT_BIT) * w + at(tail, FLASH_CONSTANT);
      sram = max<f64>(max<f64>(sram, pendingInput + pendingOutput * a), at(tail, SRAM_INNER) * a);
      live = max<f64>(
        max<f64>(live, liveInput + liveOutput * a),
        max<f64>(joinInput + joinOutput * a, at(tail, LIVE_INNER) * a),
      );
      pendingInput = at(tail, SRAM_LAST_INPUT) * a;
      pendingOutput = at(tail, SRAM_LAST_OUTPUT);
      liveInput = at(tail, LIVE_LAST_INPUT) * a;
      liveOutput = at(tail, LIVE_LAST_OUTPUT);
      joinInput = at(tail, LIVE_JOIN_INPUT) * a;
      joinOutput = at(tail, LIVE_JOIN_OUTPUT);
      if (layer == 0) {
        row += REST << 3;
        tail += REST << 3;
      }
    }
    mainConvs += depth * load<i32>(block, BLOCK_CONVS);
    inUnits = outUnits;
    resolution = behind(block, resolution);
  }
  store<f64>(out + (BITOPS << 3), bitops);
  store<f64>(out + (MACS << 3), macs);
  store<f64>(out + (FLASH << 3), flash + classifier(inUnits));
  store<f64>(out + (SRAM << 3), max<f64>(sram, pendingInput + pendingOutput * FULL_PRECISION_BITS));
  store<f64>(out + (LAYERS << 3), <f64>mainConvs);
  store<f64>(
    out + (SRAM_LIVE << 3),
    max<f64>(
      live,
      max<f64>(liveInput + liveOutput * FULL_PRECISION_BITS, joinInput + joinOutput * FULL_PRECISION_BITS),
    ),
  );
}

// @ts-ignore: decorator
@inline
export function limit(cost: usize): f64 {
  return load<f64>(<usize>LIMITS + (cost << 3));
}

/** The bits that a layer is charged for, activations << 4 | weights. */
// @ts-ignore: decorator
@inline
export function chargedPair(gene: usize): i32 {
  const pair: i32 = load<u8>(gene);
  return pair == 0 ? FULL_PRECISION_PAIR : pair;
}

// @ts-ignore: decorator
@inline
export function classifier(units: i32): f64 {
  return load<f64>(CLASSIFIER_CONSTANT) + load<f64>(CLASSIFIER_PER_UNIT) * <f64>units;
}
