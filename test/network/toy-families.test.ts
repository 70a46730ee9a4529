import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeSpace, holdsStructure } from "../../src/bound/graph/space-description.ts";
import { boundProblem } from "../../src/bound/problem.ts";
import { certificateOf } from "../../src/bound/proof/certificate.ts";
import { verifyCertificate } from "../../src/bound/proof/check-certificate.ts";
import { solve } from "../../src/bound/solve.ts";
import { parseConfig, parseConfigText } from "../../src/config/config.ts";
import { budgetNames, costNames } from "../../src/costs/cost-table.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import * as layout from "../../src/engine/assembly/layout.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { addFamily, type Family, familyOf, searchFamilies, type Width } from "../../src/network/families.ts";
import { networkOf, parseStructure } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { createScorer } from "../../src/problem/scorer.ts";
import { startSearch } from "../../src/run/run.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { encode, structureOf } from "../../src/space/genome.ts";
import { smallestCosts } from "../../src/space/smallest.ts";
import { anyBudgets, anySpaceOf, enumerate, sizeOf } from "../bound/random-space.ts";
import { mutatePublished } from "../naive/mutation.ts";
import { RandomStream } from "../naive/random.ts";
import { snippetsOf } from "../snippets.ts";
import { addToyFamilies, toyConfig, toyFamilies } from "../support/toy-families.ts";

describe("families of two and of four convs a layer, added as rows", () => {
  let undo: () => void;
  beforeAll(() => {
    undo = addToyFamilies();
  });
  afterAll(() => undo());

  test.each(toyFamilies)("$className: as many layers are searched as a budget of layers leaves room for", (family) => {
    const convs = family.convs.length;
    const depths = (layers?: number) =>
      openProblem(toyConfig(family, layers === undefined ? {} : { budgets: { layers } })).space.blocks.map(
        ({ maxDepth }) => maxDepth,
      );
    const [first, others] = family.search!.maxDepth;
    expect(depths()).toEqual([1, first, others, others, 1]);
    expect(depths(4 * convs + 2)).toEqual([1, first, 2, 2, 1]);
  });

  test.each([...toyFamilies, ...searchFamilies().filter(({ quantised }) => quantised === "always")])(
    "$className: genomes are structures, with the score and the costs of their conv lists",
    (family) => {
      const problem = openProblem(toyConfig(family));
      const { space } = problem;
      const length = space.genomeLength;
      const [description] = describeSpace(space, problem.config.score, 10);
      const engine = new GenomeEngine(space, 10);
      const score = new AnalyticScore(problem.config.score);
      const least = smallestCosts(space, 10);
      fc.assert(
        fc.property(fc.nat(), (seed) => {
          const random = new RandomStream();
          random.reset(seed, 1, 1);
          const genomes = new Uint8Array(100 * length);
          genomes.set(encode(space, problem.config.space.start, 32, "start"));
          for (let i = 1; i < 100; i++) {
            genomes.copyWithin(i * length, (i - 1) * length, i * length);
            mutatePublished(space, genomes, i * length, random);
          }
          const figures = engine.costs(genomes);
          const { scores } = createScorer(problem, engine).score(genomes);
          for (let i = 0; i < 100; i++) {
            const structure = parseStructure(structureOf(space, genomes, i * length), "genome");
            expect(encode(space, structure, 32, "again")).toEqual(genomes.slice(i * length, (i + 1) * length));
            expect(holdsStructure(description, structure)).toBe(true);
            const network = networkOf(structure, 32);
            const cost = costs(network, 10, emptyCosts());
            const own = figures.subarray(i * costNames.length, (i + 1) * costNames.length);
            expect([...own]).toEqual(costNames.map((name) => cost[name]));
            expect(scores[i]).toBe(score.score(network));
            for (const [j, figure] of own.entries()) expect(figure).toBeGreaterThanOrEqual(least.get(costNames[j])!);
          }
        }),
        { numRuns: 10 },
      );
    },
  );

  test("the bound of small spaces is the best of all their networks, and its certificate is valid", () => {
    const space = anySpaceOf(toyFamilies.map(({ className }) => className)).filter((each) => sizeOf(each) <= 4000);
    fc.assert(
      fc.property(space, anyBudgets, (description, budgetsAt) => {
        const all = enumerate(description);
        const budgets = budgetsAt(all);
        const best = all
          .filter(({ costs }) =>
            budgetNames.every((name) => (costs[name] ?? 0) <= (budgets[name] ?? Number.POSITIVE_INFINITY)),
          )
          .reduce((most, { score }) => Math.max(most, score), Number.NEGATIVE_INFINITY);
        const steps = solve([description], budgets);
        let step = steps.next();
        while (!step.done) step = steps.next();
        expect(step.value.proven).toBe(true);
        const certificate = certificateOf({}, step.value);
        expect(verifyCertificate(certificate, { spaces: [description], budgets })).toEqual([]);
        if (best === Number.NEGATIVE_INFINITY) expect(step.value.networks).toEqual([]);
        else {
          expect(Math.abs(step.value.upperBound - best)).toBeLessThan(1e-9);
          const upperBound = best - 1e-6;
          const lower = { ...certificate, upperBound, proofs: [{ ...certificate.proofs[0], bound: upperBound }] };
          expect(verifyCertificate({ ...lower, best: null }, { spaces: [description], budgets })).not.toEqual([]);
        }
      }),
      { numRuns: 60, seed: 11, endOnFailure: true },
    );
  });

  test("a family with more convs than the engine has room for is refused when an engine starts", () => {
    const [, , four] = toyFamilies;
    const five: Family = {
      ...four,
      className: "ToyFive",
      convs: [...four.convs.slice(0, 2), ...four.convs.slice(1)],
      search: { name: "five", maxDepth: [1, 1] },
    };
    expect(five.convs.length).toBe(layout.MAIN_CONVS + 1);
    const remove = addFamily(five);
    try {
      const { space } = openProblem(toyConfig(five));
      expect(() => new GenomeEngine(space, 0)).toThrow("ToyFive has 5 convs a layer, expected at most 4");
    } finally {
      remove();
    }
  });
});

