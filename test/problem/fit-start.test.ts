import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { costNames } from "../../src/costs/cost-table.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { checkBudgetsCanBeMet, fitStart, overBudget } from "../../src/problem/fit-start.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { encode, structureOf } from "../../src/space/genome.ts";
import { smallestCosts } from "../../src/space/smallest.ts";
import { Space, type SpaceOptions } from "../../src/space/space.ts";

const options: SpaceOptions = {
  superClass: "SuperQuantResK1DWK1",
  kernels: [5, 3],
  expansions: [2, 1.5],
  widthStep: 8,
  maxOut: 24,
  stemOut: [8, 16],
  maxDepth: [2, 2],
  bodyBits: [
    { a: 2, w: 8 },
    { a: 4, w: 2 },
    { a: 8, w: 8 },
  ],
  stemBits: [{ a: 8, w: 4 }],
  headBits: [],
  resolutions: [32],
};

const block = {
  class: "SuperQuantResK1DWK1",
  k: 3,
  s: 2,
  L: 1,
  btn: 32,
  nbitsA: [8, 8, 8],
  nbitsW: [8, 8, 8],
};
const start = [
  { class: "ConvKXBNRELU", in: 3, out: 16, k: 3, s: 2, nbitsA: 8, nbitsW: 4 },
  { ...block, in: 16, out: 16 },
  { ...block, in: 16, out: 16 },
];

describe("the smallest possible costs of a space", () => {
  test("are the minimum over every network of a small space", () => {
    const space = new Space(start, options);
    const classes = 3;
    const least = new Float64Array(costNames.length).fill(Number.POSITIVE_INFINITY);
    const engine = new GenomeEngine(space, classes);
    const genome = new Uint8Array(space.genomeLength);
    const [first, second] = space.blocks.filter((b) => b.role === "body");
    const body = (offset: number, low: number, next: (out: number) => void) => {
      for (let out = low; out <= 3; out++) {
        for (const e of [0, 1]) {
          for (const k of [3, 5]) {
            for (const depth of [1, 2]) {
              for (const a of [0x28, 0x42, 0x88]) {
                for (const b of depth === 1 ? [0] : [0x28, 0x42, 0x88]) {
                  genome.set([k, space.btnUnits[e * 256 + out], 0, out, depth, a, b], offset);
                  next(out);
                }
              }
            }
          }
        }
      }
    };
    for (const stem of [1, 2]) {
      genome.set([stem, 0x84], space.blocks[0].offset);
      body(first.offset, stem, (out) =>
        body(second.offset, out, () => {
          engine.costs(genome).forEach((cost, i) => {
            least[i] = Math.min(least[i], cost);
          });
        }),
      );
    }
    expect([...smallestCosts(space, classes).values()]).toEqual([...least]);
  });

  test("are named where a budget is below them", () => {
    const space = new Space(start, options);
    const limits = Float64Array.from(costNames, () => Number.POSITIVE_INFINITY);
    expect(() => checkBudgetsCanBeMet({ space, classes: 0, limits })).not.toThrow();
    const flash = smallestCosts(space, 0).get("flash")!;
    limits[costNames.indexOf("flash")] = flash;
    expect(() => checkBudgetsCanBeMet({ space, classes: 0, limits })).not.toThrow();
    limits[costNames.indexOf("flash")] = flash - 1;
    expect(() => checkBudgetsCanBeMet({ space, classes: 0, limits })).toThrow(
      `budgets.flash: no network of the space meets ${flash - 1}; the smallest possible is ${flash}`,
    );
  });
});

describe("a start network over budget", () => {
  test("is shrunk into any budgets that the space can meet, and stays a network of the space", () => {
    const shares = fc.array(fc.integer({ min: 60, max: 130 }), { minLength: 6, maxLength: 6 });
    const tasks = fc.constantFrom("imagenet", "vww", "face");
    const capability = fc.constantFrom("published", "cmsis-nn", "cmix-nn");
    let fitted = 0;
    fc.assert(
      fc.property(shares, tasks, capability, (percent, task, capability) => {
        const config = parseConfig({ task, capability }, "test");
        const space = openProblem(config).space;
        const resolution = space.options.resolutions.at(-1)!;
        const genome = encode(space, config.space.start, resolution, "start");
        const limits = new GenomeEngine(space, config.classes)
          .costs(genome)
          .map((cost, i) => (cost * percent[i]) / 100);
        const problem = { space, classes: config.classes, limits };
        try {
          const { genome: small, changes } = fitStart(problem, genome);
          fitted++;
          expect(overBudget(problem, small)).toEqual([]);
          const again = structureOf(space, small, 0);
          const size = space.options.resolutions.length > 1 ? small[0] * 8 : resolution;
          expect(encode(space, again, size, "shrunk")).toEqual(small);
          expect(changes.length > 0).toBe(overBudget(problem, genome).length > 0);
          expect(fitStart(problem, genome).genome).toEqual(small);
        } catch (error) {
          expect(String(error)).toMatch(/no network of the space meets|budgets together leave no room/);
        }
      }),
      // A fixed seed: how many of the drawn budgets can be met must not be left to chance.
      { numRuns: 24, seed: 3 },
    );
    expect(fitted).toBeGreaterThan(5);
  });

  test("fits every device's budgets, as shipped", () => {
    for (const device of ["stm32f412", "stm32f746", "stm32h743"]) {
      for (const task of ["imagenet", "vww", "face"]) {
        const config = parseConfig({ device, task }, "test");
        const space = openProblem(config).space;
        const genome = encode(space, config.space.start, space.options.resolutions[0], "start");
        expect(() => fitStart(openProblem(config), genome)).not.toThrow();
      }
    }
  });
});
