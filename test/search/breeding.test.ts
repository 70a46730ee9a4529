import fc from "fast-check";
import { expect, test } from "vitest";
import { createBreeding, operatorSets } from "../../src/search/breeding.ts";
import { Population } from "../../src/search/population.ts";
import { RandomStream } from "../../src/search/random.ts";
import { budgetLimits, spaceOf } from "../../src/search-problem.ts";
import { Evaluator } from "../../src/space/evaluator.ts";
import { encode, resolutionOf, structureOf } from "../../src/space/genome.ts";
import { parseStructure } from "../../src/structure.ts";
import { anySpace, picker } from "../arbitrary.ts";
import { naiveCosts } from "../naive/costs.ts";

test.each(operatorSets)(
  "children of the %s operators are canonical, inside the space, and a function of their random numbers",
  (operators) => {
    fc.assert(
      fc.property(anySpace, fc.nat(), fc.boolean(), ({ config, resolutions, draw }, seed, tight) => {
        const space = spaceOf(config);
        const pairs = Array.from({ length: 6 }, (_, i) => {
          const resolution = resolutions[i % resolutions.length];
          return { resolution, structure: draw(picker(seed + i), resolution) };
        });
        const bitops = tight ? naiveCosts(pairs[0].structure, pairs[0].resolution).bitops : 1e18;
        const breeding = createBreeding(
          operators,
          space,
          new Evaluator(space, 0),
          budgetLimits({ ...config, budgets: { bitops } }),
        );
        const genomes = Buffer.concat(
          pairs.map(({ structure, resolution }) => encode(space, structure, resolution, "drawn")),
        );
        const population = new Population(6, space.genomeLength);
        population.merge({ count: 6, genomes, scores: Float64Array.of(6, 5, 4, 3, 2, 1) });
        const random = new RandomStream();
        const at = 4;
        for (let child = 0; child < 60; child++) {
          const bred = [0xff, 0x55].map((rubbish) => {
            const room = new Uint8Array(space.genomeLength + 8).fill(rubbish);
            random.reset(seed, 1, child);
            breeding.breed(population, room, at, random);
            if (child % 2 === 0) breeding.repair(room, at, random);
            expect([...room.subarray(0, at), ...room.subarray(at + space.genomeLength)]).toEqual(
              Array(8).fill(rubbish),
            );
            return room.slice(at, at + space.genomeLength);
          });
          expect(Buffer.compare(bred[0], bred[1])).toBe(0);
          const structure = parseStructure(structureOf(space, bred[0], 0), `child ${child}`);
          const resolution = resolutionOf(space, bred[0], 0);
          expect(resolutions).toContain(resolution);
          expect(encode(space, structure, resolution, `child ${child}`)).toEqual(bred[0]);
        }
        expect(Buffer.compare(population.genomes, genomes)).toBe(0);
      }),
      { numRuns: 25 },
    );
  },
);
