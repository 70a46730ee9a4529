import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { solve } from "../../src/bound/solve.ts";
import { budgetNames } from "../../src/costs/cost-table.ts";
import { anyBudgets, anySpace, enumerate, sizeOf } from "./random-space.ts";

/** QES_SLOW_TESTS=1 is the whole test, which takes minutes. */
const slow = process.env["QES_SLOW_TESTS"] === "1";
const spaces = slow ? 500 : 60;
const most = slow ? 200_000 : 10_000;

describe("solve, against enumeration of every network of a small space", () => {
  it("never bounds below the best, and ends with the best networks in order", () => {
    const space = anySpace.filter((s) => sizeOf(s) <= most);
    fc.assert(
      fc.property(space, anyBudgets, fc.constantFrom(1, 1, 2, 7), (description, budgetsAt, top) => {
        const all = enumerate(description);
        fc.pre(all.length > 0);
        const budgets = budgetsAt(all);
        const feasible = all.filter((network) =>
          budgetNames.every((name) => (network.costs[name] ?? 0) <= (budgets[name] ?? Infinity)),
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
