import { at, chargedPair, classifier, costs, limit } from "./costs";
import { exceedsEffectiveness } from "./deepmad";
import { budgetsDeployment, deployed, exceedsDeployed } from "./deployed";
import { behind, blockAt, genesOf, outOf, resolutionOf } from "./genome";
import {
  BITOPS,
  BLOCK_BITOPS,
  BLOCK_BYTES,
  BLOCK_CONVS,
  BLOCK_COUNT,
  BLOCK_FLASH,
  BLOCK_KEPT,
  BLOCK_LAYERS,
  BLOCK_MACS,
  BLOCK_RESOLUTION,
  ELEMENTWISE,
  FIGURES,
  FLASH,
  FLASH_CONSTANT,
  FLASH_PER_WEIGHT_BIT,
  LAYERS,
  MACS,
  MORE_BUDGETS,
  REST,
  SCRATCH,
  SRAM,
  SRAM_LIVE,
  WORK,
} from "./layout";
import { bitsOf, depthOf, rowOfBlock, tailOf } from "./rows";

/** Whether a genome is over a budget of a cost that is no figure of this module, in JavaScript. */
@external("genome", "exceedsMore")
declare function exceedsMore(genome: usize): bool;

/*
 * The sums of the genome in hand, kept by block while it is fitted, so that a step measures what it changed alone. They are whole numbers and
 * eighths: exact, in whatever order they are added and taken away. Peaks are no sums; where one is budgeted, every step measures all.
 */
let bitops: f64 = 0;
let macs: f64 = 0;
let flash: f64 = 0;
let layers: f64 = 0;

/** Whether a genome is over a budget; it is then the one in hand. */
export function exceeds(genome: usize): bool {
  bitops = 0;
  macs = 0;
  flash = 0;
  layers = 0;
  if (!budgetsPeaks()) measure(genome, 0, load<i32>(BLOCK_COUNT));
  return exceedsNow(genome);
}

/**
 * Whether the genome in hand is over a budget after a step that changed the blocks from `first` to the one before `end`; a block changes with
 * its neighbour's width.
 */
export function exceedsAfterStep(genome: usize, first: i32, end: i32): bool {
  if (!budgetsPeaks()) {
    for (let b = first; b < end; b++) {
      const block = blockAt(b);
      take(block, -1);
      copySums(block + BLOCK_KEPT, block);
    }
    measure(genome, first, end);
  }
  return exceedsNow(genome);
}

/** The sums are again those before the last step, which changed these blocks. */
export function undoStep(first: i32, end: i32): void {
  if (budgetsPeaks()) return;
  for (let b = first; b < end; b++) {
    const block = blockAt(b);
    take(block, -1);
    copySums(block, block + BLOCK_KEPT);
    take(block, 1);
  }
}

function exceedsNow(genome: usize): bool {
  return (
    (budgetsPeaks() ? exceedsFigures(genome) : exceedsSums(genome)) ||
    exceedsEffectiveness(genome) ||
    (load<i32>(MORE_BUDGETS) != 0 && exceedsMore(genome))
  );
}

// @ts-ignore: decorator
@inline
function budgetsPeaks(): bool {
  return limit(SRAM) != Infinity || limit(SRAM_LIVE) != Infinity || budgetsDeployment();
}

// @ts-ignore: decorator
@inline
function budgetsMoreThanBitops(): bool {
  return limit(MACS) != Infinity || limit(FLASH) != Infinity;
}

function exceedsFigures(genome: usize): bool {
  if (budgetsDeployment()) {
    deployed(genome, SCRATCH);
    if (exceedsDeployed(SCRATCH)) return true;
  }
  costs(genome, SCRATCH);
  for (let i = 0; i < FIGURES; i++) if (load<f64>(SCRATCH + (i << 3)) > limit(i)) return true;
  return false;
}

// @ts-ignore: decorator
@inline
function exceedsSums(genome: usize): bool {
  if (bitops > limit(BITOPS) || layers > limit(LAYERS)) return true;
  if (!budgetsMoreThanBitops()) return false;
  return macs > limit(MACS) || flash + classifier(outOf(blockAt(load<i32>(BLOCK_COUNT) - 1), genome)) > limit(FLASH);
}

/** Measures blocks and adds them to the sums; MACs and flash only where they are budgeted. */
function measure(genome: usize, first: i32, end: i32): void {
  const more = budgetsMoreThanBitops();
  let block = blockAt(first);
  let inUnits = 0;
  let resolution = 0;
  if (first == 0) {
    resolution = resolutionOf(genome);
  } else {
    inUnits = outOf(block - BLOCK_BYTES, genome);
    resolution = load<i32>(block, BLOCK_RESOLUTION);
  }
  for (let b = first; b < end; b++, block += BLOCK_BYTES) {
    const genes = genesOf(block, genome);
    const outUnits = outOf(block, genome);
    const depth = depthOf(block, genes);
    const bits = bitsOf(block, genes);
    let row = rowOfBlock(b, block, genes, inUnits, outUnits, resolution);
    let tail = tailOf(row);
    let blockBitops: f64 = 0;
    let blockMacs: f64 = 0;
    let blockFlash: f64 = 0;
    for (let layer = 0; layer < depth; layer++) {
      const pair = chargedPair(bits + layer);
      const work = at(row, WORK);
      blockBitops += work * <f64>((pair >> 4) * (pair & 15)) + at(row, ELEMENTWISE);
      if (more) {
        blockMacs += work;
        blockFlash += at(row, FLASH_PER_WEIGHT_BIT) * <f64>(pair & 15) + at(tail, FLASH_CONSTANT);
      }
      if (layer == 0) {
        row += REST << 3;
        tail += REST << 3;
      }
    }
    store<i32>(block, resolution, BLOCK_RESOLUTION);
    store<f64>(block, blockBitops, BLOCK_BITOPS);
    store<f64>(block, blockMacs, BLOCK_MACS);
    store<f64>(block, blockFlash, BLOCK_FLASH);
    store<f64>(block, <f64>(depth * load<i32>(block, BLOCK_CONVS)), BLOCK_LAYERS);
    take(block, 1);
    inUnits = outUnits;
    resolution = behind(block, resolution);
  }
}

/** Adds a block's sums, or takes them away. */
// @ts-ignore: decorator
@inline
function take(block: usize, sign: f64): void {
  bitops += sign * load<f64>(block, BLOCK_BITOPS);
  macs += sign * load<f64>(block, BLOCK_MACS);
  flash += sign * load<f64>(block, BLOCK_FLASH);
  layers += sign * load<f64>(block, BLOCK_LAYERS);
}

// @ts-ignore: decorator
@inline
function copySums(to: usize, from: usize): void {
  store<f64>(to, load<f64>(from, BLOCK_BITOPS), BLOCK_BITOPS);
  store<f64>(to, load<f64>(from, BLOCK_MACS), BLOCK_MACS);
  store<f64>(to, load<f64>(from, BLOCK_FLASH), BLOCK_FLASH);
  store<f64>(to, load<f64>(from, BLOCK_LAYERS), BLOCK_LAYERS);
}
