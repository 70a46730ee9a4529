import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";
import { batch, qes, qesJson } from "./qes.ts";

const folder = temporaryFolder();
const elsewhere = temporaryFolder();

test("an imported configuration is searched to the digest of the preset", async () => {
  mkdirSync(join(folder, "configs"));
  copyFileSync(join(packageRoot, "test/fixtures/released/mixed.py"), join(folder, "configs/mixed.py"));
  const printed = await qes(folder, "import", "configs/mixed.py");
  expect(printed.code).toBe(0);
  expect(printed.stderr).toMatch(/^configs\/mixed\.py:3:1: log_level has no counterpart/);
  expect(printed.stdout).toMatchInlineSnapshot(`
    "# Imported from mixed.py.

    name: mixed_small
    input: { resolution: 224, channels: 3 }
    space:
      family: quant-k1dwk1
      start:
        - { class: ConvKXBNRELU, in: 3, out: 16, k: 3, s: 2, nbitsA: 8, nbitsW: 8 }
        - { class: SuperQuantResK1DWK1, in: 16, out: 24, k: 3, s: 2, L: 1, btn: 48, nbitsA: [ 4, 4, 4 ], nbitsW: [ 4, 4, 4 ] }
        - { class: SuperQuantResK1DWK1, in: 24, out: 48, k: 3, s: 2, L: 1, btn: 96, nbitsA: [ 4, 4, 4 ], nbitsW: [ 4, 4, 4 ] }
        - { class: SuperQuantResK1DWK1, in: 48, out: 64, k: 3, s: 2, L: 1, btn: 128, nbitsA: [ 4, 4, 4 ], nbitsW: [ 4, 4, 4 ] }
        - { class: SuperQuantResK1DWK1, in: 64, out: 96, k: 3, s: 1, L: 1, btn: 192, nbitsA: [ 4, 4, 4 ], nbitsW: [ 4, 4, 4 ] }
        - { class: SuperQuantResK1DWK1, in: 96, out: 192, k: 3, s: 2, L: 1, btn: 384, nbitsA: [ 4, 4, 4 ], nbitsW: [ 4, 4, 4 ] }
        - { class: ConvKXBNRELU, in: 192, out: 1280, k: 1, s: 1, nbitsA: 4, nbitsW: 4 }
    score: { kind: analytic, stageWeights: [ 0, 0, 1, 1, 6 ], sigmaActivation: 5, sigmaWeight: 4 }
    budgets: { bitops: 6976000000, layers: 47 }
    search: { evaluations: 500000, population: 256, seed: 1 }
    "
  `);
  const written = await qes(folder, "import", "configs/mixed.py", "--output", "mine.yaml");
  expect([written.code, written.stdout]).toEqual([0, ""]);
  expect(written.stderr).toMatch(/\nmine\.yaml: written; next: qes search mine\.yaml\n$/);
  expect(readFileSync(join(folder, "mine.yaml"), "utf8")).toBe(printed.stdout);
  const run = ["--evaluations", "5000", "--archive", ":memory:", "--quiet"];
  const mine = await qesJson(folder, "search", "mine.yaml", ...run);
  const preset = await qesJson(folder, "search", "imagenet-mixed-7.0g", ...run);
  expect(mine.digest).toBe(preset.digest);
});

test("what is no such file is refused in a line", async () => {
  writeFileSync(join(folder, "evil.py"), "image_size = __import__('os').system('touch ran')\n");
  const evil = await qes(folder, "import", "evil.py");
  expect([evil.code, evil.stdout]).toEqual([2, ""]);
  expect(evil.stderr).toMatch(/^qes: evil\.py:1:14: expected dict\(\.\.\.\)[^\n]*\n$/);
  writeFileSync(join(folder, "large.py"), `#${"x".repeat(70e6)}`);
  const large = await qes(folder, "import", "large.py");
  expect([large.code, large.stderr]).toEqual([2, expect.stringMatching(/^qes: large\.py: expected at most 64 MB/)]);
  const other = await qes(folder, "import", "net.onx");
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("net.onx: expected a configuration")]);
  const nowhere = await qes(folder, "import", "configs/mixed.py", "--output", "none/mine.yaml");
  expect([nowhere.code, nowhere.stderr]).toEqual([
    2,
    expect.stringContaining("--output none/mine.yaml: cannot be written"),
  ]);
});

