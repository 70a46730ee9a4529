import { UserError } from "../../base/user-error.ts";
import type { CostName } from "../../costs/cost-table.ts";
import { type Deployment, deploymentWith, type Runtime } from "../../memory/runtime.ts";
import type { BitPair } from "../../network/bits.ts";
import type { Family } from "../../network/families.ts";
import type { Block, Structure } from "../../network/structure.ts";
import type { OperatorFigures } from "../../operators/operator-figures.ts";
import { shrunkKernel } from "../../space/genome.ts";
import type { Space, SpaceBlock } from "../../space/space.ts";

/** One block of a chain: what is fixed, and the finite ranges of what may change. */
export interface BlockDescription {
  readonly family: Family;
  readonly s: number;
  /** Allowed out channels, ascending; a network's out channels never shrink from one block to the next. */
  readonly outs: readonly number[];
  /** Allowed kernel sizes at this block's input resolution, distinct. */
  readonly kernels: readonly number[];
  /** Distinct bottleneck channels allowed for an out; a single conv has none and gives [out]. */
  readonly bottlenecks: (out: number) => readonly number[];
  /** Most inner layers; at least 1 is always there. */
  readonly maxDepth: number;
  /** Allowed bit pairs of an inner layer, each layer chooses one; [{ a: 0, w: 0 }] is full precision. */
  readonly pairs: readonly BitPair[];
}

/** A search space as the bound sees it: a chain of blocks that touch only in their channels (and, for SRAM, in one bit-width). */
export interface SpaceDescription {
  /** Pixels of one side of the input. */
  readonly resolution: number;
  readonly inputChannels: number;
  readonly blocks: readonly BlockDescription[];
  readonly score: {
    readonly stageWeights: readonly number[];
    readonly sigmaActivation: number;
    readonly sigmaWeight: number;
  };
  /** Outputs of an 8-bit classifier that is counted into flash; 0 for none. */
  readonly classes: number;
  /** What deploys the networks; absent: the costs of a deployment have no budget. */
  readonly runtime?: Runtime | undefined;
  /** Measured operators; absent: latency and energy have no budget. */
  readonly latency?: OperatorFigures | undefined;
  readonly energy?: OperatorFigures | undefined;
}

/** How a space's networks are deployed, if they are. */
export function deploymentOf(
  space: Pick<SpaceDescription, "runtime" | "classes" | "latency" | "energy">,
): Deployment | undefined {
  const { runtime, classes, latency, energy } = space;
  return deploymentWith({ runtime, classes, latency, energy });
}

/** Hard upper limits, each inclusive; an absent one is no limit. */
export type Budgets = Readonly<Partial<Record<CostName, number>>>;

/**
 * One description a resolution of the space: together they hold exactly its genomes.
 * @param score,classes as in the configuration
 * @param deployment of as many classes
 */
export function describeSpace(
  space: Space,
  score: SpaceDescription["score"],
  classes: number,
  deployment?: Deployment,
): SpaceDescription[] {
  const { resolutions } = space.options;
  return resolutions.map((resolution) => ({
    resolution,
    inputChannels: space.inputChannels,
    blocks: space.blocks.map((block) => describeBlock(space, block, resolution)),
    score,
    ...deployment,
    classes,
  }));
}

function describeBlock(space: Space, block: SpaceBlock, resolution: number): BlockDescription {
  const { widthStep, kernels } = space.options;
  const { family, s, minOut, maxOut, maxDepth } = block;
  const outs = [];
  // Widths never shrink, so the ranges of the blocks before and behind leave out some.
  const at = space.blocks.indexOf(block);
  const least = space.blocks.slice(0, at).reduce((low, before) => Math.max(low, before.minOut), minOut);
  const most = space.blocks.slice(at).reduce((high, behind) => Math.min(high, behind.maxOut), maxOut);
  for (let out = least; out <= most; out += widthStep) outs.push(out);
  const pairs = [...block.bits.pairs].map((pair) => ({ a: pair >> 4, w: pair & 15 }));
  const common = { family, s, outs, maxDepth, pairs: pairs.length === 0 ? [{ a: 0, w: 0 }] : pairs };
  if (!family.isSuper) return { ...common, kernels: [block.k], bottlenecks: (out) => [out] };
  const r = space.inputResolution(block, resolution);
  const bottlenecks = (out: number) => {
    const units = Array.from({ length: space.expansions }, (_, e) => space.btnUnits[e * 256 + out / widthStep]);
    return [...new Set(units)].map((btn) => btn * widthStep);
  };
  return { ...common, kernels: [...new Set(kernels.map((k) => shrunkKernel(k, r)))], bottlenecks };
}

/** @throws UserError where the stage weights do not fit the space's strides */
export function checkStageWeights({ blocks, score }: SpaceDescription): void {
  const stages = 1 + blocks.filter((block, b) => b > 0 && block.s === 2).length;
  const got = score.stageWeights.length;
  if (got !== stages) {
    throw new UserError(`stage weights: expected ${stages} entries, one per stage of the network, got ${got}`);
  }
}

/** Whether a structure is a network of the space. */
export function holdsStructure({ blocks, inputChannels }: SpaceDescription, structure: Structure): boolean {
  const holds = (block: Block, b: number): boolean => {
    const { family, s, outs, kernels, bottlenecks, maxDepth, pairs } = blocks[b];
    const { L = 1, btn = block.out, nbitsA = 0, nbitsW = 0 } = block;
    const from = b === 0 ? inputChannels : structure[b - 1].out;
    const convs = family.convs.length;
    const bitsOf = (bits: typeof nbitsA, i: number) => (typeof bits === "number" ? bits : bits[i]);
    const layerHolds = (layer: number) => {
      const at = family.convs.map((_, j) => layer * convs + j);
      return pairs.some(({ a, w }) => at.every((i) => bitsOf(nbitsA, i) === a && bitsOf(nbitsW, i) === w));
    };
    if (block.class !== family.className || block.s !== s || block.in !== from || (b > 0 && block.out < from))
      return false;
    if (!outs.includes(block.out) || !kernels.includes(block.k) || !bottlenecks(block.out).includes(btn)) return false;
    return L >= 1 && L <= maxDepth && Array.from({ length: L }, (_, layer) => layer).every(layerHolds);
  };
  return structure.length === blocks.length && structure.every(holds);
}

/** The most layers, as costs count them, that a network of the space can have within a limit; 0 where every network has more. */
export function attainableLayers({ blocks }: SpaceDescription, limit: number): number {
  let sums = [0];
  for (const { family, maxDepth } of blocks) {
    const depths = Array.from({ length: maxDepth }, (_, i) => (i + 1) * family.convs.length);
    sums = [...new Set(sums.flatMap((sum) => depths.map((layers) => sum + layers)))];
  }
  return sums.reduce((most, sum) => (sum <= limit ? Math.max(most, sum) : most), 0);
}
