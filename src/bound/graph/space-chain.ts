import { greatestOf } from "../../base/extremes.ts";
import { ln } from "../../base/gaussian.ts";
import { type NamedPeak, type NamedSum, peaksOf, type SumName, sumsOf } from "../../costs/cost-table.ts";
import type { BitPair } from "../../network/bits.ts";
import type { LayerShape } from "../../network/network.ts";
import { AnalyticScore } from "../../score/analytic.ts";
import {
  activationClasses,
  bitsAtEnd,
  type Chain,
  type ChainBlock,
  type ChainTables,
  chainTables,
  pairFigures,
  withLimits,
} from "./chain.ts";
import { emptyLayerFigures, LayerProbe } from "./layer-figures.ts";
import {
  attainableLayers,
  type BlockDescription,
  type Budgets,
  checkStageWeights,
  deploymentOf,
  type SpaceDescription,
} from "./space-description.ts";

export interface VariantShape {
  readonly k: number;
  readonly btn: number;
}

/** A block of a space, with what turns its part of a path into a structure. */
export interface SpaceChainBlock extends ChainBlock {
  readonly description: BlockDescription;
  /** Kernel and bottleneck, index out * variants + variant. */
  readonly shapes: readonly (VariantShape | undefined)[];
}

/** The chain of a space: its paths are exactly the space's networks. */
export interface SpaceChain extends Chain {
  readonly space: SpaceDescription;
  /** The ordinary scorer. */
  readonly scorer: AnalyticScore;
  readonly blocks: readonly SpaceChainBlock[];
}

/** What is compiled of a space: its chain under whatever limits of its additive budgets. */
export interface SpaceTables extends ChainTables<SpaceChainBlock>, Pick<SpaceChain, "space" | "scorer"> {}

/** Bytes of the tables of a space's chain and of its relaxation, known before any of them is there. */
export function chainBytes({ blocks, ...space }: SpaceDescription, budgets: Budgets): number {
  const deployment = deploymentOf(space);
  const memories = limited(peaksOf(deployment), budgets).map(({ name }) => name);
  const sums = limited(sumsOf(deployment), budgets);
  const columns = 1 + 2 * sums.length;
  const pairs = blocks.flatMap((block) => block.pairs);
  const classes = activationClasses(pairs, memories, bitsAtEnd(memories, deployment)).length;
  const masks = memories.length > 0 ? 2 * classes : 0;
  return blocks.reduce((bytes, { outs, kernels, bottlenecks, maxDepth }, b) => {
    const most = outs.reduce((max, out) => Math.max(max, bottlenecks(out).length), 0);
    const rest = outs.length * kernels.length * most;
    const first = rest * (b === 0 ? 1 : blocks[b - 1].outs.length);
    // Masks of two bytes a class; two lists of the open shapes, four bytes a shape; kernel and bottleneck of every shape, as an object.
    return (
      bytes +
      8 * (columns * (first + rest) + classes * (first + rest * (2 + maxDepth)) + first) +
      masks * (first + rest) +
      40 * rest
    );
  }, 0);
}

