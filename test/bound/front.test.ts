import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { type FrontCost, front } from "../../src/bound/front.ts";
import { hullOf, pricesOf, undominated } from "../../src/bound/front-points.ts";
import type { Budgets } from "../../src/bound/graph/space-description.ts";
import type { BoundNetwork } from "../../src/bound/incumbents.ts";
import { KeptBound } from "../../src/bound/kept-bound.ts";
import { boundProblem } from "../../src/bound/problem.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import type { CostName } from "../../src/costs/cost-table.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { randomTable } from "../operators/random-operators.ts";
import { anySpace, type Enumerated, enumerate, sizeOf } from "./random-space.ts";

const slow = process.env["QES_SLOW_TESTS"] === "1";
const names = ["bitops", "macs", "flash", "sram", "layers", "sramLive", "latency"] as const;

const texts = (points: readonly Pick<Enumerated, "score" | "costs">[], of: readonly CostName[]) =>
  points.map(({ score, costs }) => `${of.map((name) => costs[name]).join()} ${score.toFixed(6)}`);

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

const anySmallSpace = anySpace
  .filter((s) => sizeOf(s) <= 1500)
  .map((s) => ({ ...s, latency: s.latency ?? randomTable(4) }));
const count = slow ? 400 : 60;

test(`the front of ${count} random small spaces is that of all their networks: no point more, none less`, () => {
  const anyCase = fc.record({
    space: anySmallSpace,
    of: fc.subarray([...names], { minLength: 1, maxLength: 2 }),
    other: fc.integer({ min: 8, max: 64 }),
    // A limit of a cost, and a range of the first that the front is of, as quantiles.
    limited: fc.option(fc.tuple(fc.constantFrom(...names), fc.double({ min: 0.1, max: 1, noNaN: true }))),
    range: fc.option(
      fc.tuple(fc.double({ min: 0, max: 0.5, noNaN: true }), fc.double({ min: 0.5, max: 1, noNaN: true })),
    ),
  });
  let points = 0;
  fc.assert(
    fc.property(anyCase, ({ space, of, other, limited, range }) => {
      const spaces = [space, { ...space, resolution: other }];
      const all = spaces.flatMap((one) => enumerate(one));
      const scores = all.map(({ score }) => score).sort((x, y) => x - y);
      // What is equal within 1e-9 is a matter of taste where three are in a row.
      const isPlain = scores.every(
        (score, i) => i === 0 || !(score - scores[i - 1] > 1e-11 && score - scores[i - 1] < 1e-8),
      );
      fc.pre(all.length > 0 && isPlain);
      const at = (name: CostName, share: number) => {
        const sorted = all.map(({ costs }) => costs[name]!).sort((x, y) => x - y);
        return sorted[Math.round(share * (sorted.length - 1))];
      };
      const budgets: Budgets = limited === null ? {} : { [limited[0]]: at(...limited) };
      // A range of a cost stands in place of its budget.
      const isFree = limited === null || (range !== null && limited[0] === of[0]);
      const within = all.filter(({ costs }) => isFree || costs[limited[0]]! <= budgets[limited[0]]!);
      const wished: FrontCost[] = of.map((name, i) =>
        i > 0 || range === null ? { name } : { name, from: at(name, range[0]), to: at(name, range[1]) },
      );
      const isIn = (costs: Enumerated["costs"], least: boolean) =>
        wished.every(({ name, from = 0, to = 1 / 0 }) => costs[name]! <= to && (!least || costs[name]! >= from));
      const expected = frontOf(
        within.filter(({ costs }) => isIn(costs, false)),
        of,
      );
      const steps = front(spaces, budgets, wished);
      let step = steps.next();
      while (!step.done) {
        // What is said of a front on the way is true already.
        if (points % 3 === 0) expect(texts(step.value.points, of).every((text) => expected.includes(text))).toBe(true);
        step = steps.next();
      }
      expect(step.value.isWhole).toBe(true);
      const own = texts(step.value.points, of);
      const cost = (text: string) => Number(text.split(",")[0].split(" ")[0]);
      expect(own.sort()).toEqual(expected.filter((text) => cost(text) >= (wished[0].from ?? 0)));
      points += own.length;
    }),
    { numRuns: count, seed: 5, endOnFailure: true },
  );
  expect(points).toBeGreaterThan(5 * count);
});

