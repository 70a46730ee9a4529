import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { Network } from "../../src/network/network.ts";
import { networkOf, parseStructure, type Structure } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { decode, encode, shrunkKernel, structureOf } from "../../src/space/genome.ts";
import { roundHalfEven } from "../../src/space/space.ts";
import { anySpace, picker, round8, smallKernel } from "../arbitrary.ts";
import { goldenCases } from "../golden.ts";
import { naiveCosts } from "../naive/costs.ts";

const seeds = fc.array(fc.integer(), { minLength: 2, maxLength: 12 });
const plain = (structure: Structure) => JSON.parse(JSON.stringify(structure));

test("a structure of any space comes back from its genome as it was", () => {
  fc.assert(
    fc.property(anySpace, seeds, ({ config, draw }, numbers) => {
      const space = openProblem(config).space;
      for (const number of numbers) {
        const structure = draw(picker(number));
        const genome = encode(space, structure, config.input.resolution, "drawn");
        expect(genome).toHaveLength(space.genomeLength);
        expect(structureOf(space, genome, 0)).toEqual(plain(structure));
      }
    }),
    { numRuns: 100 },
  );
});

test("two genomes are equal exactly when their structures are", () => {
  fc.assert(
    fc.property(anySpace, seeds, ({ config, draw }, numbers) => {
      const space = openProblem(config).space;
      const structures = numbers.map((number) => draw(picker(number % 8)));
      const genomes = structures.map((s) => encode(space, s, config.input.resolution, "drawn"));
      structures.forEach((a, i) => {
        structures.forEach((b, j) => {
          expect(Buffer.compare(genomes[i], genomes[j]) === 0).toBe(JSON.stringify(a) === JSON.stringify(b));
        });
      });
    }),
    { numRuns: 100 },
  );
});

test("the conv list of a genome is the conv list of its structure, wherever in an array the genome is", () => {
  fc.assert(
    fc.property(anySpace, fc.integer(), fc.nat(20), ({ config, draw }, number, at) => {
      const space = openProblem(config).space;
      const structure = draw(picker(number));
      const genomes = new Uint8Array(at + space.genomeLength + 3).fill(255);
      genomes.set(encode(space, structure, config.input.resolution, "drawn"), at);
      const network = new Network(space.convCapacity);
      decode(space, genomes, at, network);
      const direct = networkOf(structure, config.input.resolution);
      const { convs, layers, stages } = direct;
      expect({ convs: network.convs, layers: network.layers, stages: network.stages }).toEqual({
        convs,
        layers,
        stages,
      });
      for (const field of ["inChannels", "outChannels", "kernel", "stride", "depthwise", "projection"] as const) {
        expect(network[field].slice(0, convs)).toEqual(direct[field].slice(0, convs));
      }
      for (const field of ["inResolution", "outResolution", "bitsA", "bitsW"] as const) {
        expect(network[field].slice(0, convs)).toEqual(direct[field].slice(0, convs));
      }
      for (const field of ["layerEnd", "shortcut", "layerStride", "block"] as const) {
        expect(network[field].slice(0, layers)).toEqual(direct[field].slice(0, layers));
      }
      expect(network.stageEnd.slice(0, stages)).toEqual(direct.stageEnd.slice(0, stages));
      const { srams: _, ...naive } = naiveCosts(structure, config.input.resolution, config.classes);
      expect(costs(network, config.classes, emptyCosts())).toMatchObject(naive);
    }),
    { numRuns: 100 },
  );
});

test("the networks that the published mutations made are all in the published space", () => {
  for (const [preset, file] of [
    ["imagenet-mixed-7.0g", "walk-quant-mixed-7g.json"],
    ["imagenet-fp-300m", "walk-MBV2.json"],
  ]) {
    const space = openProblem(parseConfig(presetValue(preset), preset)).space;
    for (const golden of goldenCases(file)) {
      const structure = parseStructure(golden.structure, golden.name);
      expect(structureOf(space, encode(space, structure, golden.resolution, golden.name), 0)).toEqual(plain(structure));
    }
  }
});

const preset = parseConfig(presetValue("imagenet-mixed-7.0g"), "preset");

test.each<[string, number, Record<string, unknown>]>([
  ["a width that is no multiple of 8", 1, { out: 25 }],
  ["a block that gets narrower", 2, { out: 16 }],
  ["a kernel outside the space", 1, { k: 7 }],
  ["a bottleneck that no expansion gives", 1, { btn: 56 }],
  ["too many inner layers", 1, { L: 4, nbitsA: Array(12).fill(4), nbitsW: Array(12).fill(4) }],
  ["bits outside the space", 1, { nbitsW: [2, 2, 2] }],
  ["bits that differ within an inner layer", 1, { nbitsA: [4, 5, 4] }],
  ["another stride", 1, { s: 1 }],
  ["another class", 6, { class: "SuperResK1DWK1" }],
  ["a stem that is too wide", 0, { out: 40 }],
])("refuses %s, naming the block and the remedy", (_, block, change) => {
  const blocks = plain(preset.space.start);
  Object.assign(blocks[block], change);
  expect(() => encode(openProblem(preset).space, blocks, 224, "start")).toThrowErrorMatchingSnapshot();
});

test("a head wider than a gene can hold is refused, not wrapped", () => {
  const start = preset.space.start.map((block, i) => (i === 6 ? { ...block, out: 2048 } : block));
  const config = { ...preset, space: { ...preset.space, start } };
  expect(() => encode(openProblem(config).space, start, 224, "start")).toThrow(/2040/);
});

test("a kernel shrinks while one and a half of it is more than the resolution", () => {
  for (let r = 1; r <= 64; r++) for (let k = 1; k <= 31; k += 2) expect(shrunkKernel(k, r)).toBe(smallKernel(k, r));
});

test("halves round to even", () => {
  for (let x = 0; x < 400; x++) expect(8 * Math.max(1, roundHalfEven(x / 8))).toBe(round8(x));
});
