import type { RandomStream } from "../search/random.ts";
import { btnUnits, expansionOf, outUnits, resolutionOf, shrunkKernel } from "./genome.ts";
import { mutateResolution } from "./resolution.ts";
import { ConvGene, type Space, type SpaceBlock, SuperGene } from "./space.ts";

/*
 * The published mutations (design section 7): each changes one gene group of one block in place and leaves the genome canonical and
 * inside the space. A step that would leave its range is clamped, so a mutation may leave the genome as it was.
 */

const outFactors = [2, 1.5, 1.25, 0.8, 0.6, 0.5];
const depthSteps = [-2, -1, 1, 2];

/** Picks a block and one of its genes, as the published program does. */
export function mutatePublished(space: Space, genomes: Uint8Array, at: number, random: RandomStream): void {
  const b = random.below(space.blocks.length + (space.options.resolutions.length > 1 ? 1 : 0));
  if (b === space.blocks.length) {
    mutateResolution(space, genomes, at, random);
    return;
  }
  const block = space.blocks[b];
  if (block.role !== "body") {
    // The published program changes a stem's width and a head's bits; where both may change, either.
    const width = block.minOut < block.maxOut;
    const bits = block.bits.pairs.length > 1;
    if (width && bits ? random.below(2) === 0 : width) mutateOut(space, b, genomes, at, random);
    else stepBits(block, genomes, at + block.offset + ConvGene.bits, 1, random);
    return;
  }
  const choice = random.below(block.bits.pairs.length > 1 ? 5 : 4);
  if (choice === 0) mutateOut(space, b, genomes, at, random);
  else if (choice === 1) mutateKernel(space, block, genomes, at, random);
  else if (choice === 2) mutateExpansion(space, block, genomes, at, random);
  else if (choice === 3) mutateDepth(block, genomes, at, random);
  else {
    const genes = at + block.offset;
    stepBits(block, genomes, genes + SuperGene.bits, genomes[genes + SuperGene.depth], random);
  }
}

/** out times one of the published factors, rounded to the width step. */
export function mutateOut(space: Space, b: number, genomes: Uint8Array, at: number, random: RandomStream): void {
  const out = outUnits(space.blocks[b], genomes, at);
  setOut(space, b, genomes, at, Math.round(out * outFactors[random.below(outFactors.length)]));
}

/** Sets a block's width, clamped between its in and the next block's out; the bottleneck follows by its expansion. */
export function setOut(space: Space, b: number, genomes: Uint8Array, at: number, units: number): void {
  const block = space.blocks[b];
  const step = space.options.widthStep;
  const before = b > 0 ? outUnits(space.blocks[b - 1], genomes, at) : 1;
  const after = b + 1 < space.blocks.length ? outUnits(space.blocks[b + 1], genomes, at) : 255;
  const low = Math.max(before, block.minOut / step);
  const high = Math.min(after, block.maxOut / step);
  const out = Math.max(low, Math.min(high, units));
  replaceOut(space, block, genomes, at, out);
}

/** Sets a block's width as given; the bottleneck follows by its expansion. */
export function replaceOut(space: Space, block: SpaceBlock, genomes: Uint8Array, at: number, units: number): void {
  const genes = at + block.offset;
  if (!block.family.isSuper) {
    genomes[genes + ConvGene.out] = units;
    return;
  }
  const expansion = expansionOf(space, genomes[genes + SuperGene.out], btnUnits(block, genomes, at));
  genomes[genes + SuperGene.out] = units;
  setExpansion(space, block, genomes, at, expansion);
}

/** btn = expansion * out for the block's width. */
export function setExpansion(
  space: Space,
  block: SpaceBlock,
  genomes: Uint8Array,
  at: number,
  expansion: number,
): void {
  const genes = at + block.offset;
  const btn = space.btnUnits[expansion * 256 + genomes[genes + SuperGene.out]];
  genomes[genes + SuperGene.btn] = btn & 255;
  genomes[genes + SuperGene.btn + 1] = btn >> 8;
}

export function mutateKernel(
  space: Space,
  block: SpaceBlock,
  genomes: Uint8Array,
  at: number,
  random: RandomStream,
): void {
  const kernels = space.options.kernels;
  const resolution = space.inputResolution(block, resolutionOf(space, genomes, at));
  genomes[at + block.offset + SuperGene.k] = shrunkKernel(kernels[random.below(kernels.length)], resolution);
}

export function mutateExpansion(
  space: Space,
  block: SpaceBlock,
  genomes: Uint8Array,
  at: number,
  random: RandomStream,
): void {
  setExpansion(space, block, genomes, at, random.below(space.expansions));
}

/** Depth one or two up or down; new layers take the bits of the last. */
export function mutateDepth(block: SpaceBlock, genomes: Uint8Array, at: number, random: RandomStream): void {
  const depth = genomes[at + block.offset + SuperGene.depth];
  setDepth(block, genomes, at, depth + depthSteps[random.below(depthSteps.length)]);
}

export function setDepth(block: SpaceBlock, genomes: Uint8Array, at: number, wanted: number): void {
  const genes = at + block.offset;
  const old = genomes[genes + SuperGene.depth];
  const depth = Math.max(1, Math.min(block.maxDepth, wanted));
  const bits = genes + SuperGene.bits;
  for (let layer = old; layer < depth; layer++) genomes[bits + layer] = genomes[bits + old - 1];
  for (let layer = depth; layer < old; layer++) genomes[bits + layer] = 0;
  genomes[genes + SuperGene.depth] = depth;
}

/** Activation bits or weight bits, each inner layer one step up or down. */
function stepBits(block: SpaceBlock, genomes: Uint8Array, bits: number, depth: number, random: RandomStream): void {
  const choice = random.next();
  const member = (choice & 1) << 1;
  for (let layer = 0; layer < depth; layer++) {
    const up = (choice >>> (1 + (layer % 31))) & 1;
    genomes[bits + layer] = block.bits.next[(member | up) * 256 + genomes[bits + layer]];
  }
}

/** One layer's activation or weight bits one step up (1) or down (0). */
export function stepLayerBits(
  block: SpaceBlock,
  up: 0 | 1,
  genomes: Uint8Array,
  at: number,
  random: RandomStream,
): void {
  const genes = at + block.offset;
  const gene = block.family.isSuper
    ? genes + SuperGene.bits + random.below(genomes[genes + SuperGene.depth])
    : genes + ConvGene.bits;
  genomes[gene] = block.bits.next[((random.below(2) << 1) | up) * 256 + genomes[gene]];
}

/**
 * Sorts the bit pairs of a block's inner layers behind the first, which are alike but for their bits: networks that differ only in that
 * order have the same score, BitOps and flash, and a population needs only one of them.
 */
export function sortLayers(block: SpaceBlock, genomes: Uint8Array, at: number): void {
  const bits = at + block.offset + SuperGene.bits;
  const depth = genomes[at + block.offset + SuperGene.depth];
  for (let i = 2; i < depth; i++) {
    const pair = genomes[bits + i];
    let j = i;
    for (; j > 1 && genomes[bits + j - 1] < pair; j--) genomes[bits + j] = genomes[bits + j - 1];
    genomes[bits + j] = pair;
  }
}
