import { anyOf, childAt, copyGenes, pushWidth, recordAt, sort, stepWidth } from "./breeding";
import { exceeds, exceedsAfterStep, undoStep } from "./budgets";
import { blockAt, hash, outOf } from "./genome";
import {
  BITS,
  BITS_COUNT,
  BLOCK_COUNT,
  EXCEEDS,
  FILLS,
  FITS,
  FITTED,
  GENOME_LENGTH,
  HASH_HIGH,
  HASH_LOW,
  KEPT,
  KNOWN,
  RECORD_FITTED_HIGH,
  RECORD_FITTED_LOW,
  RECORD_RANDOM,
  RECORD_SETTLED,
  REPAIRS,
  SUPER_COUNT,
  SUPERS,
  WIDTH_COUNT,
  WIDTHS,
} from "./layout";
import { stepExpansion, stepLayerBits } from "./mutation";
import { below, restoreRandom } from "./random";

/** Holds `count` children from `index` on against the budgets and fits them to these in place, but for those that are known. */
export function settle(index: i32, count: i32): void {
  for (let i = index; i < index + count; i++) {
    const record = recordAt(i);
    if (load<i32>(record, RECORD_SETTLED) == KNOWN) continue;
    restoreRandom(record + RECORD_RANDOM);
    const settled = settleOne(childAt(i));
    store<i32>(record, settled, RECORD_SETTLED);
    if (settled != FITTED) continue;
    store<u32>(record, load<u32>(HASH_LOW), RECORD_FITTED_LOW);
    store<u32>(record, load<u32>(HASH_HIGH), RECORD_FITTED_HIGH);
  }
}

/**
 * Leads an over-budget child back by random steps down, and fills what a child leaves of the budgets by random steps up, of which those
 * that fit are kept.
 */
function settleOne(genome: usize): i32 {
  const fits = !exceeds(genome);
  if (!fits && !repair(genome)) return EXCEEDS;
  const fills = load<i32>(FILLS);
  if (fits && fills == 0) return FITS;
  const kept = load<usize>(KEPT);
  const length = load<usize>(GENOME_LENGTH);
  for (let i = 0; i < fills; i++) {
    copyGenes(kept, genome, 0, length);
    stepUp(genome);
    if (!exceedsAfterStep(genome, changedFirst, changedEnd)) continue;
    copyGenes(genome, kept, 0, length);
    undoStep(changedFirst, changedEnd);
  }
  sort(genome);
  hash(genome);
  return FITTED;
}

function repair(genome: usize): bool {
  const steps = load<i32>(REPAIRS);
  for (let i = 0; i < steps; i++) {
    stepDown(genome);
    if (!exceedsAfterStep(genome, changedFirst, changedEnd)) return true;
  }
  return false;
}

/** The blocks that the last step may have changed, a right neighbour whose input did included. */
let changedFirst = 0;
let changedEnd = 0;

function stepDown(genome: usize): void {
  if (load<i32>(BITS_COUNT) > 0 && below(2) == 0) {
    stepLayerBits(blockAt(changing(anyOf(BITS, BITS_COUNT))), genome, 0);
  } else if (load<i32>(WIDTH_COUNT) > 0 && below(2) == 0) {
    const b = anyOf(WIDTHS, WIDTH_COUNT);
    stepWidth(b, genome, -1);
    changingWidths(b, b);
  } else {
    stepExpansion(blockAt(changing(anyOf(SUPERS, SUPER_COUNT))), genome, -1);
  }
}

function stepUp(genome: usize): void {
  if (load<i32>(BITS_COUNT) > 0 && below(2) == 0) {
    stepLayerBits(blockAt(changing(anyOf(BITS, BITS_COUNT))), genome, 1);
  } else if (load<i32>(WIDTH_COUNT) > 0 && below(2) == 0) {
    const b = anyOf(WIDTHS, WIDTH_COUNT);
    pushWidth(b, genome, 1);
    // Neighbours that were pushed are as wide as the block now.
    const out = outOf(blockAt(b), genome);
    let first = b;
    while (first > 0 && outOf(blockAt(first - 1), genome) == out) first--;
    let last = b;
    while (last + 1 < load<i32>(BLOCK_COUNT) && outOf(blockAt(last + 1), genome) == out) last++;
    changingWidths(first, last);
  } else {
    stepExpansion(blockAt(changing(anyOf(SUPERS, SUPER_COUNT))), genome, 1);
  }
}

/** Notes that a step changes a block alone. */
// @ts-ignore: decorator
@inline
function changing(b: i32): i32 {
  changedFirst = b;
  changedEnd = b + 1;
  return b;
}

/** Notes that a step changed these blocks' widths. */
// @ts-ignore: decorator
@inline
function changingWidths(first: i32, last: i32): void {
  changedFirst = first;
  changedEnd = min<i32>(last + 2, load<i32>(BLOCK_COUNT));
}
