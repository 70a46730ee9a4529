import { ln } from "../../base/gaussian.ts";
import { UserError } from "../../base/user-error.ts";
import { FULL_PRECISION_BITS } from "../../network/bits.ts";
import type { LayerShape } from "../../network/network.ts";
import { AnalyticScore } from "../../score/analytic.ts";
import {
  type AdditiveCost,
  additiveNames,
  emptyLayerFigures,
  type LayerFigures,
  LayerProbe,
  type MemoryCost,
  memoryCosts,
} from "./layer-figures.ts";
import { attainableLayers, type BlockDescription, type Budgets, type SpaceDescription } from "./space-description.ts";

export interface VariantShape {
  readonly k: number;
  readonly btn: number;
}

/** One block: `first` is its first inner layer, shape (in * outs + out) * variants + variant; `rest` the others, shape out * variants + variant. */
export interface ChainBlock {
  readonly description: BlockDescription;
  readonly ins: readonly number[];
  readonly outs: readonly number[];
  /** Combinations of kernel and bottleneck: kernel * bottlenecks + bottleneck. */
  readonly variants: number;
  /** Kernel and bottleneck, index out * variants + variant. */
  readonly shapes: readonly (VariantShape | undefined)[];
  readonly first: LayerFigures;
  readonly rest: LayerFigures;
  /** Weighted gain of every bit pair, summed over a layer's convs. */
  readonly gain: Float64Array;
  /** factor[d][pair] of the additive budgets: a * w for BitOps, w for flash, else 0. */
  readonly factor: readonly Float64Array[];
  /** Activation class of every pair: 0 everywhere where memory has no budget, else the index into `activations`. */
  readonly pairClass: Uint8Array;
  /** Pairs that no other pair of the class beats in gain and every factor. */
  readonly goodPairs: readonly number[];
}

/** The tables a bound is computed from: every network of the space is a path, its score and additive costs are sums along it. */
export interface Chain {
  readonly space: SpaceDescription;
  /** The ordinary scorer. */
  readonly scorer: AnalyticScore;
  readonly blocks: readonly ChainBlock[];
  /** The additive budgets that can bind, and their limits. */
  readonly dimensions: readonly AdditiveCost[];
  readonly limits: readonly number[];
  /** Bytes, of the memory budgets there are, in the order of `memoryCosts`. */
  readonly memories: readonly MemoryCost[];
  readonly memoryLimits: readonly number[];
  /** Distinct activation bits of all pairs; one entry, 8, where memory has no budget. What follows the last block counts as 8 bits. */
  readonly activations: readonly number[];
  /** Index into `activations` of the 8 bits behind the last block. */
  readonly endClass: number;
  /** Bound on the sum of the magnitudes of all terms of a score. */
  readonly magnitude: number;
}

/**
 * Compiles a space and its budgets.
 * @throws UserError where the stage weights do not fit the space's strides
 */
export function compileChain(space: SpaceDescription, budgets: Budgets): Chain {
  const stages = 1 + space.blocks.filter((block, b) => b > 0 && block.s === 2).length;
  if (space.score.stageWeights.length !== stages) {
    const got = space.score.stageWeights.length;
    throw new UserError(`stage weights: expected ${stages} entries, one per stage of the network, got ${got}`);
  }
  const dimensions = additiveNames.filter((name) => budgets[name] !== undefined);
  const memories = memoryCosts.filter((name) => budgets[name] !== undefined);
  const activations = activationClasses(space, memories);
  const weights = blockWeights(space);
  const scorer = new AnalyticScore(space.score);
  const blocks = space.blocks.map((_, b) =>
    compileBlock({ space, scorer, dimensions, activations, memories }, b, weights[b]),
  );
  const limitOf = (name: AdditiveCost) =>
    name === "layers" ? attainableLayers(space, budgets[name]!) : budgets[name]!;
  const limits = dimensions.map(limitOf);
  const kept = dimensions.map((_, d) => greatestCost(blocks, d) > limits[d]);
  const pick = <T>(list: readonly T[]) => list.filter((_, d) => kept[d]);
  const table = (t: LayerFigures): LayerFigures => ({ ...t, base: pick(t.base), slope: pick(t.slope) });
  return {
    space,
    scorer,
    blocks: blocks.map((b) => ({ ...b, first: table(b.first), rest: table(b.rest), factor: pick(b.factor) })),
    dimensions: pick(dimensions),
    limits: pick(limits),
    memories,
    memoryLimits: memories.map((name) => budgets[name]!),
    activations,
    endClass: Math.max(0, activations.indexOf(FULL_PRECISION_BITS)),
    magnitude: blocks.reduce((sum, b) => sum + greatestMagnitude(b), 0),
  };
}

/** Kernel and bottleneck of every (out, variant), index out * variants + variant; undefined where an out has fewer bottlenecks than others. */
function shapeList(description: BlockDescription): (VariantShape | undefined)[] {
  const bottlenecks = description.outs.map((out) => description.bottlenecks(out));
  const most = Math.max(...bottlenecks.map((list) => list.length));
  return bottlenecks.flatMap((list) =>
    description.kernels.flatMap((k) =>
      Array.from({ length: most }, (_, i) => (i < list.length ? { k, btn: list[i] } : undefined)),
    ),
  );
}

