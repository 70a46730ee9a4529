import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { parseStructure } from "../../src/network/structure.ts";
import { safetensors } from "../support/safetensors.ts";
import { temporaryFolder } from "../temporary.ts";
import { batch } from "./qes.ts";

const folder = temporaryFolder();
const compiler = spawnSync("make", ["--version"]).status === 0 && spawnSync("cc", ["--version"]).status === 0;

const block = { class: "SuperQuantResK1DWK1", in: 8, out: 8, k: 3, s: 1, L: 1, btn: 16 };
const structure = parseStructure(
  [
    { class: "ConvKXBNRELU", in: 1, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 4 },
    { ...block, nbitsA: [5, 4, 4], nbitsW: [4, 3, 6] },
  ],
  "small",
);
const file = { structure, resolution: 8, classes: 3, name: "small" };
const description = describeNetwork("small", structure, 8, 3);
writeFileSync(join(folder, "small.json"), JSON.stringify([file]));
const weights = randomWeights(description, 4);
const write = (name: string, ...given: Parameters<typeof safetensors>) =>
  writeFileSync(join(folder, name), safetensors(...given));
write("trained.safetensors", weights, { network: description.digest, accuracy: "0.9000" });
write("other.safetensors", weights, { network: "0123" });
write("short.safetensors", new Map([...weights].filter(([name]) => name !== "L1.C2.gamma")));
write("wide.safetensors", randomWeights(describeNetwork("wide", structure, 8, 4), 4));
writeFileSync(
  join(folder, "mixed.json"),
  JSON.stringify([{ ...file, structure: [structure[0], { ...block, nbitsA: [5, 4, 3], nbitsW: [4, 4, 4] }] }]),
);
writeFileSync(
  join(folder, "float.json"),
  JSON.stringify([{ ...file, structure: [{ class: "ConvKXBNRELU", in: 1, out: 8, k: 3, s: 2 }] }]),
);
writeFileSync(
  join(folder, "no-stem.json"),
  JSON.stringify([{ ...file, structure: [{ ...block, in: 1, out: 1, nbitsA: [5, 4, 4], nbitsW: [4, 4, 4] }] }]),
);

writeFileSync(join(folder, "tiny.yaml"), "{ name: tiny, memory: { sram: 1.5, flash: 64 }, capability: int8 }");
writeFileSync(
  join(folder, "flash.yaml"),
  "{ name: little, memory: { sram: 8, flash: 20 }, reserve: { flash: 19.5 }, capability: int8 }",
);

test("a network with trained or random weights is a folder of C whose self-test passes", () => {
  const line = ["export", "small.json", "--format", "c", "--output"];
  const [trained, random] = batch(folder, [
    [...line, "trained", "--weights", "trained.safetensors"],
    [...line, "random", "--seed", "5", "--device", "stm32f412"],
  ]);
  expect(trained).toMatchObject({ code: 0, stdout: "" });
  expect(trained.stderr).toBe(
    `trained: small as c (separate), digest ${description.digest}\nweights: trained.safetensors, accuracy 0.9000 in training\nnext: make -C trained check\n`,
  );
  expect(random.stderr).toContain(
    "\nweights: random ones of seed 5, for a look at sizes; --weights takes trained ones\n",
  );
  const [one, other] = ["trained", "random"].map((name) => readFileSync(join(folder, name, "network.c"), "utf8"));
  expect(one).not.toBe(other);
  if (!compiler) return;
  for (const name of ["trained", "random"]) {
    const { stdout, status } = spawnSync("make", ["-s", "-C", join(folder, name), "check"], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "6 of 6 outputs as they should be\n", status: 0 });
  }
});

test("weights of another network, and networks that the runtime cannot hold, are told, and nothing is written", () => {
  const line = (network: string, ...more: string[]) => ["export", network, "--format", "c", "--output", "x", ...more];
  const outcomes = batch(folder, [
    line("small.json", "--weights", "other.safetensors"),
    line("small.json", "--weights", "short.safetensors"),
    line("small.json", "--weights", "wide.safetensors"),
    line("small.json", "--weights", "small.json"),
    line("small.json", "--weights", "none.safetensors"),
    line("small.json", "--weights", "trained.safetensors", "--seed", "1"),
    line("mixed.json"),
    line("float.json"),
    line("no-stem.json"),
    line("small.json", "--device", "./tiny.yaml"),
    line("small.json", "--device", "./flash.yaml"),
    line("small.json", "--device", "stm32f4"),
    ["export", "small.json", "--format", "csv", "--device", "stm32f412"],
    ["export", "small.json", "--format", "csv", "--weights", "trained.safetensors"],
    ["export", "small.json", "--format", "json", "--seed", "1"],
  ]);
  expect(outcomes.map(({ code, stderr }) => `${code} ${stderr.trim()}`)).toMatchInlineSnapshot(`
    [
      "2 qes: --weights: expected weights of network bbcc70ca1889d70ee708871081232a42, got those of 0123; export the network that was trained, with its resolution and classes",
      "2 qes: weights: L1.C2.gamma: expected a tensor of shape [8], got none; they are of another network",
      "2 qes: weights: fc.weight: expected a tensor of shape [3, 8], got [4, 8]; they are of another network",
      "2 qes: small.json: expected a .safetensors file, got a header of 7166760226503424859 bytes; give the file that train.py wrote",
      "2 qes: none.safetensors: no such file; check the path",
      "2 qes: --seed: not together with --weights, which are not random; leave one out",
      "2 qes: c: block 1 layer 0: expected a depthwise conv with the activation bits of the conv behind it, since it works in place, got 4 and 3; choose another network",
      "2 qes: integer network: expected 2 to 8 bits, got full precision in block 0 layer 0; choose a quantised family and bits of that range",
      "2 qes: c: block 0 layer 0: expected a single conv that reads the image, got a block of several; choose another network",
      "2 qes: c: expected at most 512 bytes of SRAM, what tiny has beside 1024 for stack, code and drivers, got 520; choose a smaller network or another device",
      "2 qes: c: expected at most 512 bytes of flash, what little has beside 19968 for stack, code and drivers, got 838; choose a smaller network or another device",
      "2 qes: --device: unknown device "stm32f4"; did you mean stm32f407? devices: arduino-nano-33-ble, esp32-s3, gap8, nrf52840, nrf5340, rp2040, rp2350, stm32f407, stm32f412, stm32f746, stm32h743, stm32h7a3, stm32l476, stm32u575; or a YAML file; qes devices lists them",
      "2 qes: --device: csv is for none in particular; leave it out",
      "2 qes: --weights: csv has no weights; leave it out",
      "2 qes: --seed: json has no weights; leave it out",
    ]
  `);
  for (const { stdout, changed } of outcomes) expect({ stdout, changed }).toEqual({ stdout: "", changed: [] });
  expect(existsSync(join(folder, "x"))).toBe(false);
});
