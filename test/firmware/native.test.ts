import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { cNetwork } from "../../src/firmware/c-network.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { runInteger } from "../../src/integer/reference.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { firmwareNetworks } from "../support/firmware-networks.ts";
import { anyImage } from "../support/integer-networks.ts";
import { temporaryFolder } from "../temporary.ts";

const gcc = spawnSync("gcc", ["--version"]).status === 0;
const main = fileURLToPath(new URL("../fixtures/c/run.c", import.meta.url));
const folder = temporaryFolder();

/** QES_SLOW_TESTS=1 runs 60 networks of 20 images. */
const [count, images] = process.env["QES_SLOW_TESTS"] === "1" ? [60, 20] : [6, 6];
const strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-g"];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

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
  const object = join(folder, "qes_nn.o");
  const runtime = join(packageRoot, "templates/c");
  execFileSync("gcc", [...strict, ...sanitizers, "-c", join(runtime, "qes_nn.c"), "-o", object]);
  fc.sample(anyCase, { numRuns: count, seed: 5 }).forEach(({ description, fused, inputs, seed }, i) => {
    const network = integerNetwork(description, randomWeights(description, seed));
    const { header, source } = cNetwork(description, network, { fused });
    const path = join(folder, `net${i}`);
    mkdirSync(path);
    writeFileSync(join(path, "network.h"), header);
    writeFileSync(join(path, "network.c"), source);
    copyFileSync(main, join(path, "run.c"));
    const files = [join(path, "network.c"), join(path, "run.c"), object];
    execFileSync("gcc", [...strict, ...sanitizers, `-I${runtime}`, ...files, "-o", join(path, "run")]);
    const out = execFileSync(join(path, "run"), { input: Buffer.concat(inputs), maxBuffer: 64e6 });
    const expected = inputs.flatMap((image) => [...runInteger(network, image)]);
    const got = description.classes > 0 ? [...new Int32Array(out.buffer, out.byteOffset, out.length / 4)] : [...out];
    expect(got, JSON.stringify(description.structure)).toEqual(expected);
  });
});
