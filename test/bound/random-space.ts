import fc from "fast-check";
import type { Enumerated } from "../../bench/durability/all-networks.ts";

export type { Enumerated };

import type { BlockDescription, Budgets, SpaceDescription } from "../../src/bound/graph/space-description.ts";
import { runtimeNames, runtimeOf } from "../../src/config/devices.ts";
import { budgetNames, type CostName } from "../../src/costs/cost-table.ts";
import { families, familyOf } from "../../src/network/families.ts";
import { randomModel, randomTable } from "../operators/random-operators.ts";

export { enumerate, sizeOf } from "../../bench/durability/all-networks.ts";

const superClasses = families.filter(({ isSuper }) => isSuper).map(({ className }) => className);
const full = [{ a: 0, w: 0 }];
const allPairs = [2, 3, 4, 5, 6, 8].flatMap((a) => [2, 3, 4, 5, 6, 8].map((w) => ({ a, w })));

const runtimes = runtimeNames().map((name) => runtimeOf(name, "random space"));

const operators = [randomTable(1), randomTable(2), randomModel(3)];

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
      runtime: fc.constantFrom(undefined, ...runtimes),
      latency: fc.constantFrom(undefined, ...operators),
      energy: fc.constantFrom(undefined, undefined, ...operators),
    })
    .map(({ resolution, inputChannels, stem, body, head, weights, classes, ...deployment }) => {
      const blocks = [single(stem.outs, stem.s, 3, stem.pairs), ...body];
      if (head !== null) blocks.push(single([104], 1, 1, head.pairs));
      const stages = 1 + blocks.filter((block, b) => b > 0 && block.s === 2).length;
      const score = { stageWeights: weights.slice(0, stages), sigmaActivation: 5, sigmaWeight: 4 };
      return { resolution, inputChannels, blocks, score, classes, ...deployment };
    });

/** Of the families there are. */
export const anySpace = anySpaceOf(superClasses);

const ranks = fc.record(
  Object.fromEntries(budgetNames.map((name) => [name, fc.integer({ min: 0, max: 1000 })])) as Record<
    CostName,
    fc.Arbitrary<number>
  >,
  { requiredKeys: [] },
);

/** Any subset of the budgets, each at a random rank of its cost among the space's networks; a little below the least where the rank is 0. */
export const anyBudgets: fc.Arbitrary<(all: readonly Enumerated[]) => Budgets> = ranks.map((chosen) => (all) => {
  const limits = Object.entries(chosen).flatMap(([name, rank]) => {
    const sorted = all.flatMap((network) => network.costs[name as CostName] ?? []).sort((x, y) => x - y);
    if (sorted.length === 0) return [];
    return [[name, rank === 0 ? sorted[0] - 1 : sorted[Math.floor((rank / 1000) * (sorted.length - 1))]]];
  });
  return Object.fromEntries(limits) as Budgets;
});
