import { type BlockDescription, deploymentOf, type SpaceDescription } from "../../src/bound/graph/space-description.ts";
import { type Costs, costs, emptyCosts } from "../../src/costs/costs.ts";
import { type Block, networkOf, type Structure } from "../../src/network/structure.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";

export interface Enumerated {
  readonly structure: Structure;
  readonly score: number;
  readonly costs: Costs;
}

/** How many networks a space has, by the product of the ranges: an upper limit, since widths may not shrink. */
export function sizeOf(space: SpaceDescription): number {
  return space.blocks.reduce((size, { outs, kernels, bottlenecks, maxDepth, pairs }) => {
    const shapes = outs.reduce((sum, out) => sum + kernels.length * bottlenecks(out).length, 0);
    let bits = 0;
    for (let n = 1; n <= maxDepth; n++) bits += pairs.length ** n;
    return size * shapes * bits;
  }, 1);
}

/** Every network of a space, scored and measured by the ordinary code. */
export function enumerate(space: SpaceDescription): Enumerated[] {
  const scorer = new AnalyticScore(space.score);
  const all: Enumerated[] = [];
  const extend = (structure: readonly Block[]): void => {
    const b = structure.length;
    if (b === space.blocks.length) {
      const network = networkOf(structure, space.resolution);
      all.push({
        structure,
        score: scorer.score(network),
        costs: costs(network, space.classes, emptyCosts(), deploymentOf(space)),
      });
      return;
    }
    const from = b === 0 ? space.inputChannels : structure[b - 1].out;
    for (const block of blocksOf(space.blocks[b], from, b > 0)) extend([...structure, block]);
  };
  extend([]);
  return all;
}

function* blocksOf(description: BlockDescription, from: number, widening: boolean): Generator<Block> {
  const { family, s, outs, kernels, bottlenecks, maxDepth, pairs } = description;
  for (const out of outs) {
    if (widening && out < from) continue;
    for (const k of kernels) {
      for (const btn of bottlenecks(out)) {
        for (let L = 1; L <= maxDepth; L++) {
          for (const chosen of sequences(pairs, L)) yield blockOf(family, { in: from, out, k, s, btn, L }, chosen);
        }
      }
    }
  }
}

function blockOf(
  family: BlockDescription["family"],
  { btn, L, ...shape }: { in: number; out: number; k: number; s: number; btn: number; L: number },
  pairs: readonly { a: number; w: number }[],
): Block {
  const common = { class: family.className, ...shape };
  const quantised = pairs[0].a !== 0;
  if (!family.isSuper) return quantised ? { ...common, nbitsA: pairs[0].a, nbitsW: pairs[0].w } : common;
  const perConv = (of: (pair: { a: number; w: number }) => number) =>
    pairs.flatMap((p) => family.convs.map(() => of(p)));
  const bits = quantised ? { nbitsA: perConv((p) => p.a), nbitsW: perConv((p) => p.w) } : {};
  return { ...common, L, btn, ...bits };
}

function* sequences<T>(items: readonly T[], length: number): Generator<T[]> {
  if (length === 0) yield [];
  else for (const rest of sequences(items, length - 1)) for (const item of items) yield [...rest, item];
}
