import fc from "fast-check";
import { expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { runtimeNames, runtimeOf } from "../../src/config/devices.ts";
import { budgetNames } from "../../src/costs/cost-table.ts";
import { costs, emptyCosts, withinLimits } from "../../src/costs/costs.ts";
import { Settled } from "../../src/engine/breeding.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { type OperatorRates, operatorRates, operatorSets } from "../../src/engine/operators.ts";
import type { Deployment } from "../../src/memory/runtime.ts";
import { networkOf, parseStructure } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { Population } from "../../src/search/population.ts";
import { SeenSet } from "../../src/search/seen-set.ts";
import { costsAt, encode, resolutionOf, structureOf } from "../../src/space/genome.ts";
import type { Space } from "../../src/space/space.ts";
import { anySpace, picker } from "../arbitrary.ts";
import { createBreeding } from "../naive/breeding.ts";
import { naiveCosts } from "../naive/costs.ts";
import { RandomStream } from "../naive/random.ts";

const MEMBERS = 6;
const CLASSES = 10;

/** An engine with drawn members, best first. */
function populated(space: Space, genomes: Uint8Array, deployment: Deployment) {
  const engine = new GenomeEngine(space, CLASSES, { members: MEMBERS, children: 1 }, deployment);
  const population = new Population(MEMBERS, space.genomeLength, engine.members);
  const scores = Float64Array.from({ length: MEMBERS }, (_, i) => -i);
  population.merge({ count: MEMBERS, genomes, scores });
  return { engine, population };
}

/** Whether a genome is over budget, by its conv list. */
const exceedsOf = (space: Space, limits: Float64Array, deployment: Deployment) => (genomes: Uint8Array, at: number) =>
  !withinLimits(costsAt(space, genomes, at, CLASSES, deployment), limits);

const deployments = runtimeNames().map((name) => ({ runtime: runtimeOf(name, "test"), classes: CLASSES }));

const anyRates: fc.Arbitrary<OperatorRates> = fc.record({
  crossover: fc.constantFrom(0, 0.5, 1),
  maxMutations: fc.integer({ min: 1, max: 5 }),
  repairs: fc.integer({ min: 0, max: 9 }),
  fills: fc.integer({ min: 0, max: 4 }),
  sortLayers: fc.boolean(),
  widthFactor: fc.integer({ min: 0, max: 2 }),
  widthStep: fc.integer({ min: 0, max: 2 }),
  widthPush: fc.integer({ min: 0, max: 2 }),
  kernel: fc.integer({ min: 1, max: 2 }),
  expansion: fc.integer({ min: 0, max: 2 }),
  depth: fc.integer({ min: 0, max: 2 }),
  moveDepth: fc.integer({ min: 0, max: 2 }),
  published: fc.integer({ min: 0, max: 2 }),
  layerBits: fc.integer({ min: 0, max: 2 }),
  moveBit: fc.integer({ min: 0, max: 2 }),
  resolution: fc.integer({ min: 0, max: 2 }),
});

const sets: readonly [string, fc.Arbitrary<OperatorRates | undefined>][] = [
  ...operatorSets.map((name): [string, fc.Arbitrary<OperatorRates | undefined>] => [
    name,
    fc.constant(operatorRates[name]),
  ]),
  ["any other", anyRates],
];

test.each(sets)(
  "children of the %s operators, fitted to the budgets, and their hashes are those of the slow, obvious ones",
  (operators, anyOf) => {
    const met = new Set<number>();
    fc.assert(
      fc.property(
        anySpace,
        fc.maxSafeNat(),
        anyOf,
        fc.option(fc.constantFrom(...budgetNames)),
        fc.constantFrom(...deployments),
        ({ config, resolutions, draw }, seed, rates, budget, deployment) => {
          const space = openProblem(config).space;
          const length = space.genomeLength;
          const drawn = Array.from({ length: MEMBERS }, (_, i) => {
            const resolution = resolutions[i % resolutions.length];
            const structure = draw(picker((seed + i) % 2 ** 31), resolution);
            return { structure, resolution, genome: encode(space, structure, resolution, "drawn") };
          });
          const [{ structure, resolution }] = drawn;
          // What a deployment costs is held against a simulation in test/memory.
          const cost = {
            ...costs(networkOf(structure, resolution), CLASSES, emptyCosts(), deployment),
            ...naiveCosts(structure, resolution, CLASSES),
          };
          const budgets = budget === null ? {} : { [budget]: cost[budget] };
          const limits = openProblem({ ...config, budgets } as Config).limits;
          const { engine, population } = populated(space, Buffer.concat(drawn.map(({ genome }) => genome)), deployment);
          const breeding = engine.breeding({ seed, limits, rates });
          const exceeds = exceedsOf(space, limits, deployment);
          const naive = createBreeding(space, exceeds, limits, rates);
          const seen = new SeenSet();
          const random = new RandomStream();
          const bred = engine.children.subarray(0, length);
          const hash = () => [breeding.low(0), breeding.high(0)];
          const naiveHash = (genome: Uint8Array) => {
            seen.find(genome, 0, length);
            return [seen.low, seen.high];
          };
          // The seen-set keeps flags in the lowest bits.
          const keyOf = ([low, high]: number[]) => [low, (high & ~7) >>> 0];
          const before = population.genomes.slice();
          for (let child = 0; child < 60; child++) {
            const wanted = new Uint8Array(length);
            random.reset(seed, 1, child);
            naive.breed(population, wanted, 0, random);
            bred.fill(0x55);
            breeding.breed(population.count, 1, child, 0);
            expect(bred).toEqual(wanted);
            expect(keyOf(hash())).toEqual(naiveHash(wanted));
            const answer = naive.settle(wanted, 0, random);
            breeding.settle(0);
            const settled = breeding.settled(0);
            expect(settled).toBe(Settled[answer]);
            expect(bred).toEqual(wanted);
            if (answer === "fitted") {
              expect(keyOf([breeding.fittedLow(0), breeding.fittedHigh(0)])).toEqual(naiveHash(wanted));
            }
            if (answer !== "exceeds") expect(exceeds(wanted, 0)).toBe(false);
            met.add(settled);
          }
          expect(population.genomes).toEqual(before);
        },
      ),
      { numRuns: 25 },
    );
    expect([...met].sort()).toEqual({ published: [0, 1], fitted: [1, 2] }[operators] ?? [0, 1, 2]);
  },
);

test.each(operatorSets)("children of the %s operators are canonical and inside the space", (operators) => {
  fc.assert(
    fc.property(anySpace, fc.nat(), ({ config, resolutions, draw }, seed) => {
      const space = openProblem(config).space;
      const genomes = Buffer.concat(
        Array.from({ length: MEMBERS }, (_, i) => {
          const resolution = resolutions[i % resolutions.length];
          return encode(space, draw(picker(seed + i), resolution), resolution, "drawn");
        }),
      );
      const { engine, population } = populated(space, genomes, deployments[0]);
      const breeding = engine.breeding({ seed, limits: openProblem(config).limits, rates: operatorRates[operators] });
      for (let child = 0; child < 60; child++) {
        breeding.breed(population.count, 1, child, 0);
        if (child % 2 === 0) breeding.settle(0);
        const bred = engine.children.slice(0, space.genomeLength);
        const structure = parseStructure(structureOf(space, bred, 0), `child ${child}`);
        const resolution = resolutionOf(space, bred, 0);
        expect(resolutions).toContain(resolution);
        expect(encode(space, structure, resolution, `child ${child}`)).toEqual(bred);
      }
    }),
    { numRuns: 15 },
  );
});
