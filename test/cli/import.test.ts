import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson } from "./qes.ts";

const folder = temporaryFolder();

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
