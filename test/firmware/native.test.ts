import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { boundProblem } from "../../src/bound/problem.ts";
import { solve } from "../../src/bound/solve.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetNames, presetValue } from "../../src/config/presets.ts";
import { cNetwork } from "../../src/firmware/c-network.ts";
import type { PlanOptions } from "../../src/firmware/plan.ts";
import { describeNetwork, type NetworkDescription } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import type { IntegerNetwork } from "../../src/integer/integer-network.ts";
import { runInteger } from "../../src/integer/reference.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { firmwareNetworks } from "../support/firmware-networks.ts";
import { anyImage } from "../support/integer-networks.ts";
import { temporaryFolder } from "../temporary.ts";

const gcc = spawnSync("gcc", ["--version"]).status === 0;
const main = fileURLToPath(new URL("../fixtures/c/run.c", import.meta.url));
const folder = temporaryFolder();

/** QES_SLOW_TESTS=1 runs 60 networks of 20 images, and the optima of the device presets, which takes half an hour. */
const slow = process.env["QES_SLOW_TESTS"] === "1";
const [count, images] = slow ? [60, 20] : [6, 6];
const strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-g"];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const object = join(folder, "qes_nn.o");
const runtime = join(packageRoot, "templates/c");

/** A program of the network that maps images on stdin to outputs on stdout. */
function built(description: NetworkDescription, network: IntegerNetwork, name: string, options: PlanOptions): string {
  if (!existsSync(object)) {
    execFileSync("gcc", [...strict, ...sanitizers, "-c", join(runtime, "qes_nn.c"), "-o", object]);
  }
  const { header, source } = cNetwork(description, network, options);
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, "network.h"), header);
  writeFileSync(join(path, "network.c"), source);
  copyFileSync(main, join(path, "run.c"));
  const files = [join(path, "network.c"), join(path, "run.c"), object];
  execFileSync("gcc", [...strict, ...sanitizers, `-I${runtime}`, ...files, "-o", join(path, "run")]);
  return join(path, "run");
}

/** What it says of the images, as int32: it writes int32 or, without classes, bytes. */
function outputs(run: string, classes: number, images: readonly Uint8Array[]): Buffer {
  const out = execFileSync(run, { input: Buffer.concat(images), maxBuffer: 64e6 });
  return classes > 0 ? Buffer.from(out) : Buffer.from(Int32Array.from(out).buffer);
}

test.skipIf(!gcc)("random networks in C equal the interpreter in every output, under sanitizers", () => {
  const anyCase = fc
    .boolean()
    .chain((fused) => firmwareNetworks({ fused }).map((network) => ({ network, fused })))
    .chain(({ network, fused }) =>
      fc.record({
        description: fc.constant(network),
        fused: fc.constant(fused),
        inputs: fc.array(anyImage(network), { minLength: images, maxLength: images }),
        seed: fc.nat(1000),
      }),
    );
  fc.sample(anyCase, { numRuns: count, seed: 5 }).forEach(({ description, fused, inputs, seed }, i) => {
    const network = integerNetwork(description, randomWeights(description, seed));
    const run = built(description, network, `net${i}`, { fused });
    const expected = Int32Array.from(inputs.flatMap((image) => [...runInteger(network, image)]));
    const got = outputs(run, description.classes, inputs);
    const values = [...new Int32Array(got.buffer, got.byteOffset, got.length / 4)];
    expect(values, JSON.stringify(description.structure)).toEqual([...expected]);
  });
});

test.skipIf(!gcc)("in the fused form the shortcut that is pooled is what the layer reads", () => {
  const structure = [
    { class: "ConvKXBNRELU", in: 1, out: 6, k: 3, s: 1, nbitsA: 8, nbitsW: 5 },
    { class: "SuperQuantResK1DWK1", in: 6, out: 6, k: 3, s: 2, L: 1, btn: 27, nbitsA: [4, 8, 2], nbitsW: [8, 7, 5] },
  ];
  const description = describeNetwork("pooled", structure, 9, 3);
  const network = integerNetwork(description, randomWeights(description, 2));
  const run = built(description, network, "pooled", { fused: true });
  const inputs = fc.sample(anyImage(description), { numRuns: images, seed: 3 });
  const expected = Int32Array.from(inputs.flatMap((image) => [...runInteger(network, image)]));
  expect(outputs(run, description.classes, inputs).equals(Buffer.from(expected.buffer))).toBe(true);
});

const presets = presetNames().filter((name) => parseConfig(presetValue(name), name).device !== undefined);

test.each(slow && gcc ? presets : [])(
  "the optimum of %s in C equals the interpreter in every output, under sanitizers",
  (name) => {
    const config = parseConfig(presetValue(name), name);
    const { spaces, budgets } = boundProblem(openProblem(config));
    const steps = solve(spaces, budgets, {});
    let step = steps.next();
    while (!step.done) step = steps.next();
    const [{ structure, resolution }] = step.value.networks;
    const description = describeNetwork(name, structure, resolution, config.classes);
    const network = integerNetwork(description, randomWeights(description, 7));
    const run = built(description, network, name, {});
    let state = 1;
    const byte = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    };
    const length = resolution * resolution * description.channels;
    for (let image = 0; image < images; image++) {
      const input = Uint8Array.from({ length }, byte);
      expect(outputs(run, config.classes, [input]).equals(Buffer.from(runInteger(network, input).buffer))).toBe(true);
    }
  },
  3_600_000,
);
