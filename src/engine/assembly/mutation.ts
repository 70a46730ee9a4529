import {
  blockAt,
  btnUnits,
  expansionFrom,
  expansionOf,
  genesOf,
  isSuper,
  kernelAt,
  kernelNear,
  outOf,
  resolutionGene,
  resolutionIndex,
  setExpansion,
} from "./genome";
import {
  CONV_BITS,
  CONV_OUT,
  SUPER_BITS,
  SUPER_BTN,
  SUPER_DEPTH,
  SUPER_KERNEL,
  SUPER_OUT,
} from "../../space/gene-layout";
import {
  BLOCK_BIT_PAIRS,
  BLOCK_BIT_STEPS,
  BLOCK_COUNT,
  BLOCK_MAX_DEPTH,
  BLOCK_MAX_OUT,
  BLOCK_MIN_OUT,
  EXPANSIONS,
  KERNEL_COUNT,
  RESOLUTION_COUNT,
} from "./layout";
import { below, next } from "./random";

/*
 * Mutations: each changes one gene group of one block in place and leaves the genome canonical and inside the space. A step that would
 * leave its range is clamped, so a mutation may leave the genome as it was.
 */

/** Picks a block and one of its genes, as the published program does (design section 7). */
export function mutatePublished(genome: usize): void {
  const blocks = load<i32>(BLOCK_COUNT);
  const b = below(blocks + (load<i32>(RESOLUTION_COUNT) > 1 ? 1 : 0));
  if (b == blocks) {
    mutateResolution(genome);
    return;
  }
  const block = blockAt(b);
  const genes = genesOf(block, genome);
  const searchesBits = load<i32>(block, BLOCK_BIT_PAIRS) > 1;
  if (!isSuper(block)) {
    // The published program changes a stem's width and a head's bits; where both may change, either.
    const searchesWidth = load<i32>(block, BLOCK_MIN_OUT) < load<i32>(block, BLOCK_MAX_OUT);
    if (searchesWidth && searchesBits ? below(2) == 0 : searchesWidth) mutateOut(b, genome);
    else stepBits(block, genes + CONV_BITS, 1);
    return;
  }
  switch (below(searchesBits ? 5 : 4)) {
    case 0:
      mutateOut(b, genome);
      break;
    case 1:
      mutateKernel(block, genome);
      break;
    case 2:
      setExpansion(genes, below(load<i32>(EXPANSIONS)));
      break;
    case 3:
      mutateDepth(block, genome);
      break;
    default:
      stepBits(block, genes + SUPER_BITS, load<u8>(genes, SUPER_DEPTH));
  }
}

/** out times one of the published factors, rounded to the width step. */
export function mutateOut(b: i32, genome: usize): void {
  const out = <f64>outOf(blockAt(b), genome);
  let factor: f64 = 0.5;
  switch (below(6)) {
    case 0:
      factor = 2;
      break;
    case 1:
      factor = 1.5;
      break;
    case 2:
      factor = 1.25;
      break;
    case 3:
      factor = 0.8;
      break;
    case 4:
      factor = 0.6;
      break;
  }
  setOut(b, genome, <i32>floor<f64>(out * factor + 0.5));
}

/** Sets a block's width, clamped between its in and the next block's out; the bottleneck follows by its expansion. */
export function setOut(b: i32, genome: usize, units: i32): void {
  const block = blockAt(b);
  const before = b > 0 ? outOf(blockAt(b - 1), genome) : 1;
  const after = b + 1 < load<i32>(BLOCK_COUNT) ? outOf(blockAt(b + 1), genome) : 255;
  const low = max<i32>(before, load<i32>(block, BLOCK_MIN_OUT));
  const high = min<i32>(after, load<i32>(block, BLOCK_MAX_OUT));
  replaceOut(block, genome, max<i32>(low, min<i32>(high, units)));
}

/**
 * Sets a block's width within its range; a neighbour that is then out of order takes the same width, and so on along the chain.
 * @param keepsBtn whether bottlenecks stay as wide as their expansions allow, instead of following
 */
export function pushOut(b: i32, genome: usize, units: i32, keepsBtn: bool): void {
  const count = load<i32>(BLOCK_COUNT);
  let out = units;
  for (let c = b; c < count; c++) out = min<i32>(out, load<i32>(blockAt(c), BLOCK_MAX_OUT));
  for (let c = b; c >= 0; c--) out = max<i32>(out, load<i32>(blockAt(c), BLOCK_MIN_OUT));
  push(blockAt(b), genome, out, keepsBtn);
  for (let c = b + 1; c < count && outOf(blockAt(c), genome) < out; c++) push(blockAt(c), genome, out, keepsBtn);
  for (let c = b - 1; c >= 0 && outOf(blockAt(c), genome) > out; c--) push(blockAt(c), genome, out, keepsBtn);
}

function push(block: usize, genome: usize, units: i32, keepsBtn: bool): void {
  const genes = genesOf(block, genome);
  const btn: i32 = load<u16>(genes, SUPER_BTN);
  replaceOut(block, genome, units);
  if (keepsBtn && isSuper(block)) setExpansion(genes, nearestExpansion(units, btn));
}

/** The expansion whose bottleneck is nearest to the wanted one; the smallest of those as near. */
function nearestExpansion(out: i32, btn: i32): i32 {
  const above = expansionFrom(out, btn);
  if (above == 0) return 0;
  const below = btnUnits(above - 1, out);
  const isNearer = above < load<i32>(EXPANSIONS) && btnUnits(above, out) - btn < btn - below;
  return isNearer ? above : expansionFrom(out, below);
}

