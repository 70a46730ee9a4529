import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { runtimeNames, runtimeOf } from "../../src/config/devices.ts";
import { presetValue } from "../../src/config/presets.ts";
import { costNames } from "../../src/costs/cost-table.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { networkOf } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { createScorer } from "../../src/problem/scorer.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { encode, resolutionOf, structureOf } from "../../src/space/genome.ts";
import { anySpace, picker } from "../arbitrary.ts";
import { naiveCosts } from "../naive/costs.ts";
import { mutatePublished } from "../naive/mutation.ts";
import { RandomStream } from "../naive/random.ts";
import { naiveScore } from "../naive/score.ts";
import { randomModel, randomTable } from "../operators/random-operators.ts";

test("the figures of genomes are those of their conv lists to the last bit, and the naive ones", () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), fc.constantFrom(0, 10), ({ config, resolutions, draw }, seed, classes) => {
      const space = openProblem(config).space;
      const length = space.genomeLength;
      const score = new AnalyticScore(config.score);
      const runtime = runtimeOf(runtimeNames()[seed % runtimeNames().length], "test");
      // Of each kind of deployment: by a runtime, by measured operators, by both.
      const known = seed % 3;
      const deployment = {
        classes,
        ...(known === 1 ? {} : { runtime }),
        ...(known === 0
          ? {}
          : { latency: randomTable(seed % 7), energy: seed % 2 === 0 ? randomModel(seed % 5) : randomTable(seed % 5) }),
      };
      const engine = new GenomeEngine(space, classes, { members: 0, children: 0 }, deployment);
      const random = new RandomStream();
      random.reset(seed, 1, 1);
      const count = 30;
      const genomes = new Uint8Array(count * length);
      genomes.set(encode(space, draw(picker(seed)), resolutions[0], "drawn"));
      for (let i = 1; i < count; i++) {
        genomes.copyWithin(i * length, (i - 1) * length, i * length);
        mutatePublished(space, genomes, i * length, random);
      }
      const figures = engine.costs(genomes);
      const deployed = engine.deployedCosts(genomes);
      const { scores } = createScorer(openProblem(config), engine).score(genomes);
      for (let i = 0; i < count; i++) {
        const structure = structureOf(space, genomes, i * length);
        const resolution = resolutionOf(space, genomes, i * length);
        const network = networkOf(structure, resolution);
        const cost = costs(network, classes, emptyCosts(), deployment);
        const { flashDeployed = 0, arena = 0, latency = 0, energy = 0 } = cost;
        expect([...deployed.subarray(4 * i, 4 * i + 4)]).toEqual([flashDeployed, arena, latency, energy]);
        expect([...figures.subarray(i * costNames.length, (i + 1) * costNames.length)]).toEqual(
          costNames.map((name) => cost[name]),
        );
        const { srams: _, ...naive } = naiveCosts(structure, resolution, classes);
        expect(cost).toMatchObject(naive);
        expect(scores[i]).toBe(score.score(network));
        const truth = naiveScore(structure, config.score).score;
        expect(Math.abs(scores[i] - truth)).toBeLessThan(1e-9 * Math.max(1, Math.abs(truth)));
      }
    }),
    { numRuns: 50 },
  );
});

test("an engine is one search's: a second is refused, since both would breed with the settings of the second", () => {
  const { space, limits } = openProblem(parseConfig(presetValue("imagenet-mixed-7.0g"), "preset"));
  const engine = new GenomeEngine(space, 0, { members: 1, children: 1 });
  engine.breeding({ seed: 1, limits, rates: undefined });
  expect(() => engine.breeding({ seed: 2, limits, rates: undefined })).toThrow("one search an engine");
});

test("more genomes than one call takes have the figures of each alone", () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), ({ config, resolutions, draw }, seed) => {
      const space = openProblem(config).space;
      const length = space.genomeLength;
      const engine = new GenomeEngine(space, 0);
      const scorer = createScorer(openProblem(config), engine);
      const drawn = Array.from({ length: 7 }, (_, i) =>
        encode(space, draw(picker(seed + i), resolutions[0]), resolutions[0], "drawn"),
      );
      const many = Buffer.concat(Array.from({ length: 1500 }, (_, i) => drawn[i % drawn.length]));
      const alone = drawn.map((genome) => [scorer.score(genome).scores[0], ...engine.costs(genome)]);
      const { scores } = scorer.score(many);
      const figures = engine.costs(many);
      for (let i = 0; i < many.length / length; i++) {
        expect([scores[i], ...figures.subarray(costNames.length * i, costNames.length * (i + 1))]).toEqual(
          alone[i % drawn.length],
        );
      }
    }),
    { numRuns: 3 },
  );
});
