import { btnUnits, expansionOf, outUnits, resolutionOf, shrunkKernel } from "./genome.ts";
import { ConvGene, RESOLUTION_GENE, RESOLUTION_UNIT, type Space, type SpaceBlock, SuperGene } from "./space.ts";

/*
 * Each sets one gene group of a genome in place and leaves it canonical and inside the space: what is out of range is clamped.
 */

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

export function setDepth(block: SpaceBlock, genomes: Uint8Array, at: number, wanted: number): void {
  const genes = at + block.offset;
  const old = genomes[genes + SuperGene.depth];
  const depth = Math.max(1, Math.min(block.maxDepth, wanted));
  const bits = genes + SuperGene.bits;
  for (let layer = old; layer < depth; layer++) genomes[bits + layer] = genomes[bits + old - 1];
  for (let layer = depth; layer < old; layer++) genomes[bits + layer] = 0;
  genomes[genes + SuperGene.depth] = depth;
}

/**
 * Sets the resolution, one of the space's, and lets the kernels follow: one that was the largest its maps allowed stays the largest,
 * any other becomes the nearest that the maps now allow.
 */
export function setResolution(space: Space, genomes: Uint8Array, at: number, resolution: number): void {
  if (space.options.resolutions.length === 1) return;
  const before = resolutionOf(space, genomes, at);
  genomes[at + RESOLUTION_GENE] = resolution / RESOLUTION_UNIT;
  for (const block of space.blocks) {
    if (!block.family.isSuper) continue;
    const gene = at + block.offset + SuperGene.k;
    const wanted = genomes[gene] === kernelNear(space, block, before, 255) ? 255 : genomes[gene];
    genomes[gene] = kernelNear(space, block, resolution, wanted);
  }
}

/** The legal kernel of a block nearest to the wanted one at an input resolution; the smaller of two as near. */
function kernelNear(space: Space, block: SpaceBlock, resolution: number, wanted: number): number {
  const r = space.inputResolution(block, resolution);
  let best = 0;
  for (const kernel of space.options.kernels) {
    const legal = shrunkKernel(kernel, r);
    const change = Math.abs(legal - wanted) - Math.abs(best - wanted);
    if (best === 0 || change < 0 || (change === 0 && legal < best)) best = legal;
  }
  return best;
}
