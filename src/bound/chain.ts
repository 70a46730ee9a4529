import { type CostName, costs, emptyCosts, FULL_PRECISION_BITS, sramHeld, sramInput, sramOutput } from "../costs.ts";
import { appendLayer, beginNetwork, endStage, type LayerShape, lastMainConv, Network } from "../network.ts";
import { AnalyticScore } from "../score/analytic.ts";
import { ln } from "../score/gaussian.ts";
import type { Block, Structure } from "../structure.ts";
import type { BlockDescription, Budgets, SpaceDescription } from "./space-description.ts";

/** The budgets that are sums over layers; SRAM is a maximum and becomes a rule about which layers may follow each other. */
export const additiveCosts = ["bitops", "macs", "flash", "layers"] as const satisfies readonly CostName[];
export type AdditiveCost = (typeof additiveCosts)[number];

/**
 * Figures of one inner layer for a list of shapes, as functions of its bit pair (a, w):
 * value = value[shape] + gain[pair], cost d = base[d][shape] + slope[d][shape] * factor[d][pair].
 */
export interface LayerTable {
  readonly shapes: number;
  /** Weighted log-std gain without the bits' part; -Infinity where the shape does not exist. */
  readonly value: Float64Array;
  readonly base: readonly Float64Array[];
  readonly slope: readonly Float64Array[];
  /** Bytes per activation bit: largest of the convs that the layer's own bits decide, and the last conv's input and output. */
  readonly sramInner: Float64Array;
  readonly sramIn: Float64Array;
  readonly sramOut: Float64Array;
}

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
  readonly first: LayerTable;
  readonly rest: LayerTable;
  /** Weighted gain of every bit pair, summed over a layer's convs. */
  readonly gain: Float64Array;
  /** factor[d][pair] of the additive budgets: a * w for BitOps, w for flash, else 0. */
  readonly factor: readonly Float64Array[];
  /** Activation class of every pair: 0 everywhere where SRAM has no budget, else the index into `activations`. */
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
  /** Bytes; Infinity where SRAM has no budget. */
  readonly sram: number;
  /** Distinct activation bits of all pairs; one entry, 8, where SRAM has no budget. What follows the last block counts as 8 bits. */
  readonly activations: readonly number[];
  /** Index into `activations` of the 8 bits behind the last block. */
  readonly endClass: number;
  /** Bound on the sum of the magnitudes of all terms of a score. */
  readonly magnitude: number;
}

/** The part of a path inside one block. */
export interface BlockChoice {
  /** Index into `outs`. */
  readonly out: number;
  readonly variant: number;
  /** Bit pair of every inner layer, in order. */
  readonly pairs: readonly number[];
}

/** Compiles a space and its budgets. */
export function compileChain(space: SpaceDescription, budgets: Budgets): Chain {
  const dimensions = additiveCosts.filter((name) => budgets[name] !== undefined);
  const sram = budgets.sram ?? Number.POSITIVE_INFINITY;
  const activations = activationClasses(space, sram);
  const weights = blockWeights(space);
  const scorer = new AnalyticScore(space.score);
  let resolution = space.resolution;
  const blocks = space.blocks.map((description, b) => {
    const ins = b === 0 ? [space.inputChannels] : space.blocks[b - 1].outs;
    const last = b === space.blocks.length - 1;
    const block = compileBlock(
      space,
      scorer,
      description,
      ins,
      b > 0,
      resolution,
      weights[b],
      dimensions,
      activations,
      sram < Number.POSITIVE_INFINITY,
      last,
    );
    resolution = Math.ceil(resolution / description.s);
    return block;
  });
  const limitOf = (name: AdditiveCost) =>
    name === "layers" ? reachableLayers(space.blocks, budgets[name]!) : budgets[name]!;
  const limits = dimensions.map(limitOf);
  const kept = dimensions.map((_, d) => greatestCost(blocks, d) > limits[d]);
  const pick = <T>(list: readonly T[]) => list.filter((_, d) => kept[d]);
  const table = (t: LayerTable): LayerTable => ({ ...t, base: pick(t.base), slope: pick(t.slope) });
  return {
    space,
    scorer,
    blocks: blocks.map((b) => ({ ...b, first: table(b.first), rest: table(b.rest), factor: pick(b.factor) })),
    dimensions: pick(dimensions),
    limits: pick(limits),
    sram,
    activations,
    endClass: Math.max(0, activations.indexOf(FULL_PRECISION_BITS)),
    magnitude: blocks.reduce((sum, b) => sum + greatestMagnitude(b), 0),
  };
}