/** Sets a block's width as given; the bottleneck follows by its expansion. */
export function replaceOut(block: usize, genome: usize, units: i32): void {
  const genes = genesOf(block, genome);
  if (!isSuper(block)) {
    store<u8>(genes, <u8>units, CONV_OUT);
    return;
  }
  const expansion = expansionOf(load<u8>(genes, SUPER_OUT), load<u16>(genes, SUPER_BTN));
  store<u8>(genes, <u8>units, SUPER_OUT);
  setExpansion(genes, expansion);
}

/** The expansion one step up or down; it stays where there is none. */
export function stepExpansion(block: usize, genome: usize, by: i32): void {
  const genes = genesOf(block, genome);
  const expansion = expansionOf(load<u8>(genes, SUPER_OUT), load<u16>(genes, SUPER_BTN)) + by;
  if (expansion >= 0 && expansion < load<i32>(EXPANSIONS)) setExpansion(genes, expansion);
}

export function mutateKernel(block: usize, genome: usize): void {
  const kernel = below(load<i32>(KERNEL_COUNT));
  store<u8>(genesOf(block, genome), <u8>kernelAt(block, resolutionIndex(genome), kernel), SUPER_KERNEL);
}

/** Depth one or two up or down. */
export function mutateDepth(block: usize, genome: usize): void {
  const choice = below(4);
  const wanted = depthGene(block, genome) + (choice < 2 ? choice - 2 : choice - 1);
  setDepth(block, genome, max<i32>(1, min<i32>(load<i32>(block, BLOCK_MAX_DEPTH), wanted)));
}

/** One or two inner layers, as many as can, go from one block to another. */
export function moveDepth(from: usize, to: usize, genome: usize): void {
  const most = 1 + below(2);
  if (from == to) return;
  const room = load<i32>(to, BLOCK_MAX_DEPTH) - depthGene(to, genome);
  const moved = min<i32>(most, min<i32>(depthGene(from, genome) - 1, room));
  setDepth(from, genome, depthGene(from, genome) - moved);
  setDepth(to, genome, depthGene(to, genome) + moved);
}

// @ts-ignore: decorator
@inline
function depthGene(block: usize, genome: usize): i32 {
  return load<u8>(genesOf(block, genome), SUPER_DEPTH);
}

/** Sets a super block's depth; new layers take the bits of the last. */
function setDepth(block: usize, genome: usize, depth: i32): void {
  const genes = genesOf(block, genome);
  const old = depthGene(block, genome);
  const bits = genes + SUPER_BITS;
  for (let layer = old; layer < depth; layer++) store<u8>(bits + layer, load<u8>(bits + old - 1));
  for (let layer = depth; layer < old; layer++) store<u8>(bits + layer, 0);
  store<u8>(genes, <u8>depth, SUPER_DEPTH);
}

/** Activation bits or weight bits, each inner layer one step up or down. */
function stepBits(block: usize, bits: usize, depth: i32): void {
  const choice = next();
  const member = (choice & 1) << 1;
  for (let layer = 0; layer < depth; layer++) {
    stepPair(block, bits + layer, member | ((choice >> <u32>(1 + (layer % 31))) & 1));
  }
}

/** One layer's activation or weight bits one step up (1) or down (0). */
export function stepLayerBits(block: usize, genome: usize, up: i32): void {
  let gene = genesOf(block, genome);
  if (isSuper(block)) gene += SUPER_BITS + below(load<u8>(gene, SUPER_DEPTH));
  else gene += CONV_BITS;
  stepPair(block, gene, (below(2) << 1) | up);
}

// @ts-ignore: decorator
@inline
function stepPair(block: usize, gene: usize, kind: u32): void {
  store<u8>(gene, load<u8>(load<usize>(block, BLOCK_BIT_STEPS) + (kind << 8) + load<u8>(gene)));
}

/**
 * Sorts the bit pairs of a block's inner layers behind the first, which are alike but for their bits: networks that differ only in that
 * order have the same score, BitOps and flash, and a population needs only one of them.
 */
export function sortLayers(block: usize, genome: usize): void {
  const genes = genesOf(block, genome);
  const bits = genes + SUPER_BITS;
  const depth: i32 = load<u8>(genes, SUPER_DEPTH);
  for (let i = 2; i < depth; i++) {
    const pair = load<u8>(bits + i);
    let j = i;
    for (; j > 1 && load<u8>(bits + j - 1) < pair; j--) store<u8>(bits + j, load<u8>(bits + j - 1));
    store<u8>(bits + j, pair);
  }
}

/** One or two steps up or down in the space's list of resolutions, clamped; kernels follow. */
export function mutateResolution(genome: usize): void {
  const choice = next();
  const step = (1 + <i32>((choice >> 1) & 1)) * ((choice & 1) == 0 ? -1 : 1);
  setResolution(genome, max<i32>(0, min<i32>(load<i32>(RESOLUTION_COUNT) - 1, resolutionIndex(genome) + step)));
}

/**
 * Sets the resolution and lets the kernels follow: one that was the largest its maps allowed stays the largest, any other becomes the
 * nearest that the maps now allow.
 */
export function setResolution(genome: usize, index: i32): void {
  if (load<i32>(RESOLUTION_COUNT) == 1) return;
  const before = resolutionIndex(genome);
  store<u8>(genome, resolutionGene(index));
  const count = load<i32>(BLOCK_COUNT);
  for (let b = 0; b < count; b++) {
    const block = blockAt(b);
    if (!isSuper(block)) continue;
    const genes = genesOf(block, genome);
    const kernel: i32 = load<u8>(genes, SUPER_KERNEL);
    const wanted = kernel == kernelNear(block, before, 255) ? 255 : kernel;
    store<u8>(genes, <u8>kernelNear(block, index, wanted), SUPER_KERNEL);
  }
}
