import fc from "fast-check";
import { expect, test } from "vitest";
import { boundProblem } from "../../src/bound/problem.ts";
import { solve } from "../../src/bound/solve.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetNames, presetValue } from "../../src/config/presets.ts";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { runInteger } from "../../src/integer/reference.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { firmwareNetworks } from "../support/firmware-networks.ts";
import { anyImage } from "../support/integer-networks.ts";
import { builtForThisMachine, hasGcc, outputsOf } from "../support/native-c.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();

/** QES_SLOW_TESTS=1 runs 60 networks of 20 images, and the optima of the device presets, which takes half an hour. */
const slow = process.env["QES_SLOW_TESTS"] === "1";
const [count, images] = slow ? [60, 20] : [6, 6];
test.skipIf(!hasGcc)("random networks in C equal the interpreter in every output, under sanitizers", () => {
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
    const run = builtForThisMachine(folder, `net${i}`, description, network, { fused });
    const expected = Int32Array.from(inputs.flatMap((image) => [...runInteger(network, image)]));
    const values = [...outputsOf(run, description.classes, Buffer.concat(inputs))];
    expect(values, JSON.stringify(description.structure)).toEqual([...expected]);
  });
});

test.skipIf(!hasGcc)("a network of a single conv is compiled without a warning too", () => {
  const structure = [{ class: "ConvKXBNRELU", in: 1, out: 6, k: 3, s: 2, nbitsA: 8, nbitsW: 5 }];
  const description = describeNetwork("single", structure, 9, 3);
  const network = integerNetwork(description, randomWeights(description, 2));
  const run = builtForThisMachine(folder, "single", description, network);
  const [image] = fc.sample(anyImage(description), { numRuns: 1, seed: 3 });
  expect(outputsOf(run, description.classes, image)).toEqual(runInteger(network, image));
});

test.skipIf(!hasGcc)("in the fused form the shortcut that is pooled is what the layer reads", () => {
  const structure = [
    { class: "ConvKXBNRELU", in: 1, out: 6, k: 3, s: 1, nbitsA: 8, nbitsW: 5 },
    { class: "SuperQuantResK1DWK1", in: 6, out: 6, k: 3, s: 2, L: 1, btn: 27, nbitsA: [4, 8, 2], nbitsW: [8, 7, 5] },
  ];
  const description = describeNetwork("pooled", structure, 9, 3);
  const network = integerNetwork(description, randomWeights(description, 2));
  const run = builtForThisMachine(folder, "pooled", description, network, { fused: true });
  const inputs = fc.sample(anyImage(description), { numRuns: images, seed: 3 });
  const expected = Int32Array.from(inputs.flatMap((image) => [...runInteger(network, image)]));
  expect(outputsOf(run, description.classes, Buffer.concat(inputs))).toEqual(expected);
});

const presets = presetNames().filter((name) => parseConfig(presetValue(name), name).device !== undefined);

test.each(slow && hasGcc ? presets : [])(
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
    const run = builtForThisMachine(folder, name, description, network);
    let state = 1;
    const byte = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    };
    const length = resolution * resolution * description.channels;
    for (let image = 0; image < images; image++) {
      const input = Uint8Array.from({ length }, byte);
      expect(outputsOf(run, config.classes, input)).toEqual(runInteger(network, input));
    }
  },
  3_600_000,
);
