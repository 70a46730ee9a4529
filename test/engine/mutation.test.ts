import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { parseStructure, type Structure } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { Population } from "../../src/search/population.ts";
import { encode, resolutionOf, structureOf } from "../../src/space/genome.ts";
import { anySpace, smallKernel } from "../arbitrary.ts";

/**
 * A line of descendants from the start, each of the published operators' two mutations a step; checks that every genome is canonical and
 * legal, or hands every structure to `each`.
 */
function walk(config: Config, steps: number, seed: number, each?: (structure: Structure) => void): void {
  const space = openProblem(config).space;
  const length = space.genomeLength;
  const engine = new GenomeEngine(space, 0, { members: 1, children: 1 });
  const parent = new Population(1, length, engine.members);
  const genomes = encode(space, config.space.start, config.input.resolution, "start");
  parent.merge({ count: 1, genomes, scores: Float64Array.of(0) });
  const breeding = engine.breeding({ seed, limits: openProblem({ ...config, budgets: {} }).limits, rates: undefined });
  const child = engine.children.subarray(0, length);
  const behind = engine.children.subarray(length, 2 * length).fill(0xaa);
  for (let step = 0; step < steps; step += 2) {
    breeding.breed(1, 1, step, 0);
    parent.genomes.set(child);
    if (each !== undefined) {
      each(structureOf(space, child, 0));
      continue;
    }
    const structure = parseStructure(structureOf(space, child, 0), `step ${step}`);
    const again = encode(space, structure, resolutionOf(space, child, 0), `step ${step}`);
    if (Buffer.compare(again, child) !== 0) expect(child, `step ${step}`).toEqual(again);
  }
  // Bytes behind the genome stay as they are.
  expect([...behind]).toEqual(new Array(length).fill(0xaa));
}

const preset = (name: string, change: (value: never) => void = () => {}): Config => {
  const value = presetValue(name) as never;
  change(value);
  return parseConfig(value, name);
};

test("a walk in any space stays canonical and inside it", () => {
  fc.assert(
    fc.property(anySpace, fc.nat(), ({ config }, seed) => walk(config, 200, seed)),
    { numRuns: 30 },
  );
});

describe("long walks stay canonical and inside the space", () => {
  test("of the published mixed-precision search", () => walk(preset("imagenet-mixed-7.0g"), 6000, 1));
  test("of the published full-precision search", () => walk(preset("imagenet-fp-300m"), 6000, 2));
  test.each([7, 14, 33, 57])("at resolution %i, where kernels shrink", (resolution) => {
    const shrunk = preset(
      "imagenet-mixed-7.0g",
      (value: { input: { resolution: number }; space: { start: { k: number }[] } }) => {
        value.input.resolution = resolution;
        let r = resolution;
        const strides = [2, 2, 2, 2, 1, 2, 1];
        value.space.start.forEach((block, i) => {
          if (i > 0 && i < 6) block.k = smallKernel(block.k, r);
          r = Math.ceil(r / strides[i]);
        });
      },
    );
    walk(shrunk, 1500, resolution);
  });
});

/** Every value seen of every gene of a block, over a walk. */
function valuesSeen(config: Config, steps: number): Map<string, Set<string>> {
  const seen = new Map<string, Set<string>>();
  const note = (gene: string, value: unknown) => {
    const values = seen.get(gene) ?? new Set();
    seen.set(gene, values.add(String(value)));
  };
  walk(config, steps, 3, (structure) => {
    structure.forEach((block, i) => {
      note(`${i} out`, block.out);
      note(`${i} k`, block.k);
      note(`${i} L`, block.L);
      note(`${i} expansion`, block.out >= 32 ? Math.round((2 * block.btn!) / block.out) / 2 : 2);
      const first = (bits: typeof block.nbitsA) => (Array.isArray(bits) ? bits[0] : bits);
      const last = (bits: typeof block.nbitsA) => (Array.isArray(bits) ? bits.at(-1) : bits);
      note(`${i} first bits`, `${first(block.nbitsA)}/${first(block.nbitsW)}`);
      note(`${i} last bits`, `${last(block.nbitsA)}/${last(block.nbitsW)}`);
    });
  });
  return seen;
}

const sorted = (values: Set<string> | undefined) => [...(values ?? [])].sort();
const pairs = [3, 4, 5, 6].flatMap((a) => [3, 4, 5, 6].map((w) => `${a}/${w}`));

test("every gene of the published space is reached, the head's bits too, and what is fixed stays", () => {
  const seen = valuesSeen(preset("imagenet-mixed-7.0g"), 20_000);
  for (let block = 1; block <= 5; block++) {
    expect(sorted(seen.get(`${block} k`))).toEqual(["3", "5"]);
    expect(sorted(seen.get(`${block} L`))).toEqual(["1", "2", "3"]);
    expect(sorted(seen.get(`${block} first bits`))).toEqual(pairs);
    expect(sorted(seen.get(`${block} last bits`))).toEqual(pairs);
    expect(sorted(seen.get(`${block} expansion`))).toEqual(["1.5", "2", "2.5", "3", "3.5", "4"]);
    expect(seen.get(`${block} out`)!.size).toBeGreaterThan(3);
  }
  expect(sorted(seen.get("0 out"))).toEqual(["16", "24", "32", "8"]);
  expect(sorted(seen.get("0 first bits"))).toEqual(["8/8"]);
  expect(sorted(seen.get("6 first bits"))).toEqual(pairs);
  expect(sorted(seen.get("6 out"))).toEqual(["1280"]);
});

test("a full-precision walk has no bits anywhere", () => {
  const seen = valuesSeen(preset("imagenet-fp-300m"), 5000);
  for (const [gene, values] of seen) if (gene.endsWith("bits")) expect([...values]).toEqual(["undefined/undefined"]);
});

test("deeper limits are reached", () => {
  const deep = preset("imagenet-mixed-7.0g", (value: { space: { maxDepth: number } }) => {
    value.space.maxDepth = 12;
  });
  const seen = valuesSeen(deep, 15_000);
  for (let block = 1; block <= 5; block++) expect(seen.get(`${block} L`)!.size).toBe(12);
});
