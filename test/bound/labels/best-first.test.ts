import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { structureOfPath } from "../../../src/bound/graph/path.ts";
import { compileChain } from "../../../src/bound/graph/space-chain.ts";
import { bestPaths } from "../../../src/bound/labels/best-first.ts";
import { labelFronts } from "../../../src/bound/labels/label-setting.ts";
import { Relaxation } from "../../../src/bound/lagrange/relaxation.ts";
import { budgetNames } from "../../../src/costs/cost-table.ts";
import { anyBudgets, anySpace, enumerate, sizeOf } from "../random-space.ts";

/** A small space with its budgets, the scores of the networks within them, greatest first, and prices to solve it at. */
const solvable = fc
  .tuple(
    anySpace.filter((space) => sizeOf(space) <= 3000),
    anyBudgets,
    fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 7, maxLength: 7 }),
  )
  .map(([space, budgetsAt, parts]) => {
    const networks = enumerate(space);
    const budgets = networks.length === 0 ? {} : budgetsAt(networks);
    const chain = compileChain(space, budgets);
    const scores = networks
      .filter((network) => budgetNames.every((name) => (network.costs[name] ?? 0) <= (budgets[name] ?? Infinity)))
      .map(({ score }) => score)
      .sort((x, y) => y - x);
    const relaxation = new Relaxation(chain);
    relaxation.solve(chain.limits.map((limit, d) => (limit > 0 ? parts[d] / limit : 0)));
    relaxation.solvePrefixes();
    return { chain, relaxation, scores };
  });

function frontsOf(relaxation: Relaxation, threshold: number) {
  relaxation.select(threshold - 1e-9);
  const steps = labelFronts(relaxation, threshold - 1e-9, { labels: 1e6 });
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

describe("label fronts and the best-first search over them, against enumeration", () => {
  test("the best label of the first border is the best network, where that is above the threshold", () => {
    fc.assert(
      fc.property(solvable, fc.double({ min: 0, max: 1.1, noNaN: true }), ({ relaxation, scores }, part) => {
        fc.pre(scores.length > 0);
        const worst = scores[scores.length - 1];
        const threshold = worst + part * (scores[0] - worst);
        const fronts = frontsOf(relaxation, threshold);
        expect(fronts.complete).toBe(true);
        const best = fronts.borders[0].flatMap((labels) => (labels === undefined ? [] : [...labels.value]));
        const found = best.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
        if (scores[0] >= threshold) expect(found).toBeCloseTo(scores[0], 8);
        else expect(found).toBeLessThan(threshold);
      }),
      { numRuns: 60, seed: 12 },
    );
  });

  test("paths come in the order of their scores, distinct, and none above the threshold is missing", () => {
    fc.assert(
      fc.property(solvable, fc.constantFrom(1, 2, 5, 40), ({ chain, relaxation, scores }, most) => {
        fc.pre(scores.length > 0);
        const count = Math.min(most, scores.length);
        const fronts = frontsOf(relaxation, scores[count - 1]);
        const found: number[] = [];
        const structures = new Set<string>();
        for (const { value, path } of bestPaths(relaxation, fronts, most)) {
          if (found.length === count) break;
          found.push(value);
          structures.add(JSON.stringify(structureOfPath(chain, path)));
        }
        expect(found.length).toBe(count);
        expect(structures.size).toBe(count);
        for (const [i, value] of found.entries()) expect(value).toBeCloseTo(scores[i], 8);
      }),
      { numRuns: 60, seed: 13 },
    );
  });
});
