import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { costNames } from "../../src/costs/cost-table.ts";
import { Breeding } from "../../src/engine/breeding.ts";
import { compileSpace } from "../../src/engine/compiled-space.ts";
import { MoreCosts } from "../../src/engine/figures.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { RandomStream } from "../naive/random.ts";

const draw = (seed: number, generation: number, child: number, count: number): number[] => {
  const stream = new RandomStream();
  stream.reset(seed, generation, child);
  return Array.from({ length: count }, () => stream.next());
};
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const seeds = fc.maxSafeNat();

test("the numbers of a child are a function of seed, generation and child, whatever was drawn before", () => {
  fc.assert(
    fc.property(seeds, word, word, fc.nat(50), (seed, generation, child, before) => {
      const used = new RandomStream();
      used.reset(child, seed % 1000, generation);
      for (let i = 0; i < before; i++) used.next();
      used.reset(seed, generation, child);
      expect(Array.from({ length: 8 }, () => used.next())).toEqual(draw(seed, generation, child, 8));
    }),
  );
});

test("another seed, generation or child draws other numbers", () => {
  fc.assert(
    fc.property(seeds, word, word, (seed, generation, child) => {
      const own = draw(seed, generation, child, 4).join();
      expect(draw(seed, generation, (child + 1) >>> 0, 4).join()).not.toBe(own);
      expect(draw(seed, (generation + 1) >>> 0, child, 4).join()).not.toBe(own);
      expect(draw(seed === 0 ? 1 : seed - 1, generation, child, 4).join()).not.toBe(own);
      // The upper half of a seed counts too.
      expect(draw((seed + 2 ** 32) % Number.MAX_SAFE_INTEGER, generation, child, 4).join()).not.toBe(own);
    }),
  );
});

/** Pearson's statistic for equal expected counts. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

// 1 - 1e-6 quantiles of chi-square, by degrees of freedom (Wilson-Hilferty).
const limit = (freedom: number) => freedom * (1 - 2 / (9 * freedom) + 4.753 * Math.sqrt(2 / (9 * freedom))) ** 3;

test.each([2, 3, 5, 7, 16, 100, 256])(
  "below(%i) is uniform along a stream, and across children and generations",
  (n) => {
    const stream = new RandomStream();
    const along = new Array(n).fill(0);
    stream.reset(1, 2, 3);
    for (let i = 0; i < 100_000; i++) along[stream.below(n)]++;
    const firsts = new Array(n).fill(0);
    const thirds = new Array(n).fill(0);
    for (let generation = 0; generation < 100; generation++) {
      for (let child = 0; child < 1000; child++) {
        stream.reset(9, generation, child);
        firsts[stream.below(n)]++;
        stream.next();
        thirds[stream.below(n)]++;
      }
    }
    for (const counts of [along, firsts, thirds]) expect(chiSquare(counts)).toBeLessThan(limit(n - 1));
  },
);

test("the first numbers of neighbouring children do not hang together", () => {
  const stream = new RandomStream();
  const counts = new Array(256).fill(0);
  let before = 0;
  for (let child = 0; child < 100_000; child++) {
    stream.reset(1, 1, child);
    const now = stream.below(16);
    counts[16 * before + now]++;
    before = now;
  }
  expect(chiSquare(counts)).toBeLessThan(limit(255));
});

test("every bit of a number is set half the time", () => {
  const counts = new Array(32).fill(0);
  for (const value of draw(4, 5, 6, 50_000)) for (let bit = 0; bit < 32; bit++) counts[bit] += (value >>> bit) & 1;
  for (const count of counts) expect(Math.abs(count - 25_000)).toBeLessThan(5 * Math.sqrt(12_500));
});

test("the genome module draws the same numbers", () => {
  const space = openProblem(parseConfig(presetValue("imagenet-mixed-7.0g"), "preset")).space;
  const none = new Float64Array(costNames.length).fill(Number.POSITIVE_INFINITY);
  const stream = new RandomStream();
  fc.assert(
    fc.property(
      seeds,
      word,
      word,
      fc.array(fc.integer({ min: 1, max: 2 ** 21 })),
      (seed, generation, child, bounds) => {
        const memory = compileSpace(space, 0, undefined, new MoreCosts(space, 0), 0);
        const rooms = { space, members: memory.bytes.subarray(0, 0), children: memory.bytes.subarray(0, 0) };
        new Breeding(memory, rooms, { seed, limits: none, rates: undefined });
        memory.module.reset(generation, child);
        stream.reset(seed, generation, child);
        expect(bounds.map((n) => memory.module.below(n))).toEqual(bounds.map((n) => stream.below(n)));
      },
    ),
  );
});