test("a row that was taken away leaves nothing behind", () => {
  const names = searchFamilies().map(({ search }) => search.name);
  addToyFamilies()();
  expect(searchFamilies().map(({ search }) => search.name)).toEqual(names);
  expect(familyOf("ToyKXKX")).toBeUndefined();
});

test.each([
  ["a class that is there", {}],
  ["a name that is taken", { className: "Other" }],
  ["no convs", { className: "Other", search: undefined, convs: [] }],
  ["convs that do not fit together", { className: "Other", search: undefined, convs: toyFamilies[0].convs.slice(1) }],
  ["a last conv that is depthwise", { className: "Other", search: undefined, convs: toyFamilies[2].convs.slice(0, 2) }],
  [
    "a squeeze-excite before its only conv",
    { className: "Other", search: undefined, squeezeExcite: true, convs: familyOf("ConvKXBNRELU")!.convs },
  ],
])("a row with %s is refused", (_, change) => {
  const row = { ...familyOf("SuperQuantResK1DWK1")!, ...change } as Family;
  expect(() => addFamily(row)).toThrow(/^family /);
});

test("the worked row of CONTRIBUTING.md is a family that its configuration searches, within the bound", async () => {
  const [row] = snippetsOf("CONTRIBUTING.md", "ts");
  const [yaml] = snippetsOf("CONTRIBUTING.md", "yaml");
  const conv = (kernel: 1 | "k", strided: boolean) => (from: Width, to: Width, strides?: boolean) => ({
    ...{ kernel, from, to, depthwise: false, strided: strided && strides === true },
  });
  const family: Family = new Function("dense", "pointwise", `return (${row})`)(conv("k", true), conv(1, false));
  const undo = addFamily(family);
  try {
    const config = parseConfig(parseConfigText(yaml));
    const { best } = await startSearch(config, { archive: ":memory:", threads: 0 });
    expect(best.structure.map((block) => block.class)).toContain("SuperQuantResKXK1");
    expect(best.costs.flash).toBeLessThanOrEqual(100e3);
    const { spaces, budgets } = boundProblem(openProblem(config));
    const steps = solve(spaces, budgets);
    let step = steps.next();
    while (!step.done) step = steps.next();
    expect(step.value.proven).toBe(true);
    expect(best.score).toBeLessThanOrEqual(step.value.upperBound);
    expect(best.score).toBeGreaterThan(0.95 * step.value.upperBound);
  } finally {
    undo();
  }
});
