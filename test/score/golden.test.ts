import { describe, expect, test } from "vitest";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { sramOf } from "../../src/costs/published-sram.ts";
import { networkOf, parseStructure } from "../../src/network/structure.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { DeepMadScore } from "../../src/score/deepmad.ts";
import { effectivenessOf } from "../../src/score/effectiveness.ts";
import { type GoldenCase, goldenCases, goldenFiles } from "../golden.ts";

const relative = (a: number, b: number) => Math.abs(a - b) / Math.max(1, Math.abs(b));

describe.each(goldenFiles)("%s", (file) => {
  const cases = goldenCases(file);

  test("holds the cases the published program was asked for", () => {
    if (file === "published-models.json") expect(cases.map((c) => c.name)).toContain("mixed7d0G");
    else expect(cases).toHaveLength(file.includes("quant") ? 120 : 25);
  });

  test("every score, every stage and every cost is the published program's, to 1e-9", () => {
    for (const golden of cases) {
      const network = networkOf(parseStructure(golden.structure, golden.name), golden.resolution);
      const { score, stages } = scoreOf(golden).detail(network);
      const cost = costs(network, 0, emptyCosts());
      expect(relative(score, golden.score), `${golden.name} score`).toBeLessThan(1e-9);
      golden.stageScores?.forEach((stage, i) => {
        expect(relative(stages[i], stage), `${golden.name} stage ${i}`).toBeLessThan(1e-9);
      });
      expect(relative(cost.bitops, 64 * golden.flops), `${golden.name} BitOps`).toBeLessThan(1e-9);
      expect(relative(cost.flash, golden.flash), `${golden.name} flash`).toBeLessThan(1e-9);
      if (golden.effectiveness !== null)
        expect(relative(effectivenessOf(network), golden.effectiveness), `${golden.name} effectiveness`).toBeLessThan(
          1e-9,
        );
      expect(cost.layers, `${golden.name} layers`).toBe(golden.layers);
      if (golden.sram !== null) expect(relative(cost.sram, golden.sram), `${golden.name} SRAM`).toBeLessThan(1e-9);
      if (golden.sramList !== undefined)
        expect(sramTerms(network), `${golden.name} SRAM list`).toEqual(golden.sramList);
    }
  });
});

/** The released searches were scored at 224, whatever they are for; its figures have no penalty of depths. */
function scoreOf({ name, scoreKind, stageWeights, ...sigmas }: GoldenCase) {
  if (scoreKind === "madnas") return new AnalyticScore({ stageWeights, ...sigmas });
  const resolution = name.startsWith("walk") ? 224 : undefined;
  return new DeepMadScore({ stageWeights, alpha1: 1, alpha2: 1, depthPenalty: 0, like: "released", resolution });
}

function sramTerms(network: ReturnType<typeof networkOf>): number[] {
  const terms: number[] = [];
  for (let layer = 0, conv = 0; layer < network.layers; layer++) {
    const first = conv;
    for (; conv < network.layerEnd[layer]; conv++) {
      if (network.projection[conv] === 0) terms.push(sramOf(network, layer, first, conv));
    }
  }
  return terms;
}
