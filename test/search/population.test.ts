import fc from "fast-check";
import { expect, test } from "vitest";
import { Population } from "../../src/search/population.ts";

interface Member {
  readonly genome: number[];
  readonly score: number;
}

const score = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const members = fc.uniqueArray(
  fc.record({ genome: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }), score }),
  {
    maxLength: 60,
    selector: (m) => m.genome.join(),
  },
);

const best = (all: readonly Member[], capacity: number) =>
  all
    .filter((m) => !Number.isNaN(m.score))
    .sort((x, y) => y.score - x.score || Buffer.compare(Buffer.from(x.genome), Buffer.from(y.genome)))
    .slice(0, capacity);

const candidates = (list: readonly Member[]) => ({
  count: list.length,
  genomes: Uint8Array.from(list.flatMap((m) => m.genome)),
  scores: Float64Array.from(list, (m) => m.score),
});

test("holds what sorting everything and keeping the first ones would, however it came in", () => {
  fc.assert(
    fc.property(
      members,
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.nat(60), { maxLength: 5 }),
      (all, capacity, cuts) => {
        const population = new Population(capacity, 3);
        const borders = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((x, y) => x - y), all.length];
        for (let i = 1; i < borders.length; i++) population.merge(candidates(all.slice(borders[i - 1], borders[i])));
        const { count, genomes, scores } = population;
        const held = Array.from({ length: count }, (_, i) => ({
          genome: [...genomes.slice(3 * i, 3 * i + 3)],
          score: scores[i],
        }));
        expect(held).toEqual(best(all, capacity));
      },
    ),
    { numRuns: 500 },
  );
});
