import { exceeds, exceedsAfterStep, undoStep } from "./budgets";
import { blockAt, hash, outOf, resolutionIndex } from "./genome";
import {
  BITS,
  BITS_COUNT,
  BLOCK_COUNT,
  BLOCK_OFFSET,
  CHILDREN,
  CROSSOVER_ODDS,
  DEPTH,
  EXCEEDS,
  EXPANSION,
  FILLS,
  FITS,
  FITTED,
  GENOME_LENGTH,
  HASH_HIGH,
  HASH_LOW,
  KEPT,
  KERNEL,
  KNOWN,
  LAYER_BITS,
  MAX_MUTATIONS,
  MEMBERS,
  MOVE_BIT,
  MOVE_DEPTH,
  PUBLISHED,
  RECORD_BYTES,
  RECORD_FITTED_HIGH,
  RECORD_FITTED_LOW,
  RECORD_HIGH,
  RECORD_LOW,
  RECORD_RANDOM,
  RECORD_SETTLED,
  RECORDS,
  REPAIRS,
  SORTS,
  SUPER_COUNT,
  SUPERS,
  WHEEL,
  WHEEL_LENGTH,
  WIDTH_COUNT,
  WIDTH_FACTOR,
  WIDTH_PUSH,
  WIDTH_STEP,
  WIDTHS,
} from "./layout";
import {
  moveDepth,
  mutateDepth,
  mutateKernel,
  mutateOut,
  mutatePublished,
  mutateResolution,
  pushOut,
  replaceOut,
  setOut,
  setResolution,
  sortLayers,
  stepExpansion,
  stepLayerBits,
} from "./mutation";
import { below, keepRandom, next, reset, restoreRandom } from "./random";

const MAX_WIDTH_STEP = 3;

/** Makes and hashes `count` children of the first `members` members, from number `child` on, in the room for children from `index` on. */
export function breed(members: i32, generation: u32, child: u32, index: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    reset(generation, child + i);
    breedOne(load<usize>(MEMBERS), members, childAt(index + i));
    hashBred(index + i);
  }
}

/** Hashes the genome at an index of the room for children; it is then fitted with the random numbers that come next. */
export function hashBred(index: i32): void {
  hash(childAt(index));
  const record = recordAt(index);
  store<u32>(record, load<u32>(HASH_LOW), RECORD_LOW);
  store<u32>(record, load<u32>(HASH_HIGH), RECORD_HIGH);
  keepRandom(record + RECORD_RANDOM);
  store<i32>(record, FITS, RECORD_SETTLED);
}

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

// @ts-ignore: decorator
@inline
function childAt(index: i32): usize {
  return load<usize>(CHILDREN) + <usize>index * load<usize>(GENOME_LENGTH);
}

// @ts-ignore: decorator
@inline
function recordAt(index: i32): usize {
  return load<usize>(RECORDS) + <usize>index * RECORD_BYTES;
}

