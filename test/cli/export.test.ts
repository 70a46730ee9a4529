import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { readModel } from "../../src/onnx/model.ts";
import { safetensors } from "../support/safetensors.ts";
import { temporaryFolder } from "../temporary.ts";
import { batch, qesJson } from "./qes.ts";

const folder = temporaryFolder();

test("the best network of an archive goes into a folder, and its figures are the archive's", async () => {
  await qesJson(folder, "search", "stm32f412-vww", "--evaluations", "500", "--archive", "best.sqlite", "--no-bound");
  const [best] = await qesJson(folder, "best", "best.sqlite");
  const [outcome, again, json, second, classes] = batch(folder, [
    ["export", "best.sqlite", "--format", "pytorch", "--output", "net"],
    ["export", "best.sqlite", "--format", "pytorch", "--output", "net"],
    ["export", "best.sqlite", "--format", "json"],
    ["export", "best.sqlite", "--format", "csv", "--index", "2", "--output", "second.csv"],
    ["export", "best.sqlite", "--format", "json", "--classes", "10"],
  ]);
  expect(outcome).toMatchObject({ code: 0, stdout: "" });
  expect(outcome.stderr).toMatch(
    /^net: best run 1 network 1 as pytorch, digest [0-9a-f]{32}\nnext: cd net; pip install -r requirements.txt; python train.py \(.*\)\n$/,
  );
  expect(json.stderr).toBe("");
  expect(classes.stderr).toBe("--classes 10: best.sqlite counts 2 outputs; flash is that of 10 here\n");
  expect(readdirSync(join(folder, "net")).sort()).toEqual(
    [
      "README.md",
      "check.py",
      "model.py",
      "network.json",
      "quant.py",
      "requirements.txt",
      "train.py",
      "whole.py",
    ].sort(),
  );
  const written = JSON.parse(readFileSync(join(folder, "net", "network.json"), "utf8"));
  // What a runtime needs is not of the network alone.
  const { arena, flashDeployed, ...costs } = best.costs;
  expect([arena, flashDeployed]).not.toContain(undefined);
  expect(written.totals).toMatchObject(costs);
  expect(written.structure).toEqual(best.structure);
  expect(JSON.parse(json.stdout)).toEqual(written);
  expect(again.code).toBe(2);
  expect(again.stderr).toBe("qes: --output: net exists already and is not empty; choose another name or remove it\n");
  expect(second.code).toBe(0);
  const rows = readFileSync(join(folder, "second.csv"), "utf8").trim().split("\n");
  expect(rows[0]).toMatch(/^block,layer,shortcut,kernel,/);
  expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("an ONNX file holds the network, and the same weights for the same seed", () => {
  const line = ["export", "best.sqlite", "--format", "onnx", "--form", "qonnx", "--classes", "10", "--output"];
  const [one, , seed] = batch(folder, [
    [...line, "one.onnx"],
    [...line, "again.onnx"],
    [...line, "seed.onnx", "--seed", "2"],
  ]);
  expect(one).toMatchObject({ code: 0, stdout: "" });
  expect(one.stderr).toMatch(
    /one\.onnx: best run 1 network 1 as onnx \(qonnx\), digest [0-9a-f]{32}\nweights: random ones of seed 1, .*\n$/,
  );
  expect(seed.code).toBe(0);
  const [bytes, again, other] = ["one", "again", "seed"].map((name) => readFileSync(join(folder, `${name}.onnx`)));
  expect(again.equals(bytes)).toBe(true);
  expect(other.length).toBe(bytes.length);
  expect(other.equals(bytes)).toBe(false);
  const { graph, metadataProps } = readModel(bytes);
  expect(graph!.node!.some(({ opType }) => opType === "Quant")).toBe(true);
  expect(JSON.parse(metadataProps![0].value!)).toMatchObject({ classes: 10, totals: { layers: expect.any(Number) } });
});

test("a network with squeeze-excite goes out as PyTorch and as ONNX, and C says why it does not", () => {
  const block = { class: "SuperQuantResK1DWSEK1", in: 8, out: 8, k: 3, s: 1, L: 1, btn: 40 };
  const structure = [
    { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
    { ...block, nbitsA: [5, 5, 5], nbitsW: [5, 5, 5] },
  ];
  writeFileSync(join(folder, "squeezed.json"), JSON.stringify(structure));
  const network = describeNetwork("squeezed", structure, 32, 10);
  writeFileSync(join(folder, "squeezed.safetensors"), safetensors(randomWeights(network, 1)));
  const line = ["export", "squeezed.json", "--resolution", "32", "--classes", "10", "--output"];
  const weights = ["--weights", "squeezed.safetensors"];
  const outcomes = batch(folder, [
    [...line, "squeezed", "--format", "pytorch"],
    [...line, "squeezed.onnx", "--format", "onnx", ...weights],
    [...line, "random.onnx", "--format", "onnx", "--seed", "1"],
    [...line, "squeezed-c", "--format", "c"],
    [...line, "whole.onnx", "--format", "onnx", "--form", "integer"],
  ]);
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 2, 2]);
  expect(readFileSync(join(folder, "squeezed", "model.py"), "utf8")).toContain(
    'Layer(Conv(8, 40, a=5, w=5), Conv(40, 40, k=3, groups=40, a=5, w=5), Conv(40, 8, a=5, w=5), shortcut="identity", squeeze=8),',
  );
  const [learned, random] = ["squeezed", "random"].map((name) => readFileSync(join(folder, `${name}.onnx`)));
  expect(learned.equals(random)).toBe(true);
  for (const { stderr } of outcomes.slice(3)) {
    expect(stderr).toContain(
      "qes: integer network: expected layers without a squeeze-excite, whose factors have no whole numbers, got one in block 1 layer 0; choose a family without, or hand the network over in floats (as pytorch, or as onnx in another form)\n",
    );
  }
  expect(["squeezed-c", "whole.onnx"].filter((name) => existsSync(join(folder, name)))).toEqual([]);
});

test("sums of the description are the totals, and a row of the table is a conv", () => {
  const structure = JSON.parse(readFileSync(join(folder, "net", "network.json"), "utf8")).structure;
  const { layers, totals } = describeNetwork("x", structure, 224, 2);
  const convs = layers.flatMap((layer) => layer.convs);
  const sum = (of: (conv: (typeof convs)[number]) => number) => convs.reduce((total, conv) => total + of(conv), 0);
  expect(sum(({ macs }) => macs)).toBe(totals.macs);
  const elementwise = layers.reduce((total, layer) => total + layer.elementwiseBitOps, 0);
  expect(sum(({ macs, bitsA, bitsW }) => macs * (bitsA || 8) * (bitsW || 8)) + elementwise).toBe(totals.bitops);
  const last = convs.at(-1)!.outChannels;
  const bytes = sum(({ weights, bitsW, outChannels }) => (weights * (bitsW || 8)) / 8 + 2 * outChannels);
  expect(bytes + last * 2 + 2).toBe(totals.flash);
});

test("what cannot be exported is told, and nothing is written", () => {
  writeFileSync(
    join(folder, "one-bit.json"),
    JSON.stringify([{ class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 1, nbitsA: 8, nbitsW: 1 }]),
  );
  const outcomes = batch(folder, [
    ["export", "one-bit.json", "--format", "pytorch", "--output", "one-bit"],
    ["export", "one-bit.json", "--format", "pytorch"],
    ["export", "one-bit.json"],
    ["export", "one-bit.json", "--format", "caffe", "--output", "x"],
    ["export", "one-bit.json", "--format", "json", "--index", "2"],
    ["export", "nothing.sqlite", "--format", "json"],
    ["export", "one-bit.json", "--format", "json", "--output", "no/such/folder/x.json"],
    ["export", "one-bit.json", "--format", "onnx"],
    ["export", "one-bit.json", "--format", "onnx", "--form", "qdq", "--output", "x.onnx"],
    ["export", "one-bit.json", "--format", "onnx", "--form", "int2", "--output", "x.onnx"],
    ["export", "one-bit.json", "--format", "csv", "--form", "qdq"],
  ]);
  expect(outcomes.map(({ code, stderr }) => `${code} ${stderr.trim()}`)).toMatchInlineSnapshot(`
    [
      "2 qes: pytorch: expected 2 to 8 bits, got 1 in block 0 layer 0; choose bits of that range",
      "2 qes: --output: expected a folder to write, since pytorch is several files, got nothing",
      "2 qes: --format: expected pytorch, onnx, c, json, csv, got nothing",
      "2 qes: --format: expected pytorch, onnx, c, json, csv, got "caffe"; see qes export --help",
      "2 qes: --index: expected at most 1, the networks of one-bit.json, got 2",
      "2 qes: nothing.sqlite: no such file; check the path",
      "2 qes: --output: no/such/folder/x.json cannot be written (ENOENT); check the folder",
      "2 qes: --output: expected a file to write, since onnx is no text, got nothing",
      "2 qes: onnx: expected 2 to 8 bits, got 1 in block 0 layer 0; choose bits of that range, or the form float",
      "2 qes: --form: expected qdq, qdq4, qonnx, integer, float, got int2",
      "2 qes: --form qdq: csv has no forms; leave it out",
    ]
  `);
  for (const { stdout, changed } of outcomes) expect({ stdout, changed }).toEqual({ stdout: "", changed: [] });
  expect(existsSync(join(folder, "one-bit"))).toBe(false);
});
