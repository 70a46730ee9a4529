import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { refineNetwork } from "../../src/bits/refine.ts";
import { certificateOf, parseCertificate } from "../../src/bound/proof/certificate.ts";
import { solve } from "../../src/bound/solve.ts";
import type { Config } from "../../src/config/config.ts";
import { addCost, budgetNames, costNames, type OwnCost } from "../../src/costs/cost-table.ts";
import { costs, emptyCosts, withinLimits } from "../../src/costs/costs.ts";
import { Settled } from "../../src/engine/breeding.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { checkFigures } from "../../src/engine/figures.ts";
import { networkOf } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { startSearch } from "../../src/run/run.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { encode, structureOf } from "../../src/space/genome.ts";
import { smallestCosts } from "../../src/space/smallest.ts";
import { anySpace, picker } from "../arbitrary.ts";
import { anyBudgets, anySpace as anySmallSpace, enumerate, sizeOf } from "../bound/random-space.ts";
import { anyStructure } from "../support/structures.ts";
import { addToyCosts, toyPeak, toySum } from "../support/toy-costs.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const infinite = () => new Float64Array(costNames.length).fill(Number.POSITIVE_INFINITY);
const own = costNames.length;

/** A generation of one candidate with these costs, as an archive takes it. */
function commit(archive: Archive, generation: number, figures: Float64Array) {
  const context = archive.contextId("context");
  const run = archive.runs()[0]?.id ?? archive.createRun("toy", context, "{}", "2020-01-01T00:00:00.000Z");
  archive.startRun(run, "{}");
  const counters = { evaluations: 1, generations: 1, scored: 1, duplicates: 0, overBudget: 0, failed: 0, reused: 0 };
  const genomes = Uint8Array.of(generation);
  const scores = Float64Array.of(1);
  archive.commit({
    ...{ run, context, generation, genomeLength: 1, genomes, scores, costs: figures },
    ...{ failures: new Map(), reusedKeys: new Uint32Array(0), seconds: 0, done: false },
    checkpoint: { counters, genomes, scores },
  });
}

const storedIn = (archive: Archive) => {
  const stored: [damage: string | undefined, costs: number[]][] = [];
  archive.eachStored(archive.contextId("context"), (generation) =>
    stored.push([generation.damage, [...generation.costs]]),
  );
  return stored;
};

