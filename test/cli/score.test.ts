import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { builtFile } from "../../src/base/package-root.ts";
import { goldenCases, goldenPath } from "../golden.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson } from "./qes.ts";

const folder = temporaryFolder();
const relative = (a: number, b: number) => Math.abs(a - b) / Math.max(1, Math.abs(b));

interface Row {
  readonly name: string;
  readonly score: number;
  readonly stages: number[];
  readonly blocks: number[];
  readonly costs: { bitops: number; macs: number; flash: number; sram: number; layers: number };
}

describe("score reads golden files as they are", () => {
  test.each(["quant-varied.json", "walk-quant-mixed-7g.json", "walk-MBV2.json"])("%s", async (file) => {
    const cases = goldenCases(file);
    const rows: Row[] = await qesJson(folder, "score", goldenPath(file));
    expect(rows).toHaveLength(cases.length);
    rows.forEach((row, i) => {
      const golden = cases[i];
      expect(relative(row.score, golden.score), golden.name).toBeLessThan(1e-9);
      golden.stageScores?.forEach((stage, s) => void expect(relative(row.stages[s], stage)).toBeLessThan(1e-9));
      expect(relative(row.costs.bitops, 64 * golden.flops)).toBeLessThan(1e-9);
      expect(relative(row.costs.flash, golden.flash)).toBeLessThan(1e-9);
      expect(row.costs.layers).toBe(golden.layers);
      if (golden.sram !== null) expect(relative(row.costs.sram, golden.sram)).toBeLessThan(1e-9);
    });
  });

  test("published-models.json: the known families are scored, each other is named with the reason", async () => {
    const { code, stdout, stderr } = await qes(folder, "score", goldenPath("published-models.json"), "--json");
    expect(code).toBe(2);
    const rows: (Row & { error?: string })[] = JSON.parse(stdout);
    expect(rows).toHaveLength(18);
    const mixed = goldenCases("published-models.json").filter((golden) => golden.name.startsWith("mixed"));
    expect(mixed).toHaveLength(2);
    for (const golden of mixed) {
      const row = rows.find(({ name }) => name === golden.name)!;
      expect(relative(row.score, golden.score)).toBeLessThan(1e-9);
      expect(relative(row.costs.bitops, 64 * golden.flops)).toBeLessThan(1e-9);
      expect(relative(row.costs.sram, golden.sram!)).toBeLessThan(1e-9);
    }
    for (const row of rows.filter(({ error }) => error !== undefined)) expect(stderr).toContain(`qes: ${row.name}: `);
  });
});