const network = [
  { class: "ConvKXBNRELU", in: 3, out: 16, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
  {
    class: "SuperQuantResK1DWK1",
    in: 16,
    out: 24,
    k: 3,
    s: 2,
    L: 1,
    btn: 48,
    nbitsA: [4, 4, 4],
    nbitsW: [5, 5, 5],
    inner_class: "ResK1DWK1",
  },
  { class: "ConvKXBNRELU", in: 24, out: 64, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
];

test("a model is read, scored, held against the optimum at its own costs, and written for qes score", async () => {
  writeFileSync(join(folder, "net.json"), JSON.stringify(network));
  const export_ = [
    "export",
    "net.json",
    "--format",
    "onnx",
    "--form",
    "qonnx",
    "--classes",
    "10",
    "--resolution",
    "32",
  ];
  expect((await qes(folder, ...export_, "--output", "net.onnx")).code).toBe(0);
  const imported = await qesJson(folder, "import", "net.onnx", "--output", "back.json", "--json");
  expect(imported).toMatchObject({ name: "net", structure: network, resolution: 32, classes: 10, notes: [] });
  expect(imported.bound.outside).toBe(null);
  expect(imported.bound.proven).toBe(true);
  expect(imported.bound.upperBound).toBeGreaterThan(imported.score);
  expect(imported.bound.gap).toBeCloseTo(imported.bound.upperBound / imported.score - 1, 9);
  // The optimum costs no more than the network that gave the budgets.
  for (const [name, cost] of Object.entries(imported.bound.best.costs))
    expect(cost).toBeLessThanOrEqual(imported.costs[name]);
  const [scored] = await qesJson(
    folder,
    "score",
    "back.json",
    "--stage-weights",
    imported.scoring.stageWeights.join(","),
  );
  expect([scored.score, scored.costs]).toEqual([imported.score, imported.costs]);
  const text = await qes(folder, "import", "net.onnx", "--seconds", "60");
  expect(text.code).toBe(0);
  expect(text.stdout).toContain(
    "distance to the optimum at the same budgets, its own costs: proven: no network of this space",
  );
  const bare = await qes(folder, "import", "net.onnx", "--no-bound");
  expect(bare.stdout).toMatchInlineSnapshot(`
    "class                in  out  k  s  L  btn  bits A  bits W
    ConvKXBNRELU          3   16  3  2               8       8
    SuperQuantResK1DWK1  16   24  3  2  1   48     444     555
    ConvKXBNRELU         24   64  1  1               4       4
    name  score               resolution  BitOps    MACs       flash    SRAM     live SRAM  layers
    net   115.76182878821446          32  19.427 M  506.880 k  3.6 KiB  8.0 KiB    8.0 KiB       5
    scored with stage weights 1,6
    flash counts the 8-bit classifier of 10 outputs too
    "
  `);
});

test("a model of several families is held against the optimum of a space of them", async () => {
  const [stem, block] = network;
  const mixed = [
    stem,
    block,
    { ...block, class: "SuperQuantResK1DWSEK1", in: 24, out: 32, btn: 64, inner_class: "ResK1DWSEK1" },
  ];
  writeFileSync(join(folder, "mixed.json"), JSON.stringify({ resolution: 32, structure: mixed }));
  const export_ = ["export", "mixed.json", "--format", "onnx", "--form", "qonnx", "--output", "mixed.onnx"];
  expect((await qes(folder, ...export_)).code).toBe(0);
  const { structure, score, bound } = await qesJson(folder, "import", "mixed.onnx", "--seconds", "60");
  expect(structure.map((one: { class: string }) => one.class)).toEqual(mixed.map((one) => one.class));
  expect(bound).toMatchObject({ outside: null, proven: true });
  expect(bound.upperBound).toBeGreaterThanOrEqual(score);
});

test("what is no model that can be read is told, and nothing is written", async () => {
  writeFileSync(join(folder, "text.onnx"), "not a model");
  // A gigabyte without a byte on the disk.
  const large = join(elsewhere, "large.onnx");
  writeFileSync(large, "");
  truncateSync(large, 1e9);
  const bytes = readFileSync(join(folder, "net.onnx"));
  writeFileSync(join(folder, "cut.onnx"), bytes.subarray(0, bytes.length / 2));
  writeFileSync(join(folder, "empty.onnx"), "");
  const lines = [
    ["import", large, "--output", "none.json"],
    ...["text", "cut", "empty", "missing"].map((name) => ["import", `${name}.onnx`, "--output", "none.json"]),
    ["import", "net.onnx", "--stage-weights", "1,2,3", "--output", "none.json"],
    ["import", "configs/mixed.py", "--json"],
    ["import", "net.onnx", "--output", "none/back.json", "--no-bound"],
  ];
  const outcomes = batch(folder, lines);
  expect(
    outcomes.map(({ code, stderr }) => `${code} ${stderr.trim().replace(elsewhere, "elsewhere")}`),
  ).toMatchInlineSnapshot(`
    [
      "2 qes: elsewhere/large.onnx: expected at most 64 MB, got more; choose a smaller file",
      "2 qes: text.onnx: not a whole protobuf message: at byte 1: unknown wire type 6",
      "2 qes: cut.onnx: not a whole protobuf message: at byte 17: expected 30052 more bytes, got 16356; the file is cut off",
      "2 qes: empty.onnx: expected an ONNX model, got one without a graph; check the file",
      "2 qes: missing.onnx: no such file; check the path",
      "2 qes: stage weights: expected 2 entries, one per stage of the network, got 3; give one weight for each stage",
      "2 qes: --json: expected an ONNX model beside it, got configs/mixed.py; leave it out",
      "2 qes: --output none/back.json: cannot be written (ENOENT); check the path",
    ]
  `);
  for (const { stdout, changed } of outcomes) expect({ stdout, changed }).toEqual({ stdout: "", changed: [] });
});
