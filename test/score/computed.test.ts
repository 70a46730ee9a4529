import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundProblem } from "../../src/bound/problem.ts";
import { parseConfig, parseConfigText, type ScoreConfig } from "../../src/config/config.ts";
import { presetText } from "../../src/config/presets.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { networkOf, parseStructure } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { startSearch } from "../../src/run/run.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { RandomScore } from "../../src/score/baselines.ts";
import { DeepMadScore } from "../../src/score/deepmad.ts";
import { effectivenessOf } from "../../src/score/effectiveness.ts";
import { kindOf } from "../../src/score/kinds/kinds.ts";
import { anyResolution, anyStructure } from "../arbitrary.ts";
import { naiveDeepMad, naiveEffectiveness } from "../naive/deepmad.ts";
import { naiveStages } from "../naive/score.ts";

const close = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThan(1e-9 * Math.max(1, Math.abs(b)));
const presetWith = (score: object, more: object = {}) => {
  const raw = parseConfigText(presetText("imagenet-mixed-7.0g"), "preset") as Record<string, object>;
  return parseConfig({
    ...raw,
    score,
    ...more,
    search: { evaluations: 3000, ...(more as { search?: object }).search },
  });
};

test("deepmad and effectiveness of any structure are the naive ones", () => {
  fc.assert(
    fc.property(anyStructure, anyResolution, fc.constantFrom(0, 10), (structure, resolution, depthPenalty) => {
      // A penalty beside bottlenecks and other blocks has no definition.
      const bottlenecks = structure.filter((block) => block.class.endsWith("K1KXK1")).length;
      fc.pre(depthPenalty === 0 || bottlenecks === 0 || bottlenecks === structure.filter(({ L }) => L).length);
      const stageWeights = Array.from({ length: naiveStages(structure) }, (_, i) => i + 1);
      const options = { stageWeights, alpha1: 1.5, alpha2: 0.5, depthPenalty };
      const network = networkOf(parseStructure(structure, "random"), resolution);
      const { score, stages } = new DeepMadScore(options).detail(network);
      close(score, naiveDeepMad(structure, resolution, options));
      expect(stages).toHaveLength(stageWeights.length);
      expect(new DeepMadScore(options).score(network)).toBe(score);
      close(effectivenessOf(network), naiveEffectiveness(structure));
    }),
    { numRuns: 300 },
  );
});

test("a random score is uniform, the same for a network whenever it is asked, and another with another seed", () => {
  const scores = [1, 2].map((seed) => {
    const score = new RandomScore(seed);
    return Array.from({ length: 4000 }, (_, i) => {
      const block = { class: "ConvKXBNRELU", in: 3, out: 1 + i, k: 3, s: 2 };
      const network = networkOf([block], 32);
      const value = score.score(network);
      expect(score.score(networkOf([block], 32))).toBe(value);
      return value;
    });
  });
  for (const values of scores) {
    // Kolmogorov and Smirnov: 1.95 / sqrt(n) is exceeded once in a thousand times.
    const sorted = values.toSorted((x, y) => x - y);
    const distance = sorted.reduce((most, x, i) => Math.max(most, Math.abs(x - (i + 0.5) / sorted.length)), 0);
    expect(distance).toBeLessThan(1.95 / Math.sqrt(sorted.length));
  }
  expect(scores[0].filter((x, i) => x === scores[1][i])).toEqual([]);
});

test("an ensemble is the weighted sum of its parts, and the baselines are what they are named after", () => {
  const sigmas = { sigmaActivation: 5, sigmaWeight: 4 };
  const detailOf = (score: object, network: ReturnType<typeof networkOf>) => {
    const { score: parsed } = presetWith(score);
    return kindOf(parsed).computed!(parsed).detail(network).score;
  };
  fc.assert(
    fc.property(anyStructure, (structure) => {
      const network = networkOf(parseStructure(structure, "random"), 64);
      const stageWeights = Array.from({ length: naiveStages(structure) }, () => 1);
      const { bitops } = costs(network, 0, emptyCosts());
      close(detailOf({ kind: "bitops" }, network), bitops / 1e6);
      const parts = [
        { weight: 2, score: { kind: "analytic", stageWeights } },
        { weight: -0.5, score: { kind: "bitops" } },
        { weight: -3, score: { kind: "effectiveness" } },
      ];
      const analytic = new AnalyticScore({ stageWeights, ...sigmas }).score(network);
      close(detailOf({ kind: "ensemble", parts }, network), 2 * analytic - bitops / 2e6 - 3 * effectivenessOf(network));
    }),
    { numRuns: 50 },
  );
  const squeezing = { class: "SuperResK1DWSEK1", in: 8, out: 16, k: 3, s: 1, L: 1, btn: 64 };
  const weights = 8 * 64 + 9 * 64 + 64 * 16 + 2 * 64 * 16;
  close(detailOf({ kind: "params" }, networkOf([squeezing], 8)), weights / 1000);
});

const kinds: ScoreConfig["kind"][] = ["deepmad", "random", "params", "bitops", "effectiveness", "ensemble"];

describe.each(kinds)("score.kind %s", (kind) => {
  const parts = kind === "ensemble" ? { parts: [{ weight: 1, score: { kind: "analytic" } }] } : {};
  const config = () => presetWith({ kind, ...parts });

  test("is searched: the same twice, and above the start", async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => startSearch(config(), { archive: ":memory:", threads: 0 })),
    );
    expect(first.digest).toBe(second.digest);
    const start = networkOf(config().space.start, 224);
    expect(first.best.score).toBeGreaterThan(kindOf(config().score).computed!(config().score).detail(start).score);
  });

  test("has no bound, which says why", () => {
    expect(() => boundProblem(openProblem(config()))).toThrow(/there is no bound for it: /);
  });
});

test("no network of a search is above its budget of effectiveness, which the bound refuses", async () => {
  const raw = parseConfigText(presetText("imagenet-fp-300m"), "preset") as Record<string, object>;
  const config = parseConfig({
    ...raw,
    budgets: { ...raw["budgets"], effectiveness: 0.5 },
    search: { evaluations: 4000, seed: 1 },
  });
  const { best } = await startSearch(config, { archive: ":memory:", threads: 0 });
  const own = effectivenessOf(networkOf(best.structure, 224));
  expect(own).toBeLessThanOrEqual(0.5);
  const free = await startSearch(parseConfig({ ...raw, search: { evaluations: 4000, seed: 1, stopGap: "off" } }), {
    archive: ":memory:",
    threads: 0,
  });
  expect(effectivenessOf(networkOf(free.best.structure, 224))).toBeGreaterThan(0.5);
  expect(() => boundProblem(openProblem(config))).toThrow("budgets.effectiveness: the bound needs");
  await expect(
    startSearch(parseConfig({ ...raw, budgets: { effectiveness: 0.01 } }), { archive: ":memory:", threads: 0 }),
  ).rejects.toThrow(/space\.start is over budget: effectiveness 0\.\d+ > 0\.01/);
});
