import fc from "fast-check";
import type { BlockDescription, Budgets, SpaceDescription } from "../../src/bound/graph/space-description.ts";
import { type CostName, costNames } from "../../src/costs/cost-table.ts";
import { type Costs, costs, emptyCosts } from "../../src/costs/costs.ts";
import { familyOf } from "../../src/network/families.ts";
import { type Block, networkOf, type Structure } from "../../src/network/structure.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";

const superClasses = ["SuperQuantResK1DWK1", "SuperResK1DWK1", "SuperResK1KXK1"];
const full = [{ a: 0, w: 0 }];
const allPairs = [2, 3, 4, 5, 6, 8].flatMap((a) => [2, 3, 4, 5, 6, 8].map((w) => ({ a, w })));

const ascending = (list: number[]) => [...new Set(list)].sort((x, y) => x - y);
const widths = (most: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: most })
    .map((list) => ascending(list.map((x) => 8 * x)));
const pairsOf = fc.uniqueArray(fc.constantFrom(...allPairs), {
  minLength: 1,
  maxLength: 4,
  selector: (p) => p.a * 16 + p.w,
});

function single(
  outs: readonly number[],
  s: number,
  k: number,
  pairs: readonly { a: number; w: number }[],
): BlockDescription {
  return { family: familyOf("ConvKXBNRELU")!, s, outs, kernels: [k], bottlenecks: (out) => [out], maxDepth: 1, pairs };
}

const superBlockOf = (classNames: readonly string[]) =>
  fc
    .record({
      className: fc.constantFrom(...classNames),
      s: fc.constantFrom(1, 2),
      outs: widths(3),
      kernels: fc.constantFrom([3], [5], [3, 5], [1, 3]),
      expansions: fc.constantFrom([1], [2], [0.5, 1.5], [1.5, 2, 3]),
      maxDepth: fc.integer({ min: 1, max: 3 }),
      pairs: pairsOf,
    })
    .map(
      ({ className, expansions, pairs, ...rest }): BlockDescription => ({
        ...rest,
        family: familyOf(className)!,
        bottlenecks: (out) => ascending(expansions.map((e) => Math.max(8, 8 * Math.round((e * out) / 8)))),
        pairs: familyOf(className)!.quantised === "never" ? full : pairs,
      }),
    );

/** Spaces of a stem, one to three super blocks of some classes and perhaps a head, with ranges of every kind. */
export const anySpaceOf = (classNames: readonly string[]): fc.Arbitrary<SpaceDescription> =>
  fc
    .record({
      resolution: fc.integer({ min: 8, max: 64 }),
      inputChannels: fc.constantFrom(1, 3),
      stem: fc.record({ outs: widths(3), s: fc.constantFrom(1, 2), pairs: fc.constantFrom(full, [{ a: 8, w: 8 }]) }),
      body: fc.array(superBlockOf(classNames), { minLength: 1, maxLength: 3 }),
      head: fc.option(fc.record({ pairs: pairsOf })),
      weights: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 5, maxLength: 5 }),
      classes: fc.constantFrom(0, 10),
    })
    .map(({ resolution, inputChannels, stem, body, head, weights, classes }) => {
      const blocks = [single(stem.outs, stem.s, 3, stem.pairs), ...body];
      if (head !== null) blocks.push(single([104], 1, 1, head.pairs));
      const stages = 1 + blocks.filter((block, b) => b > 0 && block.s === 2).length;
      const score = { stageWeights: weights.slice(0, stages), sigmaActivation: 5, sigmaWeight: 4 };
      return { resolution, inputChannels, blocks, score, classes };
    });

/** Of the families there are. */
export const anySpace = anySpaceOf(superClasses);

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
      all.push({ structure, score: scorer.score(network), costs: costs(network, space.classes, emptyCosts()) });
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

const ranks = fc.record(
  Object.fromEntries(costNames.map((name) => [name, fc.integer({ min: 0, max: 1000 })])) as Record<
    CostName,
    fc.Arbitrary<number>
  >,
  { requiredKeys: [] },
);

/** Any subset of the budgets, each at a random rank of its cost among the space's networks; a little below the least where the rank is 0. */
export const anyBudgets: fc.Arbitrary<(all: readonly Enumerated[]) => Budgets> = ranks.map((chosen) => (all) => {
  const limits = Object.entries(chosen).map(([name, rank]) => {
    const sorted = all.map((network) => network.costs[name as CostName]).sort((x, y) => x - y);
    return [name, rank === 0 ? sorted[0] - 1 : sorted[Math.floor((rank / 1000) * (sorted.length - 1))]];
  });
  return Object.fromEntries(limits) as Budgets;
});