test("with room for few labels a front is the same, or is said not to be proven", () => {
  const anyCase = fc.tuple(anySmallSpace, fc.constantFrom(...names), fc.integer({ min: 2, max: 60 }));
  let [same, refused] = [0, 0];
  fc.assert(
    fc.property(anyCase, ([space, name, maxLabels]) => {
      const all = enumerate(space);
      fc.pre(all.length > 0);
      try {
        const steps = front([space], {}, [{ name }], { maxLabels });
        let step = steps.next();
        while (!step.done) step = steps.next();
        expect(texts(step.value.points, [name]).sort()).toEqual(frontOf(all, [name]));
        same++;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.message).toMatch(/could not be proven/);
        refused++;
      }
    }),
    { numRuns: count, seed: 8, endOnFailure: true },
  );
  expect(same).toBeGreaterThan(count / 4);
  expect(refused).toBeGreaterThan(0);
});

test("points of a published search's front are what a bound proves under their cost, and just below it", () => {
  const { spaces, budgets } = boundProblem(openProblem(parseConfig(presetValue("imagenet-mixed-7.0g"), "7.0G")));
  const last = <T>(steps: Generator<unknown, T>): T => {
    for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
  };
  const { points } = last(front(spaces, budgets, [{ name: "bitops", from: 6.9e9, to: 6.976e9 }]));
  expect(points.length).toBeGreaterThan(10);
  const kept = new KeptBound({ spaces, budgets });
  const best = (bitops: number) => last(kept.solve({ ...budgets, bitops })).networks[0];
  expect(points.at(-1)!.score).toBeCloseTo(best(6.976e9).score, 9);
  for (const i of [1, Math.floor(points.length / 2), points.length - 1]) {
    const { bitops } = points[i].costs;
    expect(bitops).toBe(best(bitops).costs.bitops);
    expect(points[i].score).toBeCloseTo(best(bitops).score, 9);
    expect(points[i - 1].score).toBeCloseTo(best(bitops - 1 / 8).score, 9);
  }
});

/** Networks of nothing but a cost and a score. */
const pointsOf = (list: readonly (readonly [number, number])[]) =>
  list.map(([bitops, score]) => ({ score, costs: { bitops } })) as unknown as BoundNetwork[];

test("the hull of a front has the points that are best at some price, and prices are those of the next of them", () => {
  const coordinate = fc.integer({ min: 0, max: 60 });
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 25 }), (list) => {
      const points = undominated(pointsOf(list), ["bitops"]);
      const hull = hullOf(points, "bitops");
      // Every price at which two points are equal, and one between each two of them.
      const prices = points.flatMap((p, i) =>
        points.slice(i + 1).map((q) => (q.score - p.score) / (q.costs.bitops - p.costs.bitops)),
      );
      const sorted = [0, ...prices, 1e6].sort((x, y) => x - y);
      const tried = sorted.slice(1).map((price, i) => (price + sorted[i]) / 2);
      const best = tried.map((price) => {
        const reduced = points.map(({ score, costs }) => score - price * costs.bitops);
        return points[reduced.indexOf(Math.max(...reduced))];
      });
      expect(new Set(best)).toEqual(new Set(hull));
      const bought = pricesOf(hull, "bitops", ["bitops"]);
      hull.slice(1).forEach((point, i) => {
        expect(bought[i]).toBe((point.score - hull[i].score) / (point.costs.bitops - hull[i].costs.bitops));
      });
      expect(bought.at(-1)).toBe(null);
    }),
    { numRuns: 300, seed: 2 },
  );
});
