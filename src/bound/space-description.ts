import type { CostName } from "../costs.ts";
import type { Family } from "../space/families.ts";

/** Bits of a layer's input activations and of its weights; 0 and 0 is full precision. */
export interface BitPair {
  readonly a: number;
  readonly w: number;
}

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
  /** Allowed bit pairs of an inner layer, each layer chooses one; [{ a: 0, w: 0 }] at full precision. */
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
}

/** Hard upper limits, each inclusive; an absent one is no limit. */
export type Budgets = Readonly<Partial<Record<CostName, number>>>;
