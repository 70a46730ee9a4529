import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Budgets } from "../../src/bound/graph/space-description.ts";
import { KeptBound } from "../../src/bound/kept-bound.ts";
import { boundProblem } from "../../src/bound/problem.ts";
import { certificateOf } from "../../src/bound/proof/certificate.ts";
import { verifyCertificate } from "../../src/bound/proof/check-certificate.ts";
import { type BoundState, solve } from "../../src/bound/solve.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { budgetNames, sumsOf } from "../../src/costs/cost-table.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { anyBudgets, anySpace, enumerate, sizeOf } from "./random-space.ts";

const slow = process.env["QES_SLOW_TESTS"] === "1";

function last(steps: Generator<BoundState, BoundState>): BoundState {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

const problemOf = (preset: string) => boundProblem(openProblem(parseConfig(presetValue(preset), preset)));

describe("a kept bound, solved again and again", () => {
  it("gives the optima of enumeration, whatever was solved or left before", { timeout: 3_600_000 }, () => {
    const space = anySpace.filter((s) => sizeOf(s) <= (slow ? 50_000 : 5000));
    const moves = fc.array(
      fc.record({
        at: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 12, maxLength: 12 }),
        steps: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1, 5),
        top: fc.constantFrom(1, 1, 3),
      }),
      { minLength: 2, maxLength: 6 },
    );
    fc.assert(
      fc.property(space, anyBudgets, moves, fc.constantFrom(1, 2), (description, budgetsAt, moved, spaces) => {
        // The same network of another resolution scores and costs otherwise.
        const descriptions = [0, 16].slice(0, spaces).map((more) => ({
          ...description,
          resolution: description.resolution + more,
        }));
        const all = descriptions.flatMap((one) => [...enumerate(one)]);
        fc.pre(all.length > 0);
        const problem = { spaces: descriptions, budgets: budgetsAt(all) };
        const kept = new KeptBound(problem);
        const additive = sumsOf(description.runtime && { runtime: description.runtime, classes: 0 });
        for (const { at, steps, top } of moved) {
          const moving = additive.flatMap(({ name }, i) => {
            if (problem.budgets[name] === undefined) return [];
            const sorted = all.map(({ costs }) => costs[name]!).sort((x, y) => x - y);
            return [[name, at[i] === 0 ? sorted[0] - 1 : sorted[Math.floor((at[i] / 1000) * (sorted.length - 1))]]];
          });
          const budgets: Budgets = { ...problem.budgets, ...Object.fromEntries(moving) };
          const best = all
            .filter(({ costs }) => budgetNames.every((name) => (costs[name] ?? 0) <= (budgets[name] ?? Infinity)))
            .map(({ score }) => score)
            .sort((x, y) => y - x);
          const solving = kept.solve(budgets, { top });
          let step = solving.next();
          for (let n = 0; n < steps && !step.done; n++) {
            expect(step.value.upperBound).toBeGreaterThanOrEqual(best[0] ?? Number.NEGATIVE_INFINITY);
            step = solving.next();
          }
          if (!step.done) continue;
          expect([step.value.proven, step.value.networks.length]).toEqual([true, Math.min(top, best.length)]);
          for (const [i, network] of step.value.networks.entries()) {
            expect(Math.abs(network.score - best[i])).toBeLessThan(1e-9);
            expect(budgetNames.every((n) => (network.costs[n] ?? 0) <= (budgets[n] ?? Infinity))).toBe(true);
          }
        }
      }),
      { numRuns: slow ? 400 : 50, seed: 7, endOnFailure: true },
    );
  });

  it.each([
    ["imagenet-mixed-7.0g", [{ bitops: 9e9 }, { bitops: 3.1e9 }, { layers: 38 }, { bitops: 5e9, layers: 44 }]],
    ["stm32f412-face", [{ flashDeployed: 6e5 }, { flashDeployed: 1.4e6 }, { layers: 41 }]],
  ] as const)(
    "%s: the optimum of a moved budget is that of a bound of its own",
    { timeout: 120_000 },
    (name, moves) => {
      const { spaces, budgets } = problemOf(name);
      const kept = new KeptBound({ spaces, budgets });
      for (const _ of kept.compile());
      for (const move of moves) {
        const moved = { ...budgets, ...move };
        const known = last(kept.solve(moved));
        const fresh = last(solve(spaces, moved));
        expect([known.proven, fresh.proven]).toEqual([true, true]);
        expect(known.networks[0].structure).toEqual(fresh.networks[0].structure);
        expect(known.networks[0].score).toBe(fresh.networks[0].score);
      }
    },
  );

  it("proves what a checker accepts that shares nothing with it", { timeout: 120_000 }, () => {
    const { spaces, budgets } = problemOf("imagenet-fp-300m");
    const kept = new KeptBound({ spaces, budgets });
    last(kept.solve(budgets));
    const moved = { ...budgets, bitops: budgets.bitops! * 0.8 };
    const state = last(kept.solve(moved));
    expect(state.proven).toBe(true);
    expect(verifyCertificate(certificateOf({}, state), { spaces, budgets: moved })).toEqual([]);
  });

  it("has tables of as many spaces as there is room for, and solves the others too", { timeout: 120_000 }, () => {
    const { spaces, budgets } = problemOf("stm32f412-vww");
    const small = spaces.slice(0, 3);
    const moved = { ...budgets, flashDeployed: 5e5 };
    const kept = new KeptBound({ spaces: small, budgets }, 200e6);
    last(kept.solve(budgets));
    expect(last(kept.solve(moved)).networks).toEqual(last(solve(small, moved)).networks);
    expect(() => new KeptBound({ spaces, budgets }, 50e6)).toThrow(/search\.boundMemory allows 50 MB/);
  });

  it("takes no other budgets, and no other memory", () => {
    const { spaces, budgets } = problemOf("stm32f412-face");
    const kept = new KeptBound({ spaces, budgets });
    expect(() => kept.solve({ ...budgets, arena: 1e5 }).next()).toThrow(
      /budgets\.arena: expected 260096, .* got 100000/,
    );
    expect(() => kept.solve({ ...budgets, bitops: 1e9 }).next()).toThrow(
      /budgets\.bitops: expected none, .* got 1000000000/,
    );
  });
});