describe("a sum and a peak added as rows", () => {
  let undo: () => void;
  beforeAll(() => {
    undo = addToyCosts();
  });
  afterAll(() => undo());

  test("are costs of every network", () => {
    fc.assert(
      fc.property(anyStructure, fc.constantFrom(0, 10), (structure, classes) => {
        const network = networkOf(structure, 40);
        const cost = costs(network, classes, emptyCosts()) as Record<string, number>;
        const convs = Array.from({ length: network.convs }, (_, conv) => conv);
        const bits = (of: Uint8Array, conv: number) => of[conv] || 8;
        const sum = convs.reduce(
          (total, i) => total + network.outChannels[i] * (5 + network.kernel[i] * bits(network.bitsW, i)),
          100 * network.layers + 3 * structure.at(-1)!.out * classes,
        );
        const inputs = convs.map((i) => network.inResolution[i] ** 2 * network.inChannels[i] * bits(network.bitsA, i));
        expect(cost["toySum"]).toBe(sum);
        expect(cost["toyPeak"]).toBe(Math.max(...inputs) / 8);
      }),
    );
  });

  test("have figures in the engine, which holds children to their budgets", () => {
    fc.assert(
      fc.property(anySpace, fc.nat(), ({ config, resolutions, draw }, seed) => {
        const { space } = openProblem(config);
        const length = space.genomeLength;
        const genomes = Buffer.concat(
          Array.from({ length: 6 }, (_, i) => encode(space, draw(picker(seed + i)), resolutions[0], "drawn")),
        );
        const engine = new GenomeEngine(space, 10, { members: 6, children: 1 });
        const figures = engine.costs(genomes);
        const least = smallestCosts(space, 10);
        expect(figures.length).toBe(6 * (own + 2));
        const network = (bytes: Uint8Array, i: number) =>
          costs(networkOf(structureOf(space, bytes, i * length), resolutions[0]), 10, emptyCosts());
        for (let i = 0; i < 6; i++) {
          const cost = network(genomes, i);
          expect([...figures.subarray(i * (own + 2), (i + 1) * (own + 2))]).toEqual(costNames.map((n) => cost[n]));
          for (const name of costNames) expect(least.get(name)).toBeLessThanOrEqual(cost[name]);
        }
        for (const name of ["toySum", "toyPeak"] as unknown as OwnCost[]) {
          const limits = infinite();
          limits[costNames.indexOf(name)] = figures[costNames.indexOf(name)];
          engine.members.set(genomes);
          const one = new GenomeEngine(space, 10, { members: 6, children: 1 });
          one.members.set(genomes);
          const breeding = one.breeding({ seed, limits, rates: undefined });
          for (let child = 0; child < 40; child++) {
            breeding.breed(6, 1, child, 0);
            const bred = one.children.slice(0, length);
            const resolution = resolutions.length === 1 ? resolutions[0] : 8 * bred[0];
            const cost = costs(networkOf(structureOf(space, bred, 0), resolution), 10, emptyCosts());
            breeding.settle(0);
            expect(breeding.settled(0) !== Settled.exceeds).toBe(withinLimits(cost, limits));
          }
        }
      }),
      { numRuns: 8 },
    );
  });

  test("are budgets of a search", async () => {
    const [{ config }] = fc.sample(anySpace, { numRuns: 1, seed: 3 });
    const { space, classes } = openProblem(config);
    const start = encode(space, config.space.start, space.options.resolutions[0], "start");
    const figures = new GenomeEngine(space, classes).costs(start);
    const budgets = { toySum: 2 * figures[own], toyPeak: figures[own + 1] } as Config["budgets"];
    const search = { ...config.search, evaluations: 3000, generation: 500 };
    const result = await startSearch(
      { ...config, budgets, search },
      { archive: ":memory:", threads: 0, clock: () => 0 },
    );
    const best = result.best.costs as unknown as Record<string, number>;
    expect(best["toySum"]).toBeLessThanOrEqual(2 * figures[own]);
    expect(best["toyPeak"]).toBeLessThanOrEqual(figures[own + 1]);
  });

  test("bound a space: the bound is the best of all networks within them, and its certificate can be read", () => {
    const names: string[] = [...budgetNames, "toySum", "toyPeak"];
    fc.assert(
      fc.property(
        anySmallSpace.filter((space) => sizeOf(space) <= 2000),
        anyBudgets,
        fc.tuple(fc.nat(1000), fc.nat(1000)),
        (description, budgetsAt, ranks) => {
          const all = enumerate(description);
          const at = (name: string, rank: number) =>
            all.map((n) => (n.costs as Record<string, number>)[name]).sort((x, y) => x - y)[
              Math.floor((rank / 1000) * (all.length - 1))
            ];
          const toy = { toySum: at("toySum", ranks[0]), toyPeak: at("toyPeak", ranks[1]) };
          const budgets = { ...budgetsAt(all), ...toy } as Record<string, number>;
          const best = all
            .filter((n) => names.every((name) => (n.costs[name as OwnCost] ?? 0) <= (budgets[name] ?? Infinity)))
            .reduce((most, { score }) => Math.max(most, score), Number.NEGATIVE_INFINITY);
          const steps = solve([description], budgets);
          let step = steps.next();
          while (!step.done) step = steps.next();
          expect(step.value.proven).toBe(true);
          if (best === Number.NEGATIVE_INFINITY) expect(step.value.networks).toEqual([]);
          else expect(Math.abs(step.value.upperBound - best)).toBeLessThan(1e-9);
          const certificate = JSON.parse(JSON.stringify(certificateOf({}, step.value)));
          expect(parseCertificate(certificate, "test")).toEqual(certificate);
        },
      ),
      { numRuns: 40, seed: 12, endOnFailure: true },
    );
  });

  test("limit the bits of a network", () => {
    const structure = [
      { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 4, nbitsW: 4 },
      { class: "ConvKXBNRELU", in: 8, out: 16, k: 3, s: 1, nbitsA: 4, nbitsW: 4 },
    ];
    const network = networkOf(structure, 32);
    const before = costs(network, 0, emptyCosts());
    const limits = infinite();
    for (const name of ["toySum", "toyPeak"] as unknown as OwnCost[]) limits[costNames.indexOf(name)] = before[name];
    const score = new AnalyticScore({ stageWeights: [1], sigmaActivation: 5, sigmaWeight: 4 });
    const pairs = [0x44, 0x46, 0x64, 0x62, 0x26];
    const found = refineNetwork(network, () => pairs, { score, classes: 0, limits });
    let best = Number.NEGATIVE_INFINITY;
    for (const first of pairs) {
      for (const second of pairs) {
        const bits = [first, second];
        const other = networkOf(
          structure.map((block, i) => ({ ...block, nbitsA: bits[i] >> 4, nbitsW: bits[i] & 15 })),
          32,
        );
        if (withinLimits(costs(other, 0, emptyCosts()), limits)) best = Math.max(best, score.score(other));
      }
    }
    expect(found?.proven).toBe(true);
    expect(found?.score).toBe(best);
  });

  test("are columns of an archive, and of one that was written before", () => {
    undo();
    const path = join(folder, "before.sqlite");
    let archive = Archive.openForWriting(path);
    const six = Float64Array.from({ length: own }, (_, i) => i + 0.5);
    commit(archive, 1, six);
    archive.close();
    undo = addToyCosts();
    archive = Archive.openForWriting(path);
    const eight = Float64Array.from({ length: own + 2 }, (_, i) => 10 - i);
    commit(archive, 2, eight);
    expect(storedIn(archive)).toEqual([
      [undefined, [...six]],
      [undefined, [...eight]],
    ]);
    archive.close();
  });

  test("are refused by an archive that gets the figures of fewer or more costs", () => {
    const archive = Archive.openForWriting(join(folder, "stride.sqlite"));
    expect(() => commit(archive, 1, new Float64Array(own))).toThrow(`expected ${own + 2} costs of 1 candidates`);
    expect(() => commit(archive, 1, new Float64Array(own + 3))).toThrow(`expected ${own + 2} costs of 1 candidates`);
    archive.close();
  });
});

test("rows that were taken away leave nothing behind", () => {
  const before = [...costNames];
  addToyCosts()();
  expect(costNames).toEqual(before);
  expect(Object.keys(emptyCosts())).toEqual(before);
});

test.each([
  ["a name", { ...toySum, name: "flash" }],
  ["a column", { ...toyPeak, column: "sram_live" }],
])("%s that is there is refused", (_, row) => {
  expect(() => addCost(row)).toThrow("its name or its column is there already");
});

test("an engine does not start where its figures are not the first costs of the table", () => {
  expect(() => checkFigures(own)).not.toThrow();
  for (const count of [own - 1, own + 1]) expect(() => checkFigures(count)).toThrow(`it computes ${count} figures`);
});
