import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pytorchFiles } from "../../src/exports/pytorch.ts";
import { describeNetwork, type NetworkDescription } from "../../src/formats/network-description.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import { checkWeights, randomWeights } from "../../src/formats/weights.ts";
import { randomNetworks, small, squeezed, writeExport } from "../support/exported-networks.ts";
import { anyImage } from "../support/integer-networks.ts";
import { python, pythonWith } from "../support/python.ts";
import { safetensors } from "../support/safetensors.ts";
import { temporaryFolder } from "../temporary.ts";

const torch = pythonWith("torch", "numpy");
const script = (name: string) => fileURLToPath(new URL(`../fixtures/python/${name}`, import.meta.url));
const folder = temporaryFolder();

const write = (name: string, files: ReadonlyMap<string, string>) => writeExport(folder, name, files);

/** QES_SLOW_TESTS=1 runs 200 of them. */
const count = process.env["QES_SLOW_TESTS"] === "1" ? 200 : 12;

test.skipIf(torch === undefined)(
  "random networks of every family have qes's figures in PyTorch, and a figure that is not the module's is found",
  () => {
    const drawn = randomNetworks(count);
    const paths = drawn.map((network, i) => write(`net${i}`, pytorchFiles(network)));
    const families = new Set(drawn.flatMap(({ structure }) => structure.map((block) => block.class)));
    expect(families.size).toBeGreaterThanOrEqual(4);
    expect([...families].some((name) => name.endsWith("K1DWSEK1"))).toBe(true);

    const network = describeNetwork("squeezed", squeezed, 12, 10);
    const { macs, flash } = network.totals;
    const wrongly = (name: string, description: NetworkDescription) =>
      write(name, new Map([...pytorchFiles(network), ["network.json", JSON.stringify(description)]]));
    const wrong = wrongly("wrong", { ...network, totals: { ...network.totals, macs: macs + 1, flash: flash + 2 } });
    const layers = network.layers.map((layer, i) => (i === 1 ? { ...layer, squeeze: 16 } : layer));
    const narrow = wrongly("narrow", { ...network, layers });
    paths.push(write("squeezed", pytorchFiles(network)));
    expect(python(torch!, [script("check_all.py"), ...paths, wrong, narrow], folder)).toBe(
      [
        `${wrong}: macs: expected ${macs + 1}, got ${macs}\nflash: expected ${flash + 2}, got ${flash}\n`,
        `${narrow}: layer 1: squeeze: expected 16, got 8\n`,
        `${count + 1} of ${count + 3} as they should be\n`,
      ].join("\n"),
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

test.skipIf(torch === undefined)("what cannot be trained with is told, and leaves nothing", () => {
  const path = write("refusals", pytorchFiles(describeNetwork("small", small, 12, 3)));
  const { said, left } = JSON.parse(
    python(torch!, [script("train_refusals.py")], path)
      .trim()
      .split("\n")
      .at(-1)!,
  );
  const expected: Record<string, RegExp> = {
    float: /expected images of bytes \(uint8\), got float32/,
    labels: /expected 40 labels, a whole number an image, got int64 of shape \(7,\)/,
    negative: /labels from 0 on, got -1/,
    "one-hot": /expected 40 labels, a whole number an image, got int64 of shape \(40, 3\)/,
    missing: /expected arrays trainx, trainy, testx and testy, got trainx, trainy, testy/,
    size: /expected images of 12x12 with 1 channels, got 11x11/,
    none: /nowhere: expected fashion-mnist, a folder/,
    holdout: /--holdout: expected fewer than the 40 training images, got 40/,
    epochs: /--epochs: expected one epoch or more, got none/,
    "negative epochs": /--epochs: expected at least 0, got -1/,
    device: /--device: PyTorch has no nonsense here/,
    classes: /classes\/val: expected the classes of the training images, got c too/,
    empty: /empty\/train: expected images/,
    half: /half\/val: no such folder/,
  };
  for (const [name, [code, text]] of Object.entries(said as Record<string, [number, string]>)) {
    expect(text).toMatch(expected[name]);
    expect(code).toBe(2);
  }
  expect(Object.keys(said).length).toBeGreaterThanOrEqual(11);
  expect(left).toEqual([]);
});

test.skipIf(torch === undefined)("a squeeze-excite is what its formula says, and learns", () => {
  const network = describeNetwork("squeezed", squeezed, 12, 3);
  const path = write("squeezing", pytorchFiles(network));
  writeFileSync(join(path, "trained.safetensors"), safetensors(randomWeights(network, 1)));
  const images = fc.sample(anyImage(network), { numRuns: 3, seed: 1 });
  writeFileSync(join(path, "images.json"), JSON.stringify(images.map((image) => [...image])));
  copyFileSync(script("forward_all.py"), join(path, "forward_all.py"));
  expect(python(torch!, [script("squeeze_excite.py")], path)).toBe("4 as defined\n");
  const out = python(torch!, [script("train_twice.py")], path);
  const { accuracy, chance, equal, tensors } = JSON.parse(out.trim().split("\n").at(-1)!);
  expect(accuracy).toBeGreaterThan(chance + 0.3);
  expect(equal).toBe(true);
  const learned = parseSafetensors(readFileSync(join(path, "whole.safetensors")), "whole").tensors;
  expect(tensors).toContain("L1.S1.step_w");
  checkWeights(network, learned);
  // The biases began at 0.
  for (const name of ["L1.S0.bias", "L1.S1.bias"]) expect(learned.get(name)!.values.some((x) => x !== 0)).toBe(true);
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
