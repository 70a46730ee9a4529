import type { RandomStream } from "../search/random.ts";
import { expansionOf, outUnits, resolutionOf, shrunkKernel } from "./genome.ts";
import { ConvGene, type Space, type SpaceBlock, SuperGene } from "./space.ts";

/*
 * The published mutations (design section 7): each changes one gene group of one block in place and leaves the genome canonical and
 * inside the space. A step that would leave its range is clamped, so a mutation may leave the genome as it was.
 */

const outFactors = [2, 1.5, 1.25, 0.8, 0.6, 0.5];
const depthSteps = [-2, -1, 1, 2];

/** Picks a block and one of its genes, as the published program does. */
export function mutatePublished(space: Space, genomes: Uint8Array, at: number, random: RandomStream): void {
  const b = random.below(space.blocks.length);
  const block = space.blocks[b];
  if (block.role === "stem") {
    mutateOut(space, b, genomes, at, random);
    return;
  }
  if (block.role === "head") {
    stepBits(block, genomes, at + block.offset + ConvGene.bits, 1, random);
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
  const genes = at + block.offset;
  if (!block.family.isSuper) {
    genomes[genes + ConvGene.out] = out;
    return;
  }
  const btn = genomes[genes + SuperGene.btn] | (genomes[genes + SuperGene.btn + 1] << 8);
  const expansion = expansionOf(space, genomes[genes + SuperGene.out], btn);
  genomes[genes + SuperGene.out] = out;
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