/** `compiling` at once. */
export function compileChain(space: SpaceDescription, budgets: Budgets): SpaceChain {
  const steps = compiling(space, budgets);
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

/** The chain of a space under some budgets; yields often. */
export function* compiling(space: SpaceDescription, budgets: Budgets): Generator<void, SpaceChain> {
  return limitedTo(yield* compilingTables(space, budgets), budgets);
}

/**
 * The chain of tables that were compiled for budgets of the same names, and the same memory.
 * @param kept an additive cost that stays even where no network can break its budget
 */
export function limitedTo(tables: SpaceTables, budgets: Budgets, kept?: SumName): SpaceChain {
  const { space, scorer } = tables;
  const limits = tables.dimensions.map((name) =>
    name === "layers" ? attainableLayers(space, budgets[name]!) : budgets[name]!,
  );
  return { ...withLimits(tables, limits, kept), space, scorer };
}

/**
 * Compiles a space for budgets of some names, yielding often: what the memory budgets are is compiled in, what the additive ones are is not.
 * @throws UserError where the stage weights do not fit the space's strides
 */
export function* compilingTables(space: SpaceDescription, budgets: Budgets): Generator<void, SpaceTables> {
  checkStageWeights(space);
  const deployment = deploymentOf(space);
  const sums = limited(sumsOf(deployment), budgets);
  const peaks = limited(peaksOf(deployment), budgets);
  // No classifier is behind them, so that what there would be need not be measured.
  const innerPeaks = limited(peaksOf(deployment && { ...deployment, classes: 0 }), budgets);
  const memories = peaks.map(({ name }) => name);
  const memoryLimits = memories.map((name) => budgets[name]!);
  const end = bitsAtEnd(memories, deployment);
  const activations = activationClasses(
    space.blocks.flatMap((block) => block.pairs),
    memories,
    end,
  );
  const weights = blockWeights(space);
  const scorer = new AnalyticScore(space.score);
  const blocks: SpaceChainBlock[] = [];
  const parts = { space, scorer, sums, peaks, innerPeaks, activations, memories, memoryLimits };
  for (const [b, weight] of weights.entries()) blocks.push(yield* compilingBlock(parts, b, weight));
  const tables = chainTables({
    resolution: space.resolution,
    blocks,
    dimensions: sums.map(({ name }) => name),
    memories,
    memoryLimits,
    activations,
    endClass: Math.max(0, activations.indexOf(end)),
  });
  return { ...tables, space, scorer };
}

/** The costs that have a budget. */
function limited<Row extends NamedSum | NamedPeak>(rows: readonly Row[], budgets: Budgets): readonly Row[] {
  return rows.filter(({ name }) => budgets[name] !== undefined);
}

/** Kernel and bottleneck of every (out, variant), index out * variants + variant; undefined where an out has fewer bottlenecks than others. */
function shapeList(description: BlockDescription): (VariantShape | undefined)[] {
  const bottlenecks = description.outs.map((out) => description.bottlenecks(out));
  const most = greatestOf(bottlenecks.map((list) => list.length));
  return bottlenecks.flatMap((list) =>
    description.kernels.flatMap((k) =>
      Array.from({ length: most }, (_, i) => (i < list.length ? { k, btn: list[i] } : undefined)),
    ),
  );
}

interface BlockWeight {
  /** Of every inner layer's value: the sum of the stage weights from the block's stage on. */
  readonly layers: number;
  /** Of ln(out): the stage's weight where the block ends a stage, else 0. */
  readonly out: number;
}

function blockWeights(space: SpaceDescription): BlockWeight[] {
  const { stageWeights } = space.score;
  let stage = 0;
  return space.blocks.map((block, b) => {
    if (b > 0 && block.s === 2) stage++;
    const ends = b === space.blocks.length - 1 || space.blocks[b + 1].s === 2;
    const layers = stageWeights.slice(stage).reduce((sum, w) => sum + w, 0);
    return { layers, out: ends ? stageWeights[stage] : 0 };
  });
}

function* compilingBlock(
  parts: Pick<SpaceChain, "space" | "scorer" | "activations" | "memories" | "memoryLimits"> & {
    readonly sums: readonly NamedSum[];
    /** Of the layers of the last block, and of all others. */
    readonly peaks: readonly NamedPeak[];
    readonly innerPeaks: readonly NamedPeak[];
  },
  b: number,
  weight: BlockWeight,
): Generator<void, SpaceChainBlock> {
  const { space, scorer, sums } = parts;
  const description = space.blocks[b];
  const { outs, family, s, pairs } = description;
  const ins = b === 0 ? [space.inputChannels] : space.blocks[b - 1].outs;
  const resolution = space.blocks.slice(0, b).reduce((r, block) => Math.ceil(r / block.s), space.resolution);
  const isLast = b === space.blocks.length - 1;
  const classes = isLast ? space.classes : 0;
  const shapes = shapeList(description);
  const variants = shapes.length / outs.length;
  const probe = new LayerProbe(scorer, sums, isLast ? parts.peaks : parts.innerPeaks, parts);
  const first = emptyLayerFigures(ins.length * outs.length * variants, sums.length, parts);
  const rest = emptyLayerFigures(outs.length * variants, sums.length, parts);
  const shape: LayerShape = { in: 0, btn: 0, out: 0, k: 0, s: 0 };
  const common = { family, shape, block: b, weight: weight.layers };
  const firstLayer = { ...common, resolution, first: true, value: 0, classes };
  const restLayer = { ...common, resolution: Math.ceil(resolution / s), first: false, value: 0, classes: 0 };
  // A function of its own: the engine compiles loops inside a generator worse.
  const fillOut = (o: number): void => {
    const out = outs[o];
    firstLayer.value = weight.out * ln(out);
    for (let v = 0; v < variants; v++) {
      const variant = shapes[o * variants + v];
      if (variant === undefined) continue;
      shape.btn = variant.btn;
      shape.out = out;
      shape.k = variant.k;
      if (description.maxDepth > 1) {
        shape.in = out;
        shape.s = 1;
        probe.fill(rest, o * variants + v, restLayer);
      }
      shape.s = s;
      for (let i = 0; i < ins.length; i++) {
        if (b > 0 && ins[i] > out) break;
        shape.in = ins[i];
        probe.fill(first, (i * outs.length + o) * variants + v, firstLayer);
      }
    }
  };
  for (let o = 0; o < outs.length; o++) {
    fillOut(o);
    yield;
  }
  const mainConvs = family.convs.length;
  const gainOf = ({ a, w }: BitPair) => weight.layers * mainConvs * scorer.bitsGain(a, w);
  return {
    description,
    ins,
    outs,
    variants,
    maxDepth: description.maxDepth,
    shapes,
    first,
    rest,
    ...pairFigures(pairs, gainOf, parts),
  };
}
