import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { pytorchFiles } from "../../src/exports/pytorch.ts";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import { runInteger } from "../../src/integer/reference.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { parseStructure } from "../../src/network/structure.ts";
import { builtForThisMachine, hasGcc, outputsOf } from "../support/native-c.ts";
import { python, pythonWith } from "../support/python.ts";
import { temporaryFolder } from "../temporary.ts";

const torch = pythonWith("torch", "numpy");
const fashion = existsSync("/usr/share/datasets/fashion-mnist");
const script = fileURLToPath(new URL("../fixtures/python/classes_of.py", import.meta.url));
const folder = temporaryFolder();
const slow = process.env["QES_SLOW_TESTS"] === "1";

const block = (from: number, out: number, s: number, a: number, w: number) => ({
  class: "SuperQuantResK1DWK1",
  ...{ in: from, out, k: 3, s, L: 1, btn: 2 * out },
  ...{ nbitsA: [a, a, a], nbitsW: [w, w, w] },
});
/** Identity and pooled shortcuts, and bits that differ. */
const structure = parseStructure(
  [
    { class: "ConvKXBNRELU", in: 1, out: 8, k: 3, s: 2, nbitsA: 7, nbitsW: 8 },
    block(8, 16, 1, 5, 6),
    block(16, 16, 1, 4, 4),
    block(16, 16, 2, 4, 3),
    block(16, 24, 1, 6, 5),
    { class: "ConvKXBNRELU", in: 24, out: 48, k: 1, s: 1, nbitsA: 5, nbitsW: 5 },
  ],
  "agreement",
);

/** QES_SLOW_TESTS=1 trains on all images and compares all 10,000. */
const [options, count, different] = slow
  ? [["--epochs", "2"], 10_000, 5]
  : [["--epochs", "1", "--limit", "3000", "--batch", "16", "--lr", "0.05", "--holdout", "500"], 400, 2];

test.skipIf(torch === undefined || !fashion)(
  "a network that train.py trained names the same classes in PyTorch and in whole numbers, and in C says the same to the bit",
  () => {
    const description = describeNetwork("agreement", structure, 28, 10);
    const path = join(folder, "net");
    mkdirSync(path);
    for (const [file, content] of pytorchFiles(description)) writeFileSync(join(path, file), content);
    python(torch!, ["train.py", ...options], path);
    const { classes, labels } = JSON.parse(python(torch!, [script, "fashion-mnist", String(count)], path));
    const { tensors, metadata } = parseSafetensors(readFileSync(join(path, "trained.safetensors")), "trained");
    expect(metadata.get("network")).toBe(description.digest);
    const network = integerNetwork(description, tensors);
    const images = readFileSync(join(path, "images.bin"));
    const size = images.length / count;
    const logits = Array.from({ length: count }, (_, i) =>
      runInteger(network, images.subarray(i * size, (i + 1) * size)),
    );
    const named = logits.map((values) => values.indexOf(Math.max(...values)));
    const right = (found: readonly number[]) => found.filter((label, i) => label === labels[i]).length / count;
    expect(named.filter((label, i) => label !== classes[i]).length).toBeLessThanOrEqual(different);
    expect(Math.abs(right(named) - right(classes))).toBeLessThanOrEqual(slow ? 5e-4 : 2 / count);
    if (hasGcc) {
      const run = builtForThisMachine(folder, "c", description, network);
      expect(outputsOf(run, 10, images)).toEqual(Int32Array.from(logits.flatMap((values) => [...values])));
    }
    // An untrained network would name one class. How far a short training comes depends on the processor: its sums differ in the last bits.
    expect(right(classes)).toBeGreaterThan(slow ? 0.8 : 0.2);
  },
  slow ? 3_600_000 : 900_000,
);
