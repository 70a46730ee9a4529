import { blockAt, hash, outOf, resolutionIndex } from "./genome";
import {
  BITS,
  BITS_COUNT,
  BLOCK_COUNT,
  BLOCK_OFFSET,
  CHILDREN,
  CROSSOVER_ODDS,
  DEPTH,
  EXPANSION,
  FITS,
  GENOME_LENGTH,
  HASH_HIGH,
  HASH_LOW,
  KERNEL,
  LAYER_BITS,
  MAX_MUTATIONS,
  MEMBERS,
  MOVE_BIT,
  MOVE_DEPTH,
  PUBLISHED,
  RECORD_BYTES,
  RECORD_HIGH,
  RECORD_LOW,
  RECORD_RANDOM,
  RECORD_SETTLED,
  RECORDS,
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
import { below, keepRandom, next, reset } from "./random";

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

// @ts-ignore: decorator
@inline
export function childAt(index: i32): usize {
  return load<usize>(CHILDREN) + <usize>index * load<usize>(GENOME_LENGTH);
}

// @ts-ignore: decorator
@inline
export function recordAt(index: i32): usize {
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

/** A width in steps, with its neighbours where they are in the way; the bottlenecks follow every other time. */
export function pushWidth(b: i32, genome: usize, units: i32): void {
  pushOut(b, genome, outOf(blockAt(b), genome) + units, below(2) == 0);
}

export function stepWidth(b: i32, genome: usize, units: i32): void {
  setOut(b, genome, outOf(blockAt(b), genome) + units);
}

export function sort(genome: usize): void {
  if (load<i32>(SORTS) == 0) return;
  const count = load<i32>(SUPER_COUNT);
  const supers = load<usize>(SUPERS);
  for (let i = 0; i < count; i++) sortLayers(blockAt(load<u16>(supers + ((<usize>i) << 1))), genome);
}

/** A random block of a list. */
// @ts-ignore: decorator
@inline
export function anyOf(list: usize, count: usize): i32 {
  return load<u16>(load<usize>(list) + ((<usize>below(load<i32>(count))) << 1));
}

// @ts-ignore: decorator
@inline
export function copyGenes(to: usize, from: usize, first: usize, end: usize): void {
  let i = first;
  for (; i + 8 <= end; i += 8) store<u64>(to + i, load<u64>(from + i));
  for (; i < end; i++) store<u8>(to + i, load<u8>(from + i));
}