const net = [
  { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
  { class: "ConvKXBNRELU", in: 8, out: 16, k: 3, s: 2, nbitsA: 4, nbitsW: 4 },
];

test("options win over the file's record, the record over the configuration", async () => {
  writeFileSync(
    join(folder, "record.json"),
    JSON.stringify({ structure: net, resolution: 32, score_settings: { multi_block_ratio: [1, 2], init_std: 3 } }),
  );
  const own = await qesJson(folder, "score", "record.json");
  const named = await qesJson(folder, "score", "record.json", "--config", "imagenet-mixed-7.0g");
  expect(named).toEqual([{ ...own[0], overBudget: [] }]);
  const options = ["--resolution", "64", "--stage-weights", "0,1", "--sigma-weight", "4", "--sigma-activation", "2"];
  // Its own costs are what it is held to.
  const { bitops, macs } = named[0].costs;
  writeFileSync(
    join(folder, "tight.yaml"),
    (await qes(folder, "preset", "imagenet-mixed-7.0g")).stdout.replace(
      /^budgets:.*$/m,
      `budgets: { bitops: ${bitops - 1}, macs: ${macs} }`,
    ),
  );
  const [over] = await qesJson(folder, "score", "record.json", "--config", "tight.yaml");
  expect(over.overBudget).toEqual([`bitops ${bitops} > ${bitops - 1}`]);
  const [other] = await qesJson(folder, "score", "record.json", ...options);
  expect(other.costs.macs).toBe(4 * own[0].costs.macs);
  expect(other.stages[0]).toBe(0);
  expect(other.score).not.toBe(own[0].score);
});

test("a table is printed for people", async () => {
  writeFileSync(join(folder, "net.json"), JSON.stringify(net));
  const { stdout } = await qes(folder, "score", "net.json", "--stage-weights", "0,1");
  expect(stdout).toMatchInlineSnapshot(`
    "name      score             resolution  BitOps     MACs     flash    SRAM       live SRAM  layers  largest memory step
    net.json  9.19847585879253         224  260.112 M  6.322 M  0.8 KiB  196.0 KiB  196.0 KiB       2  block 0 layer 0: 3x3 3->8 at 224x224 stride 2
    scored with stage weights 0,1, sigmas 5 of activations and 4 of weights
    flash counts the convs, no classifier
    "
  `);
});

test("a network among others that cannot be scored is named; the others are scored, and the exit code is 2", async () => {
  writeFileSync(
    join(folder, "mixed.json"),
    JSON.stringify([
      { name: "good", structure: net },
      { name: "bad", structure: [{ ...net[0], k: 2 }] },
    ]),
  );
  const { code, stdout, stderr } = await qes(folder, "score", "mixed.json", "--stage-weights", "0,1", "--json");
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject([{ name: "good", costs: { layers: 2 } }, { name: "bad" }]);
  expect(stderr).toMatchInlineSnapshot(`
    "qes: bad: mixed.json[1].structure[0].k: expected an odd kernel size, got 2
    qes: 1 of 2 networks could not be scored, each named above; mend or remove them
    "
  `);
});

test("a measured score has the error of its mean and the spread of a draw, and neither of a single draw", async () => {
  writeFileSync(join(folder, "one.json"), JSON.stringify(net));
  const measured = ["score", "one.json", "--kind", "forward", "--resolution", "32", "--stage-weights", "1,1"];
  const [mean] = await qesJson(folder, ...measured);
  expect(mean.scoreError).toBeCloseTo(mean.scoreStd / Math.sqrt(8), 12);
  const [single] = await qesJson(folder, ...measured, "--repeats", "1");
  expect(single).toMatchObject({ scoreStd: null, scoreError: null, blockStds: null });
  const { stdout } = await qes(folder, ...measured, "--repeats", "1");
  expect(stdout).toMatch(/^name +score +\+- +std of a draw +/);
  expect(stdout).toMatch(/^one.json +\d+\.\d+ +- +- +/m);
});

describe("score reads what other commands print, and gives the same figures", () => {
  const device = ["--device", "stm32f412", "--task", "imagenet", "--set", "score.stageWeights=[0,1,1,1,2]"];
  const figures = ({ score, classes, costs }: Row & { classes: number }) => ({ score, classes, costs });

  test.each(["analytic", "forward"])("search --json, best --json and best --format txt, %s score", async (kind) => {
    const measured = ["--set", "score.kind=forward", "--set", "score.maxChannels=8", "--set", "score.resolution=64"];
    const score = kind === "forward" ? measured : [];
    const args = ["search", ...device, ...score, "--evaluations", "30", "--archive", `${kind}.sqlite`, "--no-bound"];
    const result = await qesJson(folder, ...args);
    writeFileSync(join(folder, "search.json"), JSON.stringify(result));
    const best = await qesJson(folder, "best", `${kind}.sqlite`, "--top", "3");
    writeFileSync(join(folder, "best.json"), JSON.stringify(best));
    expect(result.best.classes).toBe(1000);
    const [alone] = await qesJson(folder, "score", "search.json");
    expect(figures(alone)).toEqual(figures(result.best));
    expect((await qesJson(folder, "score", "best.json")).map(figures)).toEqual(best.map(figures));
    writeFileSync(join(folder, "best.txt"), (await qes(folder, "best", `${kind}.sqlite`, "--format", "txt")).stdout);
    const [text] = await qesJson(folder, "score", "best.txt");
    expect(text.costs).toEqual(result.best.costs);
  });

  test("bound --json, with --top and with --sweep", async () => {
    const preset = ["bound", "imagenet-mixed-7.0g", "--set", "space.expansions=[2]"];
    const sweep = ["--sweep", "bitops=1e9..6.976e9:2"];
    for (const options of [[], ["--top", "2"], sweep]) {
      const result = await qesJson(folder, ...preset, "--gap", "1%", ...options);
      writeFileSync(join(folder, "bound.json"), JSON.stringify(result));
      const networks = result.networks ?? [result].flat().flatMap(({ best }: { best: Row | null }) => best ?? []);
      expect(networks.length).toBeGreaterThan(0);
      const rows = await qesJson(folder, "score", "bound.json");
      expect(rows.map(({ score, costs }: Row) => [score, costs])).toEqual(
        networks.map(({ score, costs }: Row) => [score, costs]),
      );
    }
  });

  test("--csv of runs, best and bound has the figures of --json", async () => {
    const archive = "csv.sqlite";
    await qesJson(folder, "search", ...device, "--evaluations", "30", "--archive", archive, "--no-bound");
    const sweep = [
      "bound",
      "imagenet-mixed-7.0g",
      "--set",
      "space.expansions=[2]",
      "--gap",
      "1%",
      "--sweep",
      "bitops=1e8..6.976e9:2",
    ];
    const top = ["bound", "imagenet-mixed-7.0g", "--set", "space.expansions=[2]", "--top", "2"];
    for (const args of [["runs", archive], ["best", archive, "--top", "2"], top, sweep]) {
      const [header, ...lines] = (await qes(folder, ...args, "--csv")).stdout.trimEnd().split("\n");
      const result = await qesJson(folder, ...args);
      const rows = result.networks ?? result;
      expect(lines).toHaveLength(rows.length);
      for (const [i, line] of lines.entries()) {
        // The structure, which is quoted, is the last column or the last but one.
        const cells = Object.fromEntries(header.split(",").map((column, j) => [column, line.split(",")[j]]));
        const { best, costs = best?.costs, score = best?.score, budgets = {}, ...row } = rows[i];
        const limits = Object.fromEntries(Object.entries(budgets).map(([name, value]) => [`budget_${name}`, value]));
        const own = { ...row, best, ...limits };
        const expected = args[0] === "runs" ? own : { ...costs, score, resolution: cells["resolution"] };
        for (const [column, value] of Object.entries(expected)) expect(cells[column]).toBe(String(value ?? ""));
      }
    }
    const both = await qes(folder, "runs", archive, "--csv", "--json");
    expect([both.code, both.stderr]).toEqual([2, "qes: --csv: not together with --json; leave one out\n"]);
  });

  test("from standard input too, where the file is -", async () => {
    writeFileSync(join(folder, "net.json"), JSON.stringify(net));
    const command = [process.execPath, builtFile("src/cli/main.js"), "score", "-", "--stage-weights", "0,1", "--json"];
    const { stdout, stderr } = spawnSync(command[0], command.slice(1), {
      input: JSON.stringify(net),
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const [row] = JSON.parse(stdout);
    const [own] = await qesJson(folder, "score", "net.json", "--stage-weights", "0,1");
    expect([row.name, own.name]).toEqual(["standard input", "net.json"]);
    expect({ ...row, name: "" }).toEqual({ ...own, name: "" });
    const wrong = spawnSync(command[0], command.slice(1), { input: "{}", encoding: "utf8" });
    expect(wrong.stderr).toMatch(/^qes: \/dev\/stdin: expected \{ best_structures/);
  });
});
