import fc from "fast-check";
import { expect, test } from "vitest";
import { costNames, costs, emptyCosts } from "../../src/costs.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { RandomStream } from "../../src/search/random.ts";
import { budgetLimits, spaceOf } from "../../src/search-problem.ts";
import { bitsGains, Evaluator } from "../../src/space/evaluator.ts";
import { encode, resolutionOf, structureOf } from "../../src/space/genome.ts";
import { mutatePublished } from "../../src/space/mutation.ts";
import { networkOf } from "../../src/structure.ts";
import { anySpace, picker } from "../arbitrary.ts";
import { naiveCosts } from "../naive/costs.ts";
import { naiveScore } from "../naive/score.ts";

test("the figures of a genome are those of its conv list to the last bit, and the naive ones", () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), fc.constantFrom(0, 10), ({ config, resolutions, draw }, seed, classes) => {
      const space = spaceOf(config);
      const score = new AnalyticScore(config.score);
      const gains = bitsGains(score);
      const stageWeights = Float64Array.from(config.score.stageWeights);
      const evaluator = new Evaluator(space, classes);
      const random = new RandomStream();
      random.reset(seed, 1, 1);
      const at = 3;
      const genomes = new Uint8Array(space.genomeLength + 6);
      genomes.set(encode(space, draw(picker(seed)), resolutions[0], "drawn"), at);
      for (let step = 0; step < 30; step++) {
        const structure = structureOf(space, genomes, at);
        const resolution = resolutionOf(space, genomes, at);
        const network = networkOf(structure, resolution);
        const cost = emptyCosts();
        evaluator.costs(genomes, at, cost);
        expect(cost).toEqual(costs(network, classes, emptyCosts()));
        const value = evaluator.score(genomes, at, stageWeights, gains);
        expect(value).toBe(score.score(network));
        const { srams: _, ...naive } = naiveCosts(structure, resolution, classes);
        expect(cost).toMatchObject(naive);
        for (const name of costNames) {
          for (const [limit, over] of [
            [cost[name], false],
            [cost[name] * 0.999, true],
          ] as const) {
            const limits = budgetLimits({ ...config, budgets: { [name]: limit } });
            expect(evaluator.exceeds(genomes, at, limits)).toBe(over);
          }
        }
        const truth = naiveScore(structure, config.score).score;
        expect(Math.abs(value - truth)).toBeLessThan(1e-9 * Math.max(1, Math.abs(truth)));
        mutatePublished(space, genomes, at, random);
      }
    }),
    { numRuns: 50 },
  );
});
