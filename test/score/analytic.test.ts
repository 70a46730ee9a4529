import fc from "fast-check";
import { expect, test } from "vitest";
import { networkOf, parseStructure, type Structure } from "../../src/network/structure.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { anyResolution, anyStructure } from "../arbitrary.ts";
import { naiveScore, naiveStages } from "../naive/score.ts";

const weights = fc.array(fc.constantFrom(0, 1, 2, 6, 0.5), { minLength: 8, maxLength: 8 });
const sigma = fc.constantFrom(1, 2, 3.5, 5);

test("the score of any structure is the naive one, stage by stage and layer by layer", () => {
  fc.assert(
    fc.property(
      anyStructure,
      anyResolution,
      weights,
      sigma,
      sigma,
      (structure, r, ratio, sigmaActivation, sigmaWeight) => {
        const stageWeights = ratio.slice(0, naiveStages(structure));
        const settings = { stageWeights, sigmaActivation, sigmaWeight };
        const scored = new AnalyticScore(settings).detail(networkOf(parseStructure(structure, "random"), r));
        const naive = naiveScore(structure, settings);
        const close = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThan(1e-10 * Math.max(1, Math.abs(b)));
        close(scored.score, naive.score);
        expect([...scored.stages]).toHaveLength(naive.stages.length);
        naive.stages.forEach((stage, i) => void close(scored.stages[i], stage));
        expect([...scored.blocks]).toHaveLength(naive.blocks.length);
        naive.blocks.forEach((block, i) => void close(scored.blocks[i], block));
      },
    ),
    { numRuns: 200 },
  );
});

const stem: Structure = [{ class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 }];

test("stage weights of the wrong length are an error that says how many stages there are", () => {
  const score = new AnalyticScore({ stageWeights: [0, 1], sigmaActivation: 5, sigmaWeight: 4 });
  expect(() => score.detail(networkOf(stem, 32))).toThrowErrorMatchingInlineSnapshot(
    `[UserError: stage weights: expected 1 entries, one per stage of the network, got 2; give one weight for each stage]`,
  );
});

test("the score alone has the same bits as the score in detail", () => {
  const score = new AnalyticScore({ stageWeights: [3], sigmaActivation: 5, sigmaWeight: 4 });
  expect(score.score(networkOf(stem, 32))).toBe(score.detail(networkOf(stem, 32)).score);
});

test("a sigma so small that everything rounds to 0 is an error, not a score", () => {
  const score = new AnalyticScore({ stageWeights: [1], sigmaActivation: 5, sigmaWeight: 0.001 });
  expect(score.score(networkOf(stem, 32))).not.toSatisfy(Number.isFinite);
  expect(() => score.detail(networkOf(stem, 32))).toThrowErrorMatchingInlineSnapshot(
    `[UserError: sigmaActivation, sigmaWeight: expected values that do not vanish when they are quantised to 8 and 8 bits; raise them]`,
  );
});

test("an enormous sigma is scored in a moment", () => {
  const began = performance.now();
  new AnalyticScore({ stageWeights: [1], sigmaActivation: 1e9, sigmaWeight: 1e9 });
  expect(performance.now() - began).toBeLessThan(5000);
});
