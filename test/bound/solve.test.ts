import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { solve } from "../../src/bound/solve.ts";
import type { Budgets } from "../../src/bound/space-description.ts";
import { type CostName, costNames } from "../../src/costs.ts";
import { anySpace, type Enumerated, enumerate, sizeOf } from "./random-space.ts";

/** QES_BOUND_SPACES=500 QES_BOUND_SIZE=200000 is the whole test, which takes minutes. */
const spaces = Number(process.env["QES_BOUND_SPACES"] ?? 60);
const most = Number(process.env["QES_BOUND_SIZE"] ?? 10_000);

/** Budgets at a random rank of every chosen cost among the space's networks; a little less than the least where the rank is 0. */
const ranks = fc.record(
  Object.fromEntries(costNames.map((name) => [name, fc.integer({ min: 0, max: 1000 })])) as Record<
    CostName,
    fc.Arbitrary<number>
  >,
  { requiredKeys: [] },
);

function budgetsAt(all: readonly Enumerated[], chosen: Readonly<Partial<Record<CostName, number>>>): Budgets {
  return Object.fromEntries(
    Object.entries(chosen).map(([name, rank]) => {
      const sorted = all.map((network) => network.costs[name as CostName]).sort((x, y) => x - y);
      return [name, rank === 0 ? sorted[0] - 1 : sorted[Math.floor((rank / 1000) * (sorted.length - 1))]];
    }),
  );
}

describe("solve, against enumeration of every network of a small space", () => {
  it("never bounds below the best, and ends with the best networks in order", () => {
    const space = anySpace.filter((s) => sizeOf(s) <= most);
    fc.assert(
      fc.property(space, ranks, fc.constantFrom(1, 1, 2, 7), (description, chosen, top) => {
        const all = enumerate(description);
        fc.pre(all.length > 0);
        const budgets = budgetsAt(all, chosen);
        const feasible = all.filter((network) =>
          costNames.every((name) => network.costs[name] <= (budgets[name] ?? Infinity)),
        );
        const best = feasible.map((network) => network.score).sort((x, y) => y - x);
        const steps = solve([description], budgets, { top });
        let step = steps.next();
        for (let before = step.value; !step.done; step = steps.next()) {
          if (step.value.upperBound === before.upperBound && step.value.networks === before.networks) continue;
          before = step.value;
          expect(step.value.upperBound).toBeGreaterThanOrEqual(best[0] ?? Number.NEGATIVE_INFINITY);
          for (const [i, network] of step.value.networks.entries())
            expect(network.score).toBeLessThanOrEqual(best[i] + 1e-9);
        }
        const { upperBound, networks, proven, phase } = step.value;
        expect([proven, phase]).toEqual([true, "done"]);
        expect(networks.length).toBe(Math.min(top, best.length));
        expect(new Set(networks.map((network) => JSON.stringify(network.structure))).size).toBe(networks.length);
        networks.forEach((network, i) => {
          expect(Math.abs(network.score - best[i])).toBeLessThan(1e-9);
        });
        if (best.length === 0) expect(upperBound).toBe(Number.NEGATIVE_INFINITY);
        else expect(upperBound - best[0]).toBeLessThan(1e-9);
      }),
      { numRuns: spaces, seed: 6, endOnFailure: true },
    );
  }, 3_600_000);
});
