import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { pytorchFiles } from "../../src/exports/pytorch.ts";
import { describeNetwork, type NetworkDescription } from "../../src/formats/network-description.ts";
import { type NetworkWeights, randomWeights } from "../../src/formats/weights.ts";
import { type OnnxForm, onnxForms, onnxModel } from "../../src/onnx/forms.ts";
import { picker } from "../arbitrary.ts";
import { randomNetworks, small, squeezed, writeExport } from "../support/exported-networks.ts";
import { onnxruntime, runOnnx } from "../support/onnxruntime.ts";
import { python, pythonWith } from "../support/python.ts";
import { safetensors } from "../support/safetensors.ts";
import { temporaryFolder } from "../temporary.ts";

const torch = pythonWith("torch", "numpy");
const script = (name: string) => fileURLToPath(new URL(`../fixtures/python/${name}`, import.meta.url));
const folder = temporaryFolder();

const slow = process.env["QES_SLOW_TESTS"] === "1";
const IMAGES = slow ? 3 : 2;

interface Case {
  readonly network: NetworkDescription;
  readonly weights: NetworkWeights;
  /** Bytes. */
  readonly images: readonly (readonly number[])[];
}

const cases: readonly Case[] = [
  describeNetwork("small", small, 12, 10),
  describeNetwork("squeezed", squeezed, 12, 10),
  ...randomNetworks(slow ? 200 : 10, "small"),
].map((network, seed) => {
  const pick = picker(seed + 1);
  const size = network.channels * network.resolution ** 2;
  const images = Array.from({ length: IMAGES }, () => Array.from({ length: size }, () => pick(256)));
  return { network, weights: randomWeights(network, seed), images };
});

/** The folder that the script reads. */
function writeCase({ network, weights, images }: Case, name: string): string {
  const path = writeExport(folder, name, pytorchFiles(network));
  writeFileSync(join(path, "trained.safetensors"), safetensors(weights));
  writeFileSync(join(path, "images.json"), JSON.stringify(images));
  return path;
}

const isQuantised = ({ layers }: NetworkDescription) =>
  layers.some(({ convs }) => convs.some(({ bitsA }) => bitsA > 0));

interface Reference {
  readonly quantised: readonly (readonly number[])[];
  readonly full: readonly (readonly number[])[];
  readonly margins: readonly number[];
}

let known: readonly Reference[] | undefined;

/** What PyTorch says of every case. */
function references(): readonly Reference[] {
  known ??= python(torch!, [script("forward_all.py"), ...cases.map((one, i) => writeCase(one, `net${i}`))], folder)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return known;
}

/** The largest difference, as a share of the largest value where that is above 1. */
function difference(output: ArrayLike<number>, truth: readonly number[]): number {
  if (output.length !== truth.length) return Number.POSITIVE_INFINITY;
  return Math.max(...truth.map((x, i) => Math.abs(x - output[i]))) / Math.max(1, ...truth.map(Math.abs));
}

/** Float32 sums in another order differ by less, in steps of an activation: a value nearer to the border of two steps may go either way. */
const BORDER = 2e-5;

const floating = onnxForms.filter(({ name }) => name !== "integer");

test.skipIf(torch === undefined || onnxruntime === undefined).each(floating.map((form) => [form.name, form] as const))(
  "%s in onnxruntime is what PyTorch computes",
  async (_, form: OnnxForm) => {
    const expected = references();
    const wrong: string[] = [];
    let compared = 0;
    let onBorder = 0;
    for (const [i, { network, weights, images }] of cases.entries()) {
      if (form.bits && !isQuantised(network)) continue;
      const outputs = await runOnnx(onnxModel(network, weights, form), {
        type: "float32",
        shape: [1, network.channels, network.resolution, network.resolution],
        inputs: images.map((image) => Float32Array.from(image, (x) => Math.fround(x / 255))),
      });
      outputs.forEach((output, j) => {
        const truth = form.bits ? expected[i].quantised[j] : expected[i].full[j];
        const border = form.bits && expected[i].margins[j] < BORDER;
        compared++;
        const away = difference(output, truth);
        if (!(away < 1e-4)) {
          if (border) onBorder++;
          else wrong.push(`${network.name}, image ${j}: ${away}, margin ${expected[i].margins[j]}`);
        }
      });
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(cases.length);
    expect(onBorder).toBeLessThan(compared / 50);
  },
  600_000,
);
