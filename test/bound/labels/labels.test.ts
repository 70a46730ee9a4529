import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabelCollector, type Labels, rootLabel } from "../../../src/bound/labels/labels.ts";

interface Label {
  readonly value: number;
  readonly reduced: number;
  readonly costs: readonly number[];
}

/** Whole numbers from small ranges, so that equal labels and equal costs are common. */
const labelsOf = (dimensions: number) =>
  fc.array(
    fc.record({
      value: fc.integer({ min: 0, max: 30 }),
      reduced: fc.integer({ min: -10, max: 20 }),
      costs: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: dimensions, maxLength: dimensions }),
    }),
    { maxLength: 40 },
  );

function columns(labels: readonly Label[], dimensions: number): Labels {
  const falling = [...labels].sort((x, y) => y.reduced - x.reduced);
  return {
    count: falling.length,
    value: Float64Array.from(falling, ({ value }) => value),
    reduced: Float64Array.from(falling, ({ reduced }) => reduced),
    costs: Array.from({ length: dimensions }, (_, d) => Float64Array.from(falling, ({ costs }) => costs[d])),
  };
}

const listOf = (labels: Labels): Label[] =>
  Array.from({ length: labels.count }, (_, i) => ({
    value: labels.value[i],
    reduced: labels.reduced[i],
    costs: labels.costs.map((column) => column[i]),
  }));

const beats = (x: Label, y: Label) => x.value >= y.value && x.costs.every((cost, d) => cost <= y.costs[d]);
const pointOf = ({ value, costs }: Label) => JSON.stringify([value, ...costs]);
/** Score and costs of the labels that no other beats. */
const undominatedPoints = (labels: readonly Label[]) => [
  ...new Set(labels.filter((y) => labels.every((x) => !beats(x, y) || pointOf(x) === pointOf(y))).map(pointOf)),
];

describe("the label collector, against comparing all with all", () => {
  test.each([0, 1, 2, 3, 4])("with %i costs keeps every label that no other beats", (dimensions) => {
    fc.assert(
      fc.property(
        labelsOf(dimensions),
        labelsOf(dimensions),
        fc.record({ value: fc.nat(9), reduced: fc.nat(9), costs: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }) }),
        fc.integer({ min: -10, max: 15 }),
        (one, other, { costs, ...step }, least) => {
          const limits = new Array(dimensions).fill(11);
          const collector = new LabelCollector(limits);
          const added = Float64Array.from(costs.slice(0, dimensions));
          collector.extend(columns(one, dimensions), { ...step, costs: added }, least);
          collector.append(columns(other, dimensions));
          const longer = one.map((label) => ({
            value: label.value + step.value,
            reduced: label.reduced + step.reduced,
            costs: label.costs.map((cost, d) => cost + added[d]),
          }));
          const all = [...longer.filter(({ reduced }) => reduced >= least), ...other].filter((label) =>
            label.costs.every((cost, d) => cost <= limits[d]),
          );
          const kept = listOf(collector.finish());
          const points = kept.map(pointOf);
          expect(points).toEqual(expect.arrayContaining(undominatedPoints(all)));
          // A third and a fourth cost are compared by cells, which may keep more.
          if (dimensions <= 2) expect([...points].sort()).toEqual(undominatedPoints(all).sort());
          const everything = all.map((label) => JSON.stringify([label.value, label.reduced, ...label.costs]));
          for (const { value, reduced, costs: own } of kept)
            expect(everything).toContain(JSON.stringify([value, reduced, ...own]));
          for (let i = 1; i < kept.length; i++) expect(kept[i].reduced).toBeLessThanOrEqual(kept[i - 1].reduced);
          expect(collector.count).toBe(0);
        },
      ),
      { numRuns: 300, seed: 4 },
    );
  });

  test("keeps the same when there are so many that it compacts on the way", () => {
    const random = fc.sample(
      fc.record({
        value: fc.integer({ min: 0, max: 1e6 }),
        reduced: fc.integer({ min: 0, max: 1e6 }),
        costs: fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 2, maxLength: 2 }),
      }),
      { numRuns: 40_000, seed: 5 },
    );
    const collector = new LabelCollector([1e6, 1e6]);
    for (let i = 0; i < random.length; i += 1000) collector.append(columns(random.slice(i, i + 1000), 2));
    const byCost = [...random].sort((x, y) => x.costs[0] - y.costs[0] || x.costs[1] - y.costs[1] || y.value - x.value);
    const front: Label[] = [];
    for (const label of byCost) if (!front.some((other) => beats(other, label))) front.push(label);
    expect(listOf(collector.finish()).map(pointOf).sort()).toEqual(front.map(pointOf).sort());
  });

  test("lets through what is kept, at most as many as asked, those of the greatest reduced value first", () => {
    const collector = new LabelCollector([10]);
    const label = (value: number, reduced: number, cost: number) => ({ value, reduced, costs: [cost] });
    const all = [label(1, 5, 1), label(2, 9, 2), label(3, 7, 3), label(4, 8, 4), label(5, 6, 5)];
    collector.append(columns(all, 1));
    const kept = collector.finish(2, (_, costs, at) => costs[0][at] !== 2);
    expect(listOf(kept)).toEqual([all[3], all[2]]);
  });

  test("the empty suffix costs and scores nothing", () => {
    expect(listOf(rootLabel(2))).toEqual([{ value: 0, reduced: 0, costs: [0, 0] }]);
  });
});
