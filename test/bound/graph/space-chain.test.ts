import fc from "fast-check";
import { expect, test } from "vitest";
import type { Chain } from "../../../src/bound/graph/chain.ts";
import type { LayerFigures } from "../../../src/bound/graph/layer-figures.ts";
import { mayFollow } from "../../../src/bound/graph/memory-rule.ts";
import { type BlockChoice, measurePath, structureOfPath } from "../../../src/bound/graph/path.ts";
import { chainBytes, compileChain } from "../../../src/bound/graph/space-chain.ts";
import { deploymentOf } from "../../../src/bound/graph/space-description.ts";
import { Relaxation } from "../../../src/bound/lagrange/relaxation.ts";
import { budgetNames } from "../../../src/costs/cost-table.ts";
import { costs, emptyCosts } from "../../../src/costs/costs.ts";
import { networkOf, type Structure } from "../../../src/network/structure.ts";
import { allPaths } from "../paths.ts";
import { anyBudgets, anySpace, enumerate, sizeOf } from "../random-space.ts";

const figures = (structure: Structure) =>
  JSON.stringify(structure.map((b) => [b.class, b.in, b.out, b.k, b.s, b.L, b.btn, b.nbitsA, b.nbitsW]));

/** Whether every layer of a path may follow the one before it, and the end the last. */
function keepsMemory(chain: Chain, path: readonly BlockChoice[]): boolean {
  const layers: { table: LayerFigures; shape: number; class: number }[] = [];
  let channels = 0;
  path.forEach(({ out, variant, pairs }, b) => {
    const { outs, variants, first, rest, pairClass } = chain.blocks[b];
    const shape = out * variants + variant;
    for (const [layer, p] of pairs.entries()) {
      const at = layer === 0 ? channels * outs.length * variants + shape : shape;
      layers.push({ table: layer === 0 ? first : rest, shape: at, class: pairClass[p] });
    }
    channels = out;
  });
  return layers.every((layer, i) =>
    mayFollow(chain, layer.table, layer.shape, layer.class, layers[i + 1]?.class ?? chain.endClass),
  );
}

test("the paths of a space's chain are its networks, with their scores, costs and memory", () => {
  fc.assert(
    fc.property(
      anySpace.filter((space) => sizeOf(space) <= 2000),
      anyBudgets,
      (space, budgetsAt) => {
        const networks = enumerate(space);
        fc.pre(networks.length > 0);
        const budgets = budgetsAt(networks);
        const chain = compileChain(space, budgets);
        const paths = allPaths(chain);
        const structures = paths.map((path) => structureOfPath(chain, path));
        expect(structures.map(figures).sort()).toEqual(networks.map(({ structure }) => figures(structure)).sort());
        paths.forEach((path, i) => {
          const network = networkOf(structures[i], space.resolution);
          const measured = costs(network, space.classes, emptyCosts(), deploymentOf(space));
          const { value, costs: sums } = measurePath(chain, path);
          expect(Math.abs(value - chain.scorer.score(network))).toBeLessThan(1e-9);
          expect(Math.abs(value)).toBeLessThanOrEqual(chain.magnitude * (1 + 1e-12));
          expect(sums).toEqual(chain.dimensions.map((name) => measured[name]));
          const memory = chain.memories.every((name, m) => measured[name]! <= chain.memoryLimits[m]);
          expect(keepsMemory(chain, path)).toBe(memory);
          // A budget that is left out cannot be broken.
          for (const name of budgetNames) {
            const bound = [...chain.dimensions, ...chain.memories].some((other) => other === name);
            if (!bound && measured[name] !== undefined)
              expect(measured[name]).toBeLessThanOrEqual(budgets[name] ?? Number.POSITIVE_INFINITY);
          }
        });
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

test("the bytes of the tables are known before they are there", () => {
  fc.assert(
    fc.property(anySpace, anyBudgets, (space, budgetsAt) => {
      const ranges = { bitops: 1e6, macs: 1e5, flash: 1e4, sram: 1e4, sramLive: 1e4, layers: 5 };
      // The budgets' names are what counts here: those that a draw leaves out are left out.
      const names = Object.keys(budgetsAt([{ structure: [], score: 0, costs: ranges }]));
      const budgets = Object.fromEntries(names.map((name) => [name, ranges[name as keyof typeof ranges]]));
      const chain = compileChain(space, budgets);
      const relaxation = new Relaxation(chain);
      const arrays = new Set<ArrayBufferLike>();
      const collect = (value: unknown): void => {
        if (ArrayBuffer.isView(value)) arrays.add(value.buffer);
        else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) collect(part);
      };
      for (const { first, rest } of chain.blocks) collect([first, rest]);
      collect(relaxation.blocks);
      const bytes = [...arrays].reduce((sum, { byteLength }) => sum + byteLength, 0);
      expect(bytes).toBeLessThanOrEqual(chainBytes(space, budgets));
    }),
    { numRuns: 100, seed: 14 },
  );
});
