import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson, startQes } from "./qes.ts";

const folder = temporaryFolder();

interface Row {
  readonly index: number;
  readonly id: string;
  readonly seed: number;
  readonly status: string;
  readonly score: number;
  readonly digest: string;
  readonly run: number | null;
  readonly archive: string;
}

const preset = "imagenet-mixed-7.0g";
const plan = {
  searches: [preset, { device: "stm32f412", task: "imagenet" }],
  seeds: "1..2",
  set: [{ "search.evaluations": [600] }],
};

function write(name: string, value: object): string {
  writeFileSync(join(folder, name), JSON.stringify(value));
  return name;
}

async function alone(row: Row): Promise<string> {
  const place = row.index < 2 ? [preset] : ["--device", "stm32f412", "--task", "imagenet"];
  const options = [
    "--set",
    "search.evaluations=600",
    "--seed",
    String(row.seed),
    "--no-bound",
    "--archive",
    ":memory:",
  ];
  return (await qesJson(folder, "search", ...place, ...options)).digest;
}

test("every search comes to what it comes to alone; what is done is not done again, and all are in one archive", async () => {
  const file = write("plan.json", plan);
  const { searches, archive }: { searches: Row[]; archive: string } = await qesJson(
    folder,
    "sweep",
    file,
    "--no-bound",
  );
  expect(searches.map(({ index, seed, status, run }) => [index, seed, status, run])).toEqual(
    [1, 2, 1, 2].map((seed, i) => [i, seed, "done", i + 1]),
  );
  for (const row of searches) expect(row.digest).toBe(await alone(row));
  const report = await qesJson(folder, "verify", archive, "--all");
  expect(report).toMatchObject({ runs: 4, findings: [] });
  for (const { run, score } of searches) {
    expect((await qesJson(folder, "best", archive, "--run", String(run)))[0].score).toBe(score);
  }
  const began = performance.now();
  const again = await qes(folder, "sweep", file, "--no-bound", "--json");
  expect(JSON.parse(again.stdout).searches).toEqual(searches);
  expect(again.stderr).toBe("4 of 4 searches are done already\n");
  // Starting one process takes longer.
  expect(performance.now() - began).toBeLessThan(2000);
  const csv = (await qes(folder, "sweep", file, "--no-bound", "--csv", "--quiet")).stdout.split("\n");
  expect(csv[0]).toContain("search.evaluations");
  expect(csv[1].split(",")).toContain(searches[0].digest);
});

test("jobs of an array run one search each, side by side; the sweep then gathers them", async () => {
  const file = write("array.json", { ...plan, searches: [preset] });
  const options = ["--no-bound", "--quiet", "--keep", "all"];
  const jobs = [0, 1].map((index) => startQes(folder, "sweep", file, ...options, "--index", String(index)));
  for (const { outcome } of jobs) expect((await outcome).code).toBe(0);
  const listed = await qesJson(folder, "sweep", file, "--no-bound", "--list");
  expect(listed.searches.map(({ status, run }: Row) => [status, run])).toEqual([
    ["done", null],
    ["done", null],
  ]);
  const gathered = await qesJson(folder, "sweep", file, ...options);
  expect(gathered.searches.map(({ run }: Row) => run)).toEqual([1, 2]);
  const [first] = await qesJson(folder, "runs", gathered.archive);
  expect(first).toMatchObject({ status: "done", digest: gathered.searches[0].digest });
});

test("killed at any moment, the same command goes on to the same digests", async () => {
  const file = write("killed.json", { ...plan, set: [{ "search.evaluations": [20_000] }] });
  const whole: { searches: Row[] } = await qesJson(folder, "sweep", file, "--no-bound", "-o", "whole");
  const args = ["sweep", file, "--no-bound", "--quiet", "-o", "cut", "--json"];
  for (let kill = 0; kill < 4; kill++) {
    const { process: parent, outcome } = startQes(folder, ...args);
    await pause(250 * (kill + 1));
    parent.kill("SIGKILL");
    await outcome;
  }
  // A search whose sweep was killed runs on and holds its archive until it is done, which is waited for.
  const last = await qes(folder, ...args);
  expect(last.code).toBe(0);
  const { searches, archive }: { searches: Row[]; archive: string } = JSON.parse(last.stdout);
  expect(searches.map(({ digest }) => digest)).toEqual(whole.searches.map(({ digest }) => digest));
  const report = await qesJson(folder, "verify", archive);
  expect(report).toMatchObject({ runs: 4, findings: [] });
  expect(readdirSync(join(folder, "cut/searches")).filter((name) => !name.endsWith(".json"))).toEqual([]);
}, 60_000);

