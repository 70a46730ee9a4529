import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { setPairs } from "../../src/bits/layer-bits.ts";
import { bitRefiner, refineNetwork } from "../../src/bits/refine.ts";
import { bitProduct } from "../../src/config/capabilities.ts";
import { parseConfig } from "../../src/config/config.ts";
import { costNames } from "../../src/costs/cost-table.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { packBits } from "../../src/network/bits.ts";
import { Network } from "../../src/network/network.ts";
import { networkOf, parseStructure, type Structure } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { startSearch } from "../../src/run/run.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { decode, encode } from "../../src/space/genome.ts";

/** QES_SLOW_TESTS=1 takes minutes. */
const networks = process.env["QES_SLOW_TESTS"] === "1" ? 5000 : 100;
const sigmas = { sigmaActivation: 5, sigmaWeight: 4 };

/** Small networks of two or three stages and at most four layers, with room for full enumeration. */
const smallStructure: fc.Arbitrary<Structure> = fc
  .record({
    widths: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })),
    btn: fc.integer({ min: 1, max: 24 }),
    L: fc.constantFrom(1, 2),
    second: fc.boolean(),
    k: fc.constantFrom(3, 5),
  })
  .map(({ widths: [a, b, c], btn, L, second, k }) => {
    const bits = (n: number) => ({ nbitsA: new Array(3 * n).fill(4), nbitsW: new Array(3 * n).fill(4) });
    const block = { class: "SuperQuantResK1DWK1", k, s: 2, btn };
    return [
      { class: "ConvKXBNRELU", in: 3, out: a, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
      { ...block, in: a, out: b, L, ...bits(L) },
      ...(second && L === 1 ? [{ ...block, in: b, out: b, s: 1, L: 1, ...bits(1) }] : []),
      { class: "ConvKXBNRELU", in: b, out: c, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
    ];
  });

const legalSets = [
  bitProduct([3, 4, 5, 6], [4, 6]),
  bitProduct([2, 4, 8], [2, 4, 8]),
  bitProduct([8], [8, 4]),
  [
    { a: 2, w: 8 },
    { a: 8, w: 2 },
    { a: 4, w: 4 },
    { a: 6, w: 5 },
  ],
];

describe("bit refinement", () => {
  test("equals full enumeration on random small networks and budgets", () => {
    let met = 0;
    fc.assert(
      fc.property(
        smallStructure,
        fc.constantFrom(...legalSets),
        // Budgets in per cent of what the network costs at 8 bits; above 100 is no budget.
        fc.array(fc.integer({ min: 40, max: 160 }), { minLength: 4, maxLength: 4 }),
        fc.constantFrom([1, 1], [0, 6], [3, 1]),
        (structure, pairs, shares, stageWeights) => {
          const score = new AnalyticScore({ stageWeights, ...sigmas });
          const network = networkOf(structure, 16);
          const bytes = pairs.map(packBits);
          setPairs(network, new Uint8Array(network.layers).fill(0x88));
          const full = costs(network, 2, emptyCosts());
          const limits = Float64Array.from(costNames, (name) => {
            const share = shares[["bitops", "flash", "sram", "sramLive"].indexOf(name)] ?? 200;
            return share > 100 ? Number.POSITIVE_INFINITY : (full[name] * share) / 100;
          });
          let best = Number.NEGATIVE_INFINITY;
          const choice = new Array(network.layers).fill(0);
          for (let left = bytes.length ** network.layers; left > 0; left--) {
            setPairs(
              network,
              Uint8Array.from(choice, (i) => bytes[i]),
            );
            const cost = costs(network, 2, emptyCosts());
            if (costNames.every((name, i) => cost[name] <= limits[i])) best = Math.max(best, score.score(network));
            for (let i = 0; i < choice.length && ++choice[i] === bytes.length; i++) choice[i] = 0;
          }
          const fresh = networkOf(structure, 16);
          const found = refineNetwork(fresh, () => bytes, { score, classes: 2, limits });
          if (best === Number.NEGATIVE_INFINITY) {
            expect(found).toBeUndefined();
            return;
          }
          met++;
          expect(found!.proven).toBe(true);
          expect(found!.score).toBeCloseTo(best, 9);
          expect(found!.score).toBe(score.score(fresh));
          expect(found!.bound).toBeGreaterThanOrEqual(best);
          const cost = costs(fresh, 2, emptyCosts());
          for (const [i, name] of costNames.entries()) expect(cost[name]).toBeLessThanOrEqual(limits[i]);
          for (const pair of found!.pairs) expect(bytes).toContain(pair);
        },
      ),
      { numRuns: networks },
    );
    expect(met).toBeGreaterThan(networks / 4);
  });

  test("spends the last byte of flash where that gains the most", () => {
    const dw = { class: "SuperQuantResK1DWK1", k: 5, btn: 1, L: 1, nbitsA: [4, 4, 4], nbitsW: [4, 4, 4] };
    const structure = parseStructure(
      [
        { class: "ConvKXBNRELU", in: 3, out: 1, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
        { ...dw, in: 1, out: 4, s: 2 },
        { ...dw, in: 4, out: 4, s: 1 },
        { class: "ConvKXBNRELU", in: 4, out: 4, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
      ],
      "test",
    );
    const pairs = bitProduct([2, 4, 8], [2, 4, 8]).map(packBits);
    const limits = Float64Array.from(costNames, (name) => (name === "flash" ? 105 : Number.POSITIVE_INFINITY));
    limits[costNames.indexOf("sram")] = 332;
    const network = networkOf(structure, 16);
    const found = refineNetwork(network, () => pairs, {
      score: new AnalyticScore({ stageWeights: [1, 1], ...sigmas }),
      classes: 2,
      limits,
    })!;
    expect([...found.pairs].map((pair) => pair.toString(16))).toEqual(["24", "84", "84", "88"]);
    expect(costs(network, 2, emptyCosts()).flash).toBe(105);
  });

  test("improves the published 7.0G network at its own BitOps, proven, in under a second", () => {
    const published = JSON.parse(
      readFileSync(new URL("../fixtures/golden/published-models.json", import.meta.url), "utf8"),
    ) as { model: string; structure: unknown }[];
    const entry = published.find(({ model }) => /mixed.*7/i.test(model))!;
    const network = networkOf(parseStructure(entry.structure, "published"), 224);
    const score = new AnalyticScore({ stageWeights: [0, 0, 1, 1, 6], ...sigmas });
    const before = costs(network, 0, emptyCosts());
    const limits = Float64Array.from(costNames, (name) =>
      name === "bitops" ? before.bitops : Number.POSITIVE_INFINITY,
    );
    const pairs = bitProduct([3, 4, 5, 6], [3, 4, 5, 6]).map(packBits);
    const began = process.cpuUsage();
    const found = refineNetwork(network, (layer) => (layer === 0 ? [0x88] : pairs), { score, classes: 0, limits })!;
    // Processor time, which other work on the machine does not add to.
    expect(process.cpuUsage(began).user / 1e3).toBeLessThan(1000);
    expect(found.scoreBefore).toBeCloseTo(1224.54, 2);
    expect(found.score).toBeGreaterThanOrEqual(found.scoreBefore);
    expect(found.proven).toBe(true);
    expect(costs(network, 0, emptyCosts()).bitops).toBeLessThanOrEqual(before.bitops);
    // Refined again it stays as it is.
    const again = refineNetwork(network, (layer) => (layer === 0 ? [0x88] : pairs), { score, classes: 0, limits })!;
    expect(again.pairs).toEqual(found.pairs);
    expect(again.score).toBe(found.score);
  });

  test("is an operator on genomes that keeps everything but the bits and never lowers the score", () => {
    const config = parseConfig({ device: "stm32f746", task: "imagenet" }, "test");
    const problem = openProblem(config);
    const { space } = problem;
    const refineBits = bitRefiner(problem)!;
    const score = new AnalyticScore(config.score);
    const limits = Float64Array.from(costNames, (name) => config.budgets[name] ?? Number.POSITIVE_INFINITY);
    const genome = encode(space, config.space.start, 160, "start");
    const refined = genome.slice();
    const network = new Network(space.convCapacity);
    expect(refineBits(refined, 0)).toBe(true);
    decode(space, genome, 0, network);
    const before = score.score(network);
    const widths = [...network.outChannels];
    decode(space, refined, 0, network);
    expect(score.score(network)).toBeGreaterThan(before);
    expect([...network.outChannels]).toEqual(widths);
    const cost = costs(network, config.classes, emptyCosts());
    for (const [i, name] of costNames.entries()) expect(cost[name]).toBeLessThanOrEqual(limits[i]);
    expect(refineBits(refined, 0)).toBe(false);
  });

  // With the fitted operators bits are near their best without it.
  test("inside a short search of the standard operators finds a better network, and with any the same one every time", async () => {
    const found = (operators: "standard" | "fitted", refineEvery: number) => {
      const search = { evaluations: 3000, generation: 256, operators, refineEvery };
      const config = parseConfig({ device: "stm32f746", task: "imagenet", search }, "test");
      return startSearch(config, { archive: ":memory:", threads: 0, clock: () => 0 });
    };
    const standard = await found("standard", 1);
    expect(standard.best.score).toBeGreaterThan((await found("standard", 0)).best.score);
    expect((await found("standard", 1)).digest).toBe(standard.digest);
    const fitted = await found("fitted", 1);
    expect(fitted.digest).not.toBe((await found("fitted", 0)).digest);
    expect((await found("fitted", 1)).digest).toBe(fitted.digest);
  });
});
