import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pytorchFiles } from "../../src/exports/pytorch.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { runInteger } from "../../src/integer/reference.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { anyImage, integerNetworks } from "../support/integer-networks.ts";
import { python, pythonWith } from "../support/python.ts";
import { safetensors } from "../support/safetensors.ts";
import { temporaryFolder } from "../temporary.ts";

const torch = pythonWith("torch", "numpy");
const script = fileURLToPath(new URL("../fixtures/python/whole_all.py", import.meta.url));
const folder = temporaryFolder();
/** QES_SLOW_TESTS=1 runs 200 networks. */
const count = process.env["QES_SLOW_TESTS"] === "1" ? 100 : 15;
const images = 3;

test.skipIf(torch === undefined)("whole.py of an exported folder gives the interpreter's outputs, in every bit", () => {
  const cases = ["SuperQuantResK1DWK1", "SuperQuantResK1KXK1"].flatMap((superClass) => {
    const anyCase = integerNetworks(superClass).chain((network) =>
      fc.record({
        network: fc.constant(network),
        inputs: fc.array(anyImage(network), { minLength: images, maxLength: images }),
        seed: fc.nat(1000),
      }),
    );
    return fc.sample(anyCase, { numRuns: count, seed: 8 });
  });
  const paths = cases.map(({ network, inputs, seed }, i) => {
    const path = join(folder, `net${i}`);
    mkdirSync(path);
    for (const [file, content] of pytorchFiles(network)) writeFileSync(join(path, file), content);
    writeFileSync(join(path, "trained.safetensors"), safetensors(randomWeights(network, seed)));
    const { resolution, channels } = network;
    const planes = inputs.map((image) =>
      Array.from({ length: image.length }, (_, at) => {
        const [channel, place] = [Math.floor(at / resolution ** 2), at % resolution ** 2];
        return image[place * channels + channel];
      }),
    );
    writeFileSync(join(path, "images.json"), JSON.stringify(planes));
    return path;
  });
  const lines = python(torch!, [script, ...paths], folder)
    .trim()
    .split("\n");
  const shortcuts = new Set<string>();
  cases.forEach(({ network, inputs, seed }, i) => {
    const whole = integerNetwork(network, randomWeights(network, seed));
    const { outputs, step } = JSON.parse(lines[i]);
    expect(outputs, JSON.stringify(network.structure)).toEqual(inputs.map((image) => [...runInteger(whole, image)]));
    expect(step).toBe(whole.outputStep);
    for (const { shortcut, stride } of network.layers) shortcuts.add(`${shortcut} ${stride}`);
  });
  for (const kind of ["none 1", "identity 1", "pooled 2", "projected 1", "projected 2"])
    expect(shortcuts).toContain(kind);
});
