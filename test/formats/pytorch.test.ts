import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { pytorchFiles } from "../../src/formats/pytorch.ts";
import { parseStructure, type Structure } from "../../src/network/structure.ts";
import { anyStructure } from "../arbitrary.ts";
import { python, pythonWith } from "../support/python.ts";
import { temporaryFolder } from "../temporary.ts";

const torch = pythonWith("torch", "numpy");
const script = (name: string) => fileURLToPath(new URL(`../fixtures/python/${name}`, import.meta.url));
const folder = temporaryFolder();

function write(name: string, files: ReadonlyMap<string, string>): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, content] of files) writeFileSync(join(path, file), content);
  return path;
}

/** With bits that can be trained, and small enough to run 200 of them. */
const trainable = (structure: Structure): Structure =>
  structure.map((block) => {
    const least = (bits: typeof block.nbitsA) =>
      typeof bits === "number" ? Math.max(2, bits) : bits?.map((b) => Math.max(2, b));
    const { nbitsA, nbitsW, ...rest } = block;
    return nbitsA === undefined || nbitsW === undefined
      ? rest
      : { ...rest, nbitsA: least(nbitsA)!, nbitsW: least(nbitsW)! };
  });

const small = parseStructure(
  [
    { class: "ConvKXBNRELU", in: 1, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
    { class: "SuperQuantResK1DWK1", in: 8, out: 8, k: 3, s: 1, L: 1, btn: 16, nbitsA: [5, 4, 4], nbitsW: [4, 3, 6] },
    {
      class: "SuperQuantResK1DWK1",
      in: 8,
      out: 16,
      k: 3,
      s: 2,
      L: 2,
      btn: 16,
      nbitsA: [3, 3, 3, 4, 4, 4],
      nbitsW: [3, 3, 3, 4, 4, 4],
    },
    { class: "ConvKXBNRELU", in: 16, out: 32, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
  ],
  "small",
);

/** QES_SLOW_TESTS=1 runs 200 of them. */
const count = process.env["QES_SLOW_TESTS"] === "1" ? 200 : 12;

test.skipIf(torch === undefined)(
  "random networks of every family have qes's figures in PyTorch, and a figure that is not the module's is found",
  () => {
    const drawn = fc.sample(
      fc.tuple(anyStructure.map(trainable), fc.integer({ min: 4, max: 20 }), fc.constantFrom(0, 10)),
      { numRuns: count, seed: 7 },
    );
    const paths = drawn.map(([structure, resolution, classes], i) =>
      write(`net${i}`, pytorchFiles(describeNetwork(`random ${i}`, structure, resolution, classes))),
    );
    const families = new Set(drawn.flatMap(([structure]) => structure.map((block) => block.class)));
    expect(families.size).toBeGreaterThanOrEqual(4);

    const network = describeNetwork("small", small, 12, 10);
    const { macs } = network.totals;
    const wrong = JSON.stringify({ ...network, totals: { ...network.totals, macs: macs + 1 } });
    const path = write("wrong", new Map([...pytorchFiles(network), ["network.json", wrong]]));
    expect(python(torch!, [script("check_all.py"), ...paths, path], folder)).toBe(
      `${path}: macs: expected ${macs + 1}, got ${macs}\n\n${count} of ${count + 1} as they should be\n`,
    );
  },
  600_000,
);

test.skipIf(torch === undefined)("training learns, and one that was interrupted ends with the same weights", () => {
  const path = write("training", pytorchFiles(describeNetwork("small", small, 12, 3)));
  const out = python(torch!, [script("train_twice.py")], path);
  const { accuracy, chance, equal, resumed, tensors } = JSON.parse(out.trim().split("\n").at(-1)!);
  expect(accuracy).toBeGreaterThan(chance + 0.3);
  expect(resumed).toBe(true);
  expect(equal).toBe(true);
  expect(tensors).toContain("L1.C0.step_w");
});

test.skipIf(torch === undefined)("gradients of weights and steps are those of the definition", () => {
  const path = write("gradients", pytorchFiles(describeNetwork("small", small, 12, 3)));
  expect(python(torch!, [script("gradients.py")], path)).toContain("gradients as defined");
});

test("the text of a stranger's name ends no string of the program", () => {
  const files = pytorchFiles(describeNetwork('a"""\nimport os\\', small, 12, 10));
  expect(files.get("model.py")!.split("\n")[0]).toMatch(
    /^"""a\?{4}import os\?: 11 convs, 2168 weights, 35712 MACs, found by qes\. Written by qes export\."""$/,
  );
});

test("bits that cannot be trained are told, with their place", () => {
  const one = small.map((block, i) => (i === 3 ? { ...block, nbitsW: 1 } : block));
  expect(() => pytorchFiles(describeNetwork("one bit", one, 12, 10))).toThrow(
    "pytorch: expected 2 to 8 bits, got 1 in block 3 layer 0",
  );
});
