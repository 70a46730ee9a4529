import { greatestOf } from "../../base/extremes.ts";
import { bitFactor, type NamedSum, type PeakName, type SumName } from "../../costs/cost-table.ts";
import { END_BITS } from "../../memory/memory-form.ts";
import type { Deployment } from "../../memory/runtime.ts";
import { type BitPair, FULL_PRECISION_BITS } from "../../network/bits.ts";
import type { LayerFigures } from "./layer-figures.ts";

/** One block: `first` is its first inner layer, shape (in * outs + out) * variants + variant; `rest` the others, shape out * variants + variant. */
export interface ChainBlock {
  readonly ins: readonly number[];
  readonly outs: readonly number[];
  /** Combinations of kernel and bottleneck: kernel * bottlenecks + bottleneck. */
  readonly variants: number;
  /** Most inner layers; at least 1 is always there. */
  readonly maxDepth: number;
  readonly first: LayerFigures;
  readonly rest: LayerFigures;
  /** Weighted gain of every bit pair, summed over a layer's convs. */
  readonly gain: Float64Array;
  /** factor[d][pair] of the additive budgets: `bitFactor`. */
  readonly factor: readonly Float64Array[];
  /** Activation class of every pair: 0 everywhere where memory has no budget, else the index into `activations`. */
  readonly pairClass: Uint8Array;
  /** Pairs that no other pair of the class beats in gain and every factor. */
  readonly goodPairs: readonly number[];
}

/** The tables a bound is computed from: every network is a path, its score and additive costs are sums along it. */
export interface Chain {
  /** Pixels of one side of the input. */
  readonly resolution: number;
  readonly blocks: readonly ChainBlock[];
  /** The additive budgets that can bind, and their limits. */
  readonly dimensions: readonly SumName[];
  readonly limits: readonly number[];
  /** Bytes, of the memory budgets there are, in the order of `peaksOf`. */
  readonly memories: readonly PeakName[];
  readonly memoryLimits: readonly number[];
  /** Distinct activation bits of all pairs, and what follows the last block; one entry, 8, where memory has no budget. */
  readonly activations: readonly number[];
  /** Index into `activations` of what follows the last block. */
  readonly endClass: number;
  /** Bound on the sum of the magnitudes of all terms of a score. */
  readonly magnitude: number;
}

/** Every sum along a path has fewer than 2^8 terms, so rounding moves it by less than the sum of their magnitudes times this. */
export const ROUNDING = 2 ** -44;

/** What the pairs of a block add and cost in every layer. */
export function pairFigures(
  pairs: readonly BitPair[],
  gainOf: (pair: BitPair) => number,
  { sums, memories, activations }: { readonly sums: readonly NamedSum[] } & Pick<Chain, "memories" | "activations">,
): Pick<ChainBlock, "gain" | "factor" | "pairClass" | "goodPairs"> {
  const gain = Float64Array.from(pairs, gainOf);
  const a = (p: number) => pairs[p].a || FULL_PRECISION_BITS;
  const w = (p: number) => pairs[p].w || FULL_PRECISION_BITS;
  const indices = pairs.map((_, p) => p);
  const factor = sums.map((cost) => Float64Array.from(indices, (p) => bitFactor(cost, a(p), w(p))));
  const pairClass = Uint8Array.from(indices, (p) => (memories.length > 0 ? activations.indexOf(a(p)) : 0));
  return { gain, factor, pairClass, goodPairs: undominatedPairs(gain, factor, pairClass) };
}

/** What follows the last block: `END_BITS` where a classifier reads what a runtime leaves there and that memory has a budget, else 8 bits. */
export function bitsAtEnd(memories: readonly PeakName[], deployment: Deployment | undefined): number {
  return memories.includes("arena") && deployment !== undefined && deployment.classes > 0
    ? END_BITS
    : FULL_PRECISION_BITS;
}

/**
 * Distinct activation bits; a single class where nothing depends on the bits of the next layer.
 * @param end `bitsAtEnd`
 */
export function activationClasses(pairs: readonly BitPair[], memories: readonly PeakName[], end: number): number[] {
  if (memories.length === 0) return [FULL_PRECISION_BITS];
  const bits = pairs.map((pair) => pair.a || FULL_PRECISION_BITS);
  return [...new Set([...bits, end])].sort((x, y) => x - y);
}

/** The tables of a chain, which hold under any limits of its additive budgets. */
export interface ChainTables<Block extends ChainBlock = ChainBlock> extends Omit<Chain, "blocks" | "limits"> {
  readonly blocks: readonly Block[];
  /** More of every additive cost than any network has. */
  readonly greatest: readonly number[];
}

export function chainTables<Block extends ChainBlock>(
  parts: Omit<ChainTables<Block>, "greatest" | "magnitude">,
): ChainTables<Block> {
  const { blocks, dimensions } = parts;
  return {
    ...parts,
    greatest: dimensions.map((_, d) => greatestCost(blocks, d)),
    magnitude: blocks.reduce((sum, b) => sum + greatestMagnitude(b), 0),
  };
}

/**
 * The chain under limits, without the additive budgets that no network can break.
 * @param limits of `tables.dimensions`
 * @param kept an additive cost that stays in any case
 */
export function withLimits<Block extends ChainBlock>(
  { greatest, ...tables }: ChainTables<Block>,
  limits: readonly number[],
  kept?: SumName,
): Omit<Chain, "blocks"> & { readonly blocks: readonly Block[] } {
  const { blocks, dimensions } = tables;
  const pick = <T>(list: readonly T[]) => list.filter((_, d) => greatest[d] > limits[d] || dimensions[d] === kept);
  const table = (t: LayerFigures): LayerFigures => ({ ...t, base: pick(t.base), slope: pick(t.slope) });
  return {
    ...tables,
    blocks: blocks.map((b) =>
      Object.assign({}, b, { first: table(b.first), rest: table(b.rest), factor: pick(b.factor) }),
    ),
    dimensions: pick(dimensions),
    limits: pick(limits),
  };
}

function undominatedPairs(gain: Float64Array, factor: readonly Float64Array[], pairClass: Uint8Array): number[] {
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
  return blocks.reduce((sum, { maxDepth, first, rest, factor }) => {
    const top = greatestOf(factor[d]);
    const most = (t: LayerFigures) => t.base[d].reduce((max, base, i) => Math.max(max, base + t.slope[d][i] * top), 0);
    return sum + most(first) + (maxDepth - 1) * most(rest);
  }, 0);
}

function greatestMagnitude({ maxDepth, first, rest, gain }: ChainBlock): number {
  const top = gain.reduce((max, g) => Math.max(max, Math.abs(g)), 0);
  const most = (t: LayerFigures) =>
    t.value.reduce((max, v) => (Number.isFinite(v) ? Math.max(max, Math.abs(v)) : max), 0);
  return most(first) + (maxDepth - 1) * most(rest) + maxDepth * top;
}
