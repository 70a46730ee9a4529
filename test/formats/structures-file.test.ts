import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { formatPython, parseStructures } from "../../src/formats/structures-file.ts";
import { parseStructure } from "../../src/network/structure.ts";
import { anyStructure } from "../arbitrary.ts";

const conv = { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2 };

const read = (text: string) => parseStructures(text, "f").map((entry) => parseStructure(entry.structure, entry.where));
const withoutDerived = (value: unknown) =>
  JSON.parse(JSON.stringify(value), (key, item) => (key === "inner_class" ? undefined : item));

test("structures come back from the released code's format and from JSON as they were", () => {
  fc.assert(
    fc.property(fc.array(anyStructure, { minLength: 1, maxLength: 3 }), (structures) => {
      expect(withoutDerived(read(formatPython(structures)))).toEqual(structures);
      expect(withoutDerived(read(JSON.stringify({ space_arch: "CnnNet", best_structures: structures })))).toEqual(
        structures,
      );
    }),
    { numRuns: 100 },
  );
});

test("the released code's format is a Python literal with single quotes", () => {
  expect(formatPython([[{ ...conv, nbitsA: 8, nbitsW: 4 }]])).toBe(
    "{'space_arch': 'CnnNet', 'best_structures': [[{'class': 'ConvKXBNRELU', 'in': 3, 'out': 8, 'k': 3, 's': 2, 'nbitsA': 8, 'nbitsW': 4}]]}\n",
  );
});

test("a structure alone, a record, a list of records and a list of cases are read, with their settings", () => {
  const settings = { resolution: 96, score_settings: { multi_block_ratio: [0, 1], init_std: 2, init_std_act: 3 } };
  const expected = { resolution: 96, stageWeights: [0, 1], sigmaWeight: 2, sigmaActivation: 3, structure: [conv] };
  expect(plain(parseStructures(JSON.stringify([conv]), "f"))).toMatchObject([{ name: "0", structure: [conv] }]);
  expect(plain(parseStructures(JSON.stringify({ ...settings, structure: [conv] }), "f"))).toMatchObject([expected]);
  const named = [{ name: "tiny", ...settings, structure: [conv] }];
  expect(plain(parseStructures(JSON.stringify(named), "f"))).toMatchObject([{ ...expected, name: "tiny" }]);
  const walk = { settings: { image_size: 96, score: settings.score_settings }, cases: [{ structure: [conv] }] };
  expect(plain(parseStructures(JSON.stringify(walk), "f"))).toMatchObject([expected]);
});

test("resolutions and classes beside structures come back, classes only where there are any", () => {
  const file = formatPython(
    [[conv], [conv]],
    [
      { resolution: 96, classes: 0 },
      { resolution: 128, classes: 10 },
    ],
  );
  expect(file).toMatch(/'best_resolutions': \[96, 128\], 'best_classes': \[0, 10\]\}\n$/);
  expect(plain(parseStructures(file, "f"))).toMatchObject([
    { resolution: 96, classes: 0 },
    { resolution: 128, classes: 10 },
  ]);
  expect(formatPython([[conv]], [{ resolution: 96, classes: 0 }])).not.toContain("classes");
});

test("results are read: one with its best network, a list of them, one with several networks", () => {
  const scoring = { kind: "analytic", stageWeights: [1, 2], sigmaActivation: 2, sigmaWeight: 3 };
  const settings = { resolution: 96, classes: 10, stageWeights: [1, 2], sigmaActivation: 2, sigmaWeight: 3, scoring };
  const network = { resolution: 96, structure: [conv] };
  const expected = { ...settings, structure: [conv] };
  const read = (value: unknown) => plain(parseStructures(JSON.stringify(value), "f"));
  expect(read({ run: 1, score: 4, best: { ...network, classes: 10, scoring } })).toMatchObject([expected]);
  expect(read({ best: network, networks: [network, network], classes: 10, scoring })).toMatchObject([
    { ...expected, name: "0" },
    { ...expected, name: "1" },
  ]);
  // The point of a sweep where no network was found is left out.
  const points = [{ best: null }, { best: network, classes: 10, scoring }];
  expect(read(points)).toMatchObject([{ ...expected, name: "1" }]);
});

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("errors name the place and the remedy", () => {
  test.each<[string, unknown]>([
    ["a number", 5],
    ["no structures", { best_structures: [] }],
    ["an object without structures", { nets: [] }],
    ["an entry without a structure", [{ structure: [conv] }, { name: "x" }]],
    ["a structure that is no list", { best_structures: [7] }],
    ["an empty structure", { best_structures: [[]] }],
    ["an unknown class", { best_structures: [[{ ...conv, class: "Conv" }]] }],
    ["an unknown field", { best_structures: [[{ ...conv, stride: 2 }]] }],
    ["an even kernel", { best_structures: [[{ ...conv, k: 4 }]] }],
    ["a stride of 3", { best_structures: [[{ ...conv, s: 3 }]] }],
    ["a fraction", { best_structures: [[{ ...conv, out: 8.5 }]] }],
    ["a text for a number", { best_structures: [[{ ...conv, out: "8" }]] }],
    ["no channels", { best_structures: [[{ ...conv, out: 0 }]] }],
    ["widths that do not meet", { best_structures: [[conv, { ...conv, in: 16 }]] }],
    ["activation bits alone", { best_structures: [[{ ...conv, nbitsA: 8 }]] }],
    ["17 bits", { best_structures: [[{ ...conv, nbitsA: 17, nbitsW: 8 }]] }],
    ["a depth on a single conv", { best_structures: [[{ ...conv, L: 1 }]] }],
    ["an odd number of bits entries", [{ ...quant(), nbitsA: [4, 4, 4, 4, 4] }]],
    ["one number for the bits of a super block", [{ ...quant(), nbitsA: 4 }]],
    ["a quantised block without bits", [{ ...quant(), nbitsA: undefined, nbitsW: undefined }]],
    ["bits on a full-precision block", [{ ...quant(), class: "SuperResK1DWK1" }]],
    ["a result without a network", { best: null }],
    ["a list of results with something else", [{ best: null }, 3]],
    ["a resolution beside structures that is none", { best_structures: [[conv]], best_resolutions: ["x"] }],
    ["classes that are none", { classes: -1, structure: [conv] }],
    ["a scoring that is none", { scoring: { kind: "analytic", sigma: 4 }, structure: [conv] }],
    ["a resolution of 0", { resolution: 0, structure: [conv] }],
    ["a resolution of a thousand million", { resolution: 1e9, structure: [conv] }],
    ["a resolution that is a fraction", { resolution: 22.5, structure: [conv] }],
    ["a negative sigma", { score_settings: { init_std: -1 }, structure: [conv] }],
    ["a sigma of 0", { score_settings: { init_std_act: 0 }, structure: [conv] }],
    ["a negative stage weight", { score_settings: { multi_block_ratio: [-1] }, structure: [conv] }],
    ["an endless stage weight", '[{"score_settings": {"multi_block_ratio": [1e999]}, "structure": []}]'],
  ])("%s", (_, value) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    expect(() => read(text)).toThrow(UserError);
    expect(() => read(text)).toThrowErrorMatchingSnapshot();
  });
});

function quant() {
  const bits = [4, 4, 4, 4, 4, 4];
  return { class: "SuperQuantResK1DWK1", in: 3, out: 8, k: 3, s: 1, L: 2, btn: 16, nbitsA: bits, nbitsW: bits };
}