test("a score that contains noise is given as fresh noise has it, beside what selected it", async () => {
  const set = [
    { score: [{ kind: "forward", repeats: 1, resolution: 32, maxChannels: 8 }] },
    { "search.evaluations": [40] },
  ];
  const file = write("noisy.json", { searches: [preset], set });
  const { searches, archive } = await qesJson(folder, "sweep", file);
  const [best] = await qesJson(folder, "best", archive);
  expect(searches[0]).toMatchObject({ score: best.measured.score, scoreError: best.measured.scoreError });
  expect(searches[0].selectedAt).not.toBe(searches[0].score);
  expect((await qes(folder, "sweep", file, "--quiet")).stdout).toContain(` ${best.measured.score.toFixed(3)} +- `);
});

test("a search that cannot run is told, the others run, and the exit code says it", async () => {
  const set = [{ "search.evaluations": [300] }, { "budgets.bitops": [5e9, 1000] }];
  const file = write("failing.json", { searches: [preset], set });
  const { code, stdout, stderr } = await qes(folder, "sweep", file, "--quiet", "--no-bound");
  expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
  expect(stdout).toMatch(/^1 .* failed +- +-$/m);
  expect(stdout).toMatch(/1 of 2 searches done\nsearch 1: qes: .*bitops/);
  const wrong = write("wrong.json", { searches: [preset], set: [{ "budgets.bitop": [1] }] });
  expect(await qes(folder, "sweep", wrong)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^qes: wrong.json: search 0: .*budgets.bitop: unknown key; did you mean bitops/),
  });
});

test("mistakes are told", async () => {
  write("ten-million.json", { searches: new Array(1000).fill(preset), seeds: "1..10000" });
  const cases: [string[], RegExp][] = [
    [["ten-million.json"], /^qes: ten-million.json: expected at most 100000 searches, got 10000000; take fewer/],
    [["none.yaml"], /^qes: none.yaml: no such file/],
    [
      [write("one.json", { searches: ["imagenet-mixed-7.0"] })],
      /^qes: one.json: search 0: no preset .*imagenet-mixed-7.0g/,
    ],
    [[write("two.json", { searches: [preset] }), "--index", "1"], /^qes: --index: expected at most 0, the last search/],
    [["two.json", "--json", "--csv"], /^qes: --csv: not together with --json/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await qes(folder, "sweep", ...args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  }
});

test("merge adds runs of archives to one", async () => {
  for (const seed of ["1", "2"]) {
    await qesJson(folder, "search", preset, "--evaluations", "500", "--seed", seed, "--archive", `m${seed}.sqlite`);
  }
  const { code, stdout, stderr } = await qes(folder, "merge", "m1.sqlite", "m2.sqlite", "--into", "m.sqlite");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "m1.sqlite: run 1 as 1\nm2.sqlite: run 1 as 2\n" });
  expect(stdout).toBe("m.sqlite: 2 runs of 2 archives; list them with: qes runs m.sqlite\n");
  expect(await qesJson(folder, "runs", "m.sqlite")).toHaveLength(2);
  expect((await qes(folder, "merge", "m1.sqlite", "--into", "m.sqlite")).stderr).toBe("m1.sqlite: 1 there already\n");
  const wrong = await qes(folder, "merge", "m1.sqlite");
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/^qes: --into: expected/) });
  expect((await qes(folder, "merge", "m.sqlite", "--into", "m.sqlite")).code).toBe(2);
  writeFileSync(join(folder, "empty.csv"), "");
  expect(await qes(folder, "merge", "m1.sqlite", "empty.csv", "--into", "q.sqlite")).toMatchObject({
    code: 2,
    stderr: "qes: empty.csv: the file is empty; there is no archive in it\n",
  });
  expect(existsSync(join(folder, "q.sqlite"))).toBe(false);
});
