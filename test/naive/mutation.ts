import { replaceOut, setDepth, setExpansion, setOut, setResolution } from "../../src/space/genes.ts";
import { btnUnits, outUnits, resolutionOf, shrunkKernel } from "../../src/space/genome.ts";
import { ConvGene, type Space, type SpaceBlock, SuperGene } from "../../src/space/space.ts";
import type { RandomStream } from "./random.ts";

/*
 * The slow, obvious mutations: the judge of the genome module. Each changes one gene group of one block in place.
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

/**
 * Sets a block's width within its range; neighbours that are then out of order along the chain take the same width. Bottlenecks follow by
 * their expansions, or take the expansion that keeps them nearest to what they were.
 */
export function pushOut(
  space: Space,
  b: number,
  genomes: Uint8Array,
  at: number,
  units: number,
  keepsBtn: boolean,
): void {
  const { blocks, expansions } = space;
  const step = space.options.widthStep;
  const high = Math.min(...blocks.slice(b).map(({ maxOut }) => maxOut / step));
  const low = Math.max(...blocks.slice(0, b + 1).map(({ minOut }) => minOut / step));
  const out = Math.max(low, Math.min(high, units));
  for (const [c, block] of blocks.entries()) {
    const old = outUnits(block, genomes, at);
    if (c < b ? old <= out : c > b && old >= out) continue;
    const btn = block.family.isSuper ? btnUnits(block, genomes, at) : 0;
    replaceOut(space, block, genomes, at, out);
    if (!keepsBtn || !block.family.isSuper) continue;
    const change = (expansion: number) => Math.abs(space.btnUnits[expansion * 256 + out] - btn);
    const all = Array.from({ length: expansions }, (_, expansion) => expansion);
    setExpansion(space, block, genomes, at, all.toSorted((x, y) => change(x) - change(y) || x - y)[0]);
  }
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

/** One or two inner layers, as many as can, go from one block to another. */
export function moveDepth(
  from: SpaceBlock,
  to: SpaceBlock,
  genomes: Uint8Array,
  at: number,
  random: RandomStream,
): void {
  const most = 1 + random.below(2);
  if (from === to) return;
  const depthOf = (block: SpaceBlock) => genomes[at + block.offset + SuperGene.depth];
  const moved = Math.min(most, depthOf(from) - 1, to.maxDepth - depthOf(to));
  setDepth(from, genomes, at, depthOf(from) - moved);
  setDepth(to, genomes, at, depthOf(to) + moved);
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

/** One or two steps up or down in the space's list of resolutions, clamped; kernels follow. */
export function mutateResolution(space: Space, genomes: Uint8Array, at: number, random: RandomStream): void {
  const { resolutions } = space.options;
  const index = resolutions.indexOf(resolutionOf(space, genomes, at));
  const choice = random.next();
  const step = (1 + ((choice >>> 1) & 1)) * ((choice & 1) === 0 ? -1 : 1);
  setResolution(space, genomes, at, resolutions[Math.max(0, Math.min(resolutions.length - 1, index + step))]);
}