function breedOne(population: usize, count: i32, genome: usize): void {
  copyGenes(genome, population + <usize>below(count) * load<usize>(GENOME_LENGTH), 0, load<usize>(GENOME_LENGTH));
  const operators = load<i32>(WHEEL_LENGTH);
  if (operators == 0) {
    // A parent of the population, mutated twice: the published search.
    mutatePublished(genome);
    mutatePublished(genome);
  } else {
    // One to three mutations, one of them at times the exchange of a range of blocks with a second parent.
    let mutations = 1 + below(load<i32>(MAX_MUTATIONS));
    if (<f64>next() < load<f64>(CROSSOVER_ODDS)) {
      cross(population, count, genome);
      mutations--;
    }
    for (; mutations > 0; mutations--) mutate(load<u8>(load<usize>(WHEEL) + <usize>below(operators)), genome);
    sort(genome);
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

function mutate(operator: i32, genome: usize): void {
  switch (operator) {
    case WIDTH_FACTOR:
      mutateOut(anyOf(WIDTHS, WIDTH_COUNT), genome);
      break;
    case WIDTH_STEP: {
      const b = anyOf(WIDTHS, WIDTH_COUNT);
      const units = 1 + below(MAX_WIDTH_STEP);
      stepWidth(b, genome, below(2) == 0 ? units : -units);
      break;
    }
    case WIDTH_PUSH: {
      const b = anyOf(WIDTHS, WIDTH_COUNT);
      const units = 1 + below(MAX_WIDTH_STEP);
      pushWidth(b, genome, below(2) == 0 ? units : -units);
      break;
    }
    case KERNEL:
      mutateKernel(blockAt(anyOf(SUPERS, SUPER_COUNT)), genome);
      break;
    case EXPANSION: {
      const block = blockAt(anyOf(SUPERS, SUPER_COUNT));
      stepExpansion(block, genome, below(2) == 0 ? 1 : -1);
      break;
    }
    case DEPTH:
      mutateDepth(blockAt(anyOf(SUPERS, SUPER_COUNT)), genome);
      break;
    case MOVE_DEPTH: {
      const from = anyOf(SUPERS, SUPER_COUNT);
      moveDepth(blockAt(from), blockAt(anyOf(SUPERS, SUPER_COUNT)), genome);
      break;
    }
    case PUBLISHED:
      // Unused: without it, runs of earlier versions could not go on with the same children.
      next();
      mutatePublished(genome);
      break;
    case LAYER_BITS: {
      const block = blockAt(anyOf(BITS, BITS_COUNT));
      stepLayerBits(block, genome, below(2));
      break;
    }
    case MOVE_BIT:
      // From one layer to another.
      stepLayerBits(blockAt(anyOf(BITS, BITS_COUNT)), genome, 1);
      stepLayerBits(blockAt(anyOf(BITS, BITS_COUNT)), genome, 0);
      break;
    default:
      mutateResolution(genome);
  }
}

/** Exchanges a range of blocks for the second parent's; where widths then fall along the chain, the earlier ones give way. */
function cross(population: usize, members: i32, genome: usize): void {
  const length = load<usize>(GENOME_LENGTH);
  const parent = population + <usize>below(members) * length;
  const count = load<i32>(BLOCK_COUNT);
  const first = below(count);
  const end = first + 1 + below(count - first);
  copyGenes(
    genome,
    parent,
    load<usize>(blockAt(first), BLOCK_OFFSET),
    end == count ? length : load<usize>(blockAt(end), BLOCK_OFFSET),
  );
  for (let b = count - 2; b >= 0; b--) {
    const out = outOf(blockAt(b + 1), genome);
    if (outOf(blockAt(b), genome) > out) replaceOut(blockAt(b), genome, out);
  }
  // The second parent's kernels may be those of another resolution.
  setResolution(genome, resolutionIndex(genome));
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

/** A width in steps, with its neighbours where they are in the way; the bottlenecks follow every other time. */
function pushWidth(b: i32, genome: usize, units: i32): void {
  pushOut(b, genome, outOf(blockAt(b), genome) + units, below(2) == 0);
}

function stepWidth(b: i32, genome: usize, units: i32): void {
  setOut(b, genome, outOf(blockAt(b), genome) + units);
}

function sort(genome: usize): void {
  if (load<i32>(SORTS) == 0) return;
  const count = load<i32>(SUPER_COUNT);
  const supers = load<usize>(SUPERS);
  for (let i = 0; i < count; i++) sortLayers(blockAt(load<u16>(supers + ((<usize>i) << 1))), genome);
}

/** A random block of a list. */
// @ts-ignore: decorator
@inline
function anyOf(list: usize, count: usize): i32 {
  return load<u16>(load<usize>(list) + ((<usize>below(load<i32>(count))) << 1));
}

// @ts-ignore: decorator
@inline
function copyGenes(to: usize, from: usize, first: usize, end: usize): void {
  let i = first;
  for (; i + 8 <= end; i += 8) store<u64>(to + i, load<u64>(from + i));
  for (; i < end; i++) store<u8>(to + i, load<u8>(from + i));
}
