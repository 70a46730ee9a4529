import type { RandomStream } from "../search/random.ts";
import { resolutionOf, shrunkKernel } from "./genome.ts";
import { RESOLUTION_GENE, RESOLUTION_UNIT, type Space, type SpaceBlock, SuperGene } from "./space.ts";

/** One or two steps up or down in the space's list of resolutions, clamped; kernels follow. */
export function mutateResolution(space: Space, genomes: Uint8Array, at: number, random: RandomStream): void {
  const { resolutions } = space.options;
  const index = resolutions.indexOf(resolutionOf(space, genomes, at));
  const choice = random.next();
  const step = (1 + ((choice >>> 1) & 1)) * ((choice & 1) === 0 ? -1 : 1);
  setResolution(space, genomes, at, resolutions[Math.max(0, Math.min(resolutions.length - 1, index + step))]);
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
