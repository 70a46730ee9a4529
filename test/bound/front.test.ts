import fc from "fast-check";
import { expect, test } from "vitest";
import { front, undominated } from "../../src/bound/front.ts";
import type { CostName } from "../../src/costs/cost-table.ts";
import { randomTable } from "../operators/random-operators.ts";
import { anySpace, type Enumerated, enumerate, sizeOf } from "./random-space.ts";

const slow = process.env["QES_SLOW_TESTS"] === "1";
const names = ["bitops", "macs", "flash", "sram", "layers", "sramLive", "latency"] as const;

/** Scores and costs of the networks that no other beats, by comparing each with each: scores within 1e-9 are equal. */
function frontOf(all: readonly Enumerated[], of: readonly CostName[]): string[] {
  const points = new Map<string, { score: number; costs: number[] }>();
  for (const { score, costs } of all) {
    const own = of.map((name) => costs[name]!);
    const known = points.get(own.join());
    if (known === undefined || score > known.score) points.set(own.join(), { score, costs: own });
  }
  const list = [...points.values()];
  const isBeaten = (q: (typeof list)[number]) =>
    list.some((p) => p !== q && p.score >= q.score - 1e-9 && p.costs.every((cost, i) => cost <= q.costs[i]));
  return list
    .filter((q) => !isBeaten(q))
    .map(({ score, costs }) => `${costs.join()} ${score.toFixed(6)}`)
    .sort();
}

test(`the front of ${slow ? 100 : 30} random small spaces is that of all their networks: no point more, none less`, () => {
  const space = anySpace.filter((s) => sizeOf(s) <= 1500).map((s) => ({ ...s, latency: s.latency ?? randomTable(4) }));
  const of = fc.subarray([...names], { minLength: 1, maxLength: 2 });
  let points = 0;
  fc.assert(
    fc.property(space, of, (description, chosen) => {
      const all = enumerate(description);
      fc.pre(all.length > 0);
      const steps = front([description], {}, chosen);
      let step = steps.next();
      while (!step.done) step = steps.next();
      const own = undominated(step.value.found, chosen).map(
        ({ score, costs }) => `${chosen.map((name) => costs[name]).join()} ${score.toFixed(6)}`,
      );
      expect(own.sort()).toEqual(frontOf(all, chosen));
      points += own.length;
    }),
    { numRuns: slow ? 100 : 30, seed: 5, endOnFailure: true },
  );
  expect(points).toBeGreaterThan(100);
});
