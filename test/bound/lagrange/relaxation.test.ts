import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BlockChoice, measurePath, structureOfPath } from "../../../src/bound/graph/path.ts";
import { compileChain, type SpaceChain } from "../../../src/bound/graph/space-chain.ts";
import { deploymentOf } from "../../../src/bound/graph/space-description.ts";
import { reducedValues } from "../../../src/bound/lagrange/reduced-values.ts";
import { Relaxation } from "../../../src/bound/lagrange/relaxation.ts";
import { relaxedPath } from "../../../src/bound/lagrange/relaxed-path.ts";
import { costs, emptyCosts } from "../../../src/costs/costs.ts";
import { networkOf } from "../../../src/network/structure.ts";
import { allPaths } from "../paths.ts";
import { anyBudgets, anySpace, enumerate, sizeOf } from "../random-space.ts";

/** Prices as parts of a score of 10 for a whole budget. */
const anyPrices = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 7, maxLength: 7 });

interface Priced {
  readonly path: readonly BlockChoice[];
  readonly reduced: number;
  /** Whether it keeps every budget. */
  readonly feasible: boolean;
}

/** A small space, prices of its budgets, and all its networks within the memory budgets at these prices. */
const priced = fc
  .tuple(
    anySpace.filter((space) => sizeOf(space) <= 2000),
    anyBudgets,
    anyPrices,
  )
  .map(([space, budgetsAt, parts]) => {
    const networks = enumerate(space);
    const chain = compileChain(space, networks.length === 0 ? {} : budgetsAt(networks));
    const prices = chain.limits.map((limit, d) => (limit > 0 ? parts[d] / limit : 0));
    const all = allPaths(chain).flatMap((path): Priced[] => {
      const measured = costs(
        networkOf(structureOfPath(chain, path), space.resolution),
        space.classes,
        emptyCosts(),
        deploymentOf(space),
      );
      if (chain.memories.some((name, m) => measured[name]! > chain.memoryLimits[m])) return [];
      const { value, costs: sums } = measurePath(chain, path);
      const feasible = sums.every((cost, d) => cost <= chain.limits[d]);
      return [{ path, reduced: value - sums.reduce((sum, cost, d) => sum + prices[d] * cost, 0), feasible }];
    });
    return { chain, prices, all };
  });

const greatest = (all: readonly Priced[]) => all.reduce((most, { reduced }) => Math.max(most, reduced), -Infinity);

/** Index of the first layer of block b on a path. */
function firstShape(chain: SpaceChain, path: readonly BlockChoice[], b: number): number {
  const { outs, variants } = chain.blocks[b];
  const from = b === 0 ? 0 : path[b - 1].out;
  return (from * outs.length + path[b].out) * variants + path[b].variant;
}

describe("the relaxation, against pricing every network", () => {
  test("its bound is the greatest priced score plus the priced limits, and its path has it", () => {
    fc.assert(
      fc.property(priced, ({ chain, prices, all }) => {
        const relaxation = new Relaxation(chain);
        relaxation.solve(prices);
        const offset = chain.limits.reduce((sum, limit, d) => sum + prices[d] * limit, 0);
        const path = relaxedPath(relaxation);
        if (all.length === 0) {
          expect(relaxation.bound).toBe(Number.NEGATIVE_INFINITY);
          expect(path).toBeUndefined();
          return;
        }
        expect(relaxation.bound).toBeCloseTo(greatest(all) + offset, 8);
        const { value, costs: sums } = measurePath(chain, path!);
        expect(sums.reduce((sum, cost, d) => sum - prices[d] * cost, value)).toBeCloseTo(greatest(all), 8);
      }),
      { numRuns: 60, seed: 8 },
    );
  });

  test("no network above a threshold goes through a layer that is left out, and the rest of the layers have one", () => {
    fc.assert(
      fc.property(priced, fc.double({ min: 0, max: 1, noNaN: true }), ({ chain, prices, all }, part) => {
        fc.pre(all.length > 0);
        const relaxation = new Relaxation(chain);
        relaxation.solve(prices);
        relaxation.solvePrefixes();
        const least = all.reduce((min, { reduced }) => Math.min(min, reduced), Infinity);
        const threshold = least + part * (greatest(all) - least);
        relaxation.select(threshold + relaxation.offset);
        chain.blocks.forEach((_, b) => {
          const through = (margin: number) =>
            new Set(
              all.filter(({ reduced }) => reduced >= threshold + margin).map(({ path }) => firstShape(chain, path, b)),
            );
          const alive = relaxation.blocks[b].alive;
          expect([...alive]).toEqual(expect.arrayContaining([...through(1e-8)]));
          const most = through(-1e-8);
          for (const shape of alive) expect(most.has(shape)).toBe(true);
        });
      }),
      { numRuns: 60, seed: 9 },
    );
  });

  test("a layer that is discarded as a misfit is in no network within the budgets", () => {
    fc.assert(
      fc.property(priced, ({ chain, all }) => {
        const relaxation = new Relaxation(chain);
        for (const _ of relaxation.discardMisfits());
        chain.blocks.forEach((_, b) => {
          const open = new Set(relaxation.blocks[b].open);
          for (const { path, feasible } of all) if (feasible) expect(open.has(firstShape(chain, path, b))).toBe(true);
        });
      }),
      { numRuns: 60, seed: 10 },
    );
  });

  test("a layer's reduced value is that of its best pair, among all pairs and not only the good ones", () => {
    fc.assert(
      fc.property(priced, ({ chain, prices }) => {
        const classes = chain.activations.length;
        for (const block of chain.blocks) {
          for (const table of [block.first, block.rest]) {
            const out = new Float64Array(table.shapes * classes);
            reducedValues(block, table, null, { multipliers: prices, valueScale: 1 }, out);
            for (let s = 0; s < table.shapes; s++) {
              const best = new Array(classes).fill(Number.NEGATIVE_INFINITY);
              block.gain.forEach((gain, p) => {
                const cost = (d: number) => table.base[d][s] + table.slope[d][s] * block.factor[d][p];
                const reduced = prices.reduce((sum, price, d) => sum - price * cost(d), table.value[s] + gain);
                best[block.pairClass[p]] = Math.max(best[block.pairClass[p]], reduced);
              });
              for (const [c, value] of best.entries()) {
                if (value === Number.NEGATIVE_INFINITY) expect(out[s * classes + c]).toBe(value);
                else expect(out[s * classes + c]).toBeCloseTo(value, 9);
              }
            }
          }
        }
      }),
      { numRuns: 30, seed: 11 },
    );
  });
});