/** The space's network of a path, in the interchange form. */
export function structureOfPath(chain: Chain, path: readonly BlockChoice[]): Structure {
  let channels = chain.space.inputChannels;
  return path.map((choice, b): Block => {
    const { description, outs, shapes, variants } = chain.blocks[b];
    const { className, innerClass, isSuper, convs } = description.family;
    const out = outs[choice.out];
    const from = channels;
    channels = out;
    const { k, btn } = shapes[choice.out * variants + choice.variant]!;
    const pairs = choice.pairs.map((p) => description.pairs[p]);
    const full = pairs[0].a === 0;
    const common = { class: className, in: from, out, k, s: description.s };
    if (!isSuper) return full ? common : { ...common, nbitsA: pairs[0].a, nbitsW: pairs[0].w };
    const bits = full
      ? {}
      : {
          nbitsA: pairs.flatMap((pair) => convs.map(() => pair.a)),
          nbitsW: pairs.flatMap((pair) => convs.map(() => pair.w)),
        };
    return {
      ...common,
      L: pairs.length,
      btn,
      ...bits,
      ...(innerClass === undefined ? {} : { inner_class: innerClass }),
    };
  });
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
function activationClasses(space: SpaceDescription, sram: number): number[] {
  if (sram === Number.POSITIVE_INFINITY) return [FULL_PRECISION_BITS];
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
  space: SpaceDescription,
  score: AnalyticScore,
  description: BlockDescription,
  ins: readonly number[],
  widening: boolean,
  resolution: number,
  weight: BlockWeight,
  dimensions: readonly AdditiveCost[],
  activations: readonly number[],
  sram: boolean,
  last: boolean,
): ChainBlock {
  const { outs, family, s, pairs } = description;
  const shapes = shapeList(description);
  const variants = shapes.length / outs.length;
  const probe = new LayerProbe(score, dimensions, sram);
  const first = emptyTable(ins.length * outs.length * variants, dimensions.length);
  const rest = emptyTable(outs.length * variants, dimensions.length);
  const shape: LayerShape = { in: 0, btn: 0, out: 0, k: 0, s: 0 };
  const restResolution = Math.ceil(resolution / s);
  outs.forEach((out, o) => {
    const lnOut = weight.out * ln(out);
    const classifier = last && space.classes > 0 ? out * space.classes + space.classes : 0;
    for (let v = 0; v < variants; v++) {
      const variant = shapes[o * variants + v];
      if (variant === undefined) continue;
      const { k, btn } = variant;
      Object.assign(shape, { in: out, btn, out, k, s: 1 });
      if (description.maxDepth > 1)
        probe.fill(rest, o * variants + v, family, shape, restResolution, false, weight.layers, 0, 0);
      shape.s = s;
      for (let i = 0; i < ins.length; i++) {
        if (widening && ins[i] > out) break;
        shape.in = ins[i];
        const at = (i * outs.length + o) * variants + v;
        probe.fill(first, at, family, shape, resolution, true, weight.layers, lnOut, classifier);
      }
    }
  });
  const mainConvs = family.convs.length;
  const gain = Float64Array.from(pairs, (pair) => weight.layers * mainConvs * score.bitsGain(pair.a, pair.w));
  const a = (p: number) => pairs[p].a || FULL_PRECISION_BITS;
  const w = (p: number) => pairs[p].w || FULL_PRECISION_BITS;
  const indices = pairs.map((_, p) => p);
  const factor = dimensions.map((name) =>
    Float64Array.from(indices, (p) => (name === "bitops" ? a(p) * w(p) : name === "flash" ? w(p) : 0)),
  );
  const pairClass = Uint8Array.from(indices, (p) => (sram ? activations.indexOf(a(p)) : 0));
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

function emptyTable(shapes: number, dimensions: number): LayerTable {
  const column = () => new Float64Array(shapes);
  return {
    shapes,
    value: column().fill(Number.NEGATIVE_INFINITY),
    base: Array.from({ length: dimensions }, column),
    slope: Array.from({ length: dimensions }, column),
    sramInner: column(),
    sramIn: column(),
    sramOut: column(),
  };
}

/** Measures one inner layer with the program's own scorer and costs, so that no formula is written twice. */
class LayerProbe {
  readonly #score: AnalyticScore;
  readonly #dimensions: readonly AdditiveCost[];
  readonly #sram: boolean;
  readonly #network = new Network(8);
  readonly #blocks = new Float64Array(8);
  readonly #costs = emptyCosts();

  constructor(score: AnalyticScore, dimensions: readonly AdditiveCost[], sram: boolean) {
    this.#score = score;
    this.#dimensions = dimensions;
    this.#sram = sram;
  }

  fill(
    table: LayerTable,
    at: number,
    family: BlockDescription["family"],
    shape: LayerShape,
    resolution: number,
    first: boolean,
    weight: number,
    value: number,
    flash: number,
  ): void {
    const network = this.#network;
    this.#layer(family, shape, resolution, first, full);
    this.#score.blockValues(network, this.#blocks);
    table.value[at] = weight * this.#blocks[0] + value;
    this.#layer(family, shape, resolution, first, ones);
    const one = costs(network, 0, this.#costs);
    for (let d = 0; d < this.#dimensions.length; d++) {
      const name = this.#dimensions[d];
      table.base[d][at] = one[name] + (name === "flash" ? flash : 0);
      if (name !== "bitops") continue;
      table.slope[d][at] = one.macs;
      table.base[d][at] -= one.macs;
    }
    if (this.#sram) this.#fillSram(table, at);
    const flashAt = this.#dimensions.indexOf("flash");
    if (flashAt < 0) return;
    const flashOne = table.base[flashAt][at] - flash;
    this.#layer(family, shape, resolution, first, twos);
    const slope = costs(network, 0, this.#costs).flash - flashOne;
    table.slope[flashAt][at] = slope;
    table.base[flashAt][at] -= slope;
  }

  /** The last conv of the main path writes at the bits of the layer behind it, the others at the layer's own. */
  #fillSram(table: LayerTable, at: number): void {
    const network = this.#network;
    const last = lastMainConv(network);
    for (let conv = 0; conv < last; conv++) {
      const values = sramInput(network, conv) + sramOutput(network, conv) + sramHeld(network, 0, 0, conv);
      table.sramInner[at] = Math.max(table.sramInner[at], values / 8);
    }
    table.sramIn[at] = (sramInput(network, last) + sramHeld(network, 0, 0, last)) / 8;
    table.sramOut[at] = sramOutput(network, last) / 8;
  }

  #layer(family: BlockDescription["family"], shape: LayerShape, resolution: number, first: boolean, bits: Uint8Array) {
    beginNetwork(this.#network, resolution);
    appendLayer(this.#network, family, 0, shape, first, bits, bits, 0);
    endStage(this.#network);
  }
}

const full = new Uint8Array(8);
const ones = new Uint8Array(8).fill(1);
const twos = new Uint8Array(8).fill(2);

/** The most layers a network can have within the limit: the Lagrangian bound is tight at a count that occurs, not between two. */
function reachableLayers(blocks: readonly BlockDescription[], limit: number): number {
  let sums = new Set([0]);
  for (const { family, maxDepth } of blocks) {
    const longer = new Set<number>();
    for (const sum of sums) for (let n = 1; n <= maxDepth; n++) longer.add(sum + n * family.convs.length);
    sums = longer;
  }
  return [...sums].reduce((most, sum) => (sum <= limit && sum > most ? sum : most), 0);
}

function greatestCost(blocks: readonly ChainBlock[], d: number): number {
  return blocks.reduce((sum, { description, first, rest, factor }) => {
    const top = Math.max(...factor[d]);
    const most = (t: LayerTable) => t.base[d].reduce((max, base, i) => Math.max(max, base + t.slope[d][i] * top), 0);
    return sum + most(first) + (description.maxDepth - 1) * most(rest);
  }, 0);
}

function greatestMagnitude({ description, first, rest, gain }: ChainBlock): number {
  const top = gain.reduce((max, g) => Math.max(max, Math.abs(g)), 0);
  const most = (t: LayerTable) =>
    t.value.reduce((max, v) => (Number.isFinite(v) ? Math.max(max, Math.abs(v)) : max), 0);
  return most(first) + (description.maxDepth - 1) * most(rest) + description.maxDepth * top;
}