/** Distinct activation bits; a single class where nothing depends on the bits of the next layer. */
function activationClasses(space: SpaceDescription, memories: readonly MemoryCost[]): number[] {
  if (memories.length === 0) return [FULL_PRECISION_BITS];
  const bits = space.blocks.flatMap((block) => block.pairs.map((pair) => pair.a || FULL_PRECISION_BITS));
  return [...new Set([...bits, FULL_PRECISION_BITS])].sort((x, y) => x - y);
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

function compileBlock(
  {
    space,
    scorer,
    dimensions,
    activations,
    memories,
  }: Pick<Chain, "space" | "scorer" | "dimensions" | "activations" | "memories">,
  b: number,
  weight: BlockWeight,
): ChainBlock {
  const description = space.blocks[b];
  const { outs, family, s, pairs } = description;
  const ins = b === 0 ? [space.inputChannels] : space.blocks[b - 1].outs;
  const resolution = space.blocks.slice(0, b).reduce((r, block) => Math.ceil(r / block.s), space.resolution);
  const classes = b === space.blocks.length - 1 ? space.classes : 0;
  const shapes = shapeList(description);
  const variants = shapes.length / outs.length;
  const probe = new LayerProbe(scorer, dimensions, memories);
  const first = emptyLayerFigures(ins.length * outs.length * variants, dimensions.length, memories.length);
  const rest = emptyLayerFigures(outs.length * variants, dimensions.length, memories.length);
  const shape: LayerShape = { in: 0, btn: 0, out: 0, k: 0, s: 0 };
  const restResolution = Math.ceil(resolution / s);
  outs.forEach((out, o) => {
    const lnOut = weight.out * ln(out);
    const classifier = classes > 0 ? out * classes + classes : 0;
    for (let v = 0; v < variants; v++) {
      const variant = shapes[o * variants + v];
      if (variant === undefined) continue;
      const { k, btn } = variant;
      Object.assign(shape, { in: out, btn, out, k, s: 1 });
      if (description.maxDepth > 1)
        probe.fill(rest, o * variants + v, family, shape, restResolution, false, weight.layers, 0, 0);
      shape.s = s;
      for (let i = 0; i < ins.length; i++) {
        if (b > 0 && ins[i] > out) break;
        shape.in = ins[i];
        const at = (i * outs.length + o) * variants + v;
        probe.fill(first, at, family, shape, resolution, true, weight.layers, lnOut, classifier);
      }
    }
  });
  const mainConvs = family.convs.length;
  const gain = Float64Array.from(pairs, (pair) => weight.layers * mainConvs * scorer.bitsGain(pair.a, pair.w));
  const a = (p: number) => pairs[p].a || FULL_PRECISION_BITS;
  const w = (p: number) => pairs[p].w || FULL_PRECISION_BITS;
  const indices = pairs.map((_, p) => p);
  const factor = dimensions.map((name) =>
    Float64Array.from(indices, (p) => (name === "bitops" ? a(p) * w(p) : name === "flash" ? w(p) : 0)),
  );
  const pairClass = Uint8Array.from(indices, (p) => (memories.length > 0 ? activations.indexOf(a(p)) : 0));
  return {
    description,
    ins,
    outs,
    variants,
    shapes,
    first,
    rest,
    gain,
    factor,
    pairClass,
    goodPairs: undominated(gain, factor, pairClass),
  };
}

function undominated(gain: Float64Array, factor: readonly Float64Array[], pairClass: Uint8Array): number[] {
  const all = [...gain.keys()];
  const beats = (p: number, q: number): boolean => {
    if (p === q || pairClass[p] !== pairClass[q]) return false;
    if (gain[p] < gain[q] || factor.some((f) => f[p] > f[q])) return false;
    const equal = gain[p] === gain[q] && factor.every((f) => f[p] === f[q]);
    return !equal || p < q;
  };
  return all.filter((q) => !all.some((p) => beats(p, q)));
}

function greatestCost(blocks: readonly ChainBlock[], d: number): number {
  return blocks.reduce((sum, { description, first, rest, factor }) => {
    const top = Math.max(...factor[d]);
    const most = (t: LayerFigures) => t.base[d].reduce((max, base, i) => Math.max(max, base + t.slope[d][i] * top), 0);
    return sum + most(first) + (description.maxDepth - 1) * most(rest);
  }, 0);
}

function greatestMagnitude({ description, first, rest, gain }: ChainBlock): number {
  const top = gain.reduce((max, g) => Math.max(max, Math.abs(g)), 0);
  const most = (t: LayerFigures) =>
    t.value.reduce((max, v) => (Number.isFinite(v) ? Math.max(max, Math.abs(v)) : max), 0);
  return most(first) + (description.maxDepth - 1) * most(rest) + description.maxDepth * top;
}
