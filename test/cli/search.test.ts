import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { UserError } from "../../src/base/user-error.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { parseStructure } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { startSearch } from "../../src/run/run.ts";
import { sizesAfter } from "../../src/search/sizes.ts";
import { structureOf } from "../../src/space/genome.ts";
import { naiveCosts } from "../naive/costs.ts";
import { naiveScore } from "../naive/score.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson, startQes } from "./qes.ts";

const folder = temporaryFolder();
const preset = "imagenet-mixed-7.0g";
const settings = { stageWeights: [0, 0, 1, 1, 6], sigmaActivation: 5, sigmaWeight: 4 };
const small = ["search", preset, "--seed", "3", "--evaluations", "20000", "--no-bound"];

/** Whether the file is a sound SQLite file with every genome once in its context. */
function soundness(file: string) {
  const db = new Database(join(folder, file), { readonly: true });
  const integrity = db.pragma("integrity_check", { simple: true });
  const repeated = db
    .prepare("SELECT count(*) AS n FROM (SELECT 1 FROM candidate GROUP BY context, genome HAVING count(*) > 1)")
    .get();
  const { rows } = db.prepare("SELECT count(*) AS rows FROM candidate").get() as { rows: number };
  db.close();
  return { integrity, repeated, rows };
}

/** Of a search of the preset, the start's included. */
function generationsOf(children: number): number {
  const { search } = parseConfig(presetValue(preset), preset);
  let generations = 1;
  for (let bred = 0; bred < children; bred += sizesAfter(bred, search).children) generations++;
  return generations;
}

describe("search", () => {
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  let result: any;
  beforeAll(async () => {
    result = await qesJson(folder, ...small, "--threads", "0", "--archive", "a.sqlite");
  });

  test("--json prints every field of the contract, and its figures add up", () => {
    expect(result).toMatchObject({
      run: 1,
      archive: "a.sqlite",
      preset,
      seed: 3,
      evaluations: 20000,
      failed: 0,
      reused: 0,
    });
    expect(result.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(result.scored + result.duplicates + result.overBudget).toBe(20001);
    expect(result.generations).toBe(generationsOf(20_000));
    expect(result.seconds).toBeGreaterThan(0);
    expect(result.childrenPerSecond).toBeGreaterThan(0);
    const { srams: _, ...costs } = naiveCosts(parseStructure(result.best.structure, "best"), 224);
    expect(result.best.costs).toMatchObject(costs);
    expect(costs.bitops).toBeLessThanOrEqual(6.976e9);
    expect(costs.layers).toBeLessThanOrEqual(47);
    const { score } = naiveScore(result.best.structure, settings);
    expect(Math.abs(result.best.score - score)).toBeLessThan(1e-9 * score);
  });

  test("the result of 20,000 children from seed 3 is the same on every machine", () => {
    expect({ digest: result.digest, score: result.best.score }).toMatchInlineSnapshot(`
      {
        "digest": "00fc06d36c5595e43d794f73c01fb1036cf7f48165addff78eb094afaa7b39d5",
        "score": 1233.266955288638,
      }
    `);
  });

  test.each(["1", "2"])("gives the same digest with --threads %s", async (threads) => {
    const other = await qesJson(folder, ...small, "--threads", threads, "--archive", `threads-${threads}.sqlite`);
    expect(other.digest).toBe(result.digest);
    expect(other.best).toEqual(result.best);
    expect(other.scored).toBe(result.scored);
  });

  test("leaves a sound archive: every scored candidate, each genome once, and no other file", () => {
    expect(soundness("a.sqlite")).toEqual({ integrity: "ok", repeated: { n: 0 }, rows: result.scored });
    expect(readdirSync(folder).filter((file) => file.startsWith("a.sqlite"))).toEqual(["a.sqlite"]);
  });

  test("keeps the naive costs and scores of its candidates", () => {
    const config = parseConfig(presetValue(preset), preset);
    const space = openProblem(config).space;
    const db = new Database(join(folder, "a.sqlite"), { readonly: true });
    const rows = db.prepare("SELECT * FROM candidate WHERE run = 1 AND rowid % 37 = 1").all() as {
      genome: Uint8Array;
      score: number;
    }[];
    db.close();
    expect(rows.length).toBeGreaterThan(100);
    for (const { genome, score, ...row } of rows) {
      const structure = structureOf(space, genome, 0);
      const { srams: _, sramLive: sram_live, ...costs } = naiveCosts(structure, 224);
      expect(row).toMatchObject({ ...costs, sram_live });
      expect(Math.abs(score - naiveScore(structure, settings).score)).toBeLessThan(1e-9 * Math.abs(score));
    }
  });

  test("another budget on the same archive reuses scores, and changes nothing in the result", async () => {
    const other = [...small, "--set", "budgets.bitops=5e9"];
    const alone = await qesJson(folder, ...other, "--archive", "alone.sqlite");
    const reusing = await qesJson(folder, ...other, "--archive", "a.sqlite");
    expect(reusing.run).toBe(2);
    expect(reusing.reused).toBeGreaterThan(0);
    expect(alone.reused).toBe(0);
    expect(reusing.scored + reusing.reused).toBe(alone.scored);
    expect(reusing.digest).toBe(alone.digest);
    expect(soundness("a.sqlite")).toMatchObject({
      integrity: "ok",
      repeated: { n: 0 },
      rows: result.scored + reusing.scored,
    });
  });

  test("the same search again on its archive scores nothing and gives the same digest", async () => {
    const again = await qesJson(folder, ...small, "--archive", "threads-1.sqlite");
    expect(again).toMatchObject({ run: 2, scored: 0, reused: result.scored, digest: result.digest });
  });

  test("best --format txt is read by score, which gives the same bits", async () => {
    const { stdout, code } = await qes(folder, "best", "a.sqlite", "--run", "1", "--format", "txt", "--top", "3");
    expect(code).toBe(0);
    expect(stdout.startsWith("{'space_arch': 'CnnNet', 'best_structures': [[{'class': 'ConvKXBNRELU'")).toBe(true);
    writeFileSync(join(folder, "best.txt"), stdout);
    const scored = await qesJson(folder, "score", "best.txt");
    const best = JSON.parse(
      (await qes(folder, "best", "a.sqlite", "--run", "1", "--format", "json", "--top", "3")).stdout,
    );
    expect(scored).toHaveLength(3);
    expect(scored.map((row: { score: number }) => row.score)).toEqual(best.map((row: { score: number }) => row.score));
    expect(scored.map((row: { costs: object }) => row.costs)).toEqual(best.map((row: { costs: object }) => row.costs));
    expect(scored[0].score).toBe(result.best.score);
    expect(best[0]).toEqual(result.best);
  });

  test("resume --evaluations extends a finished run", async () => {
    const before = await qesJson(folder, "runs", "threads-2.sqlite");
    expect(before).toMatchObject([{ run: 1, status: "done", evaluations: 20000, of: 20000, seed: 3 }]);
    const extended = await qesJson(folder, "resume", "threads-2.sqlite", "--evaluations", "25000", "--no-bound");
    expect(extended).toMatchObject({ run: 1, evaluations: 25000 });
    expect(extended.best.score).toBeGreaterThanOrEqual(result.best.score);
    expect(await qesJson(folder, "runs", "threads-2.sqlite")).toMatchObject([
      { status: "done", evaluations: 25000, of: 25000 },
    ]);
    expect(soundness("threads-2.sqlite")).toMatchObject({ integrity: "ok", repeated: { n: 0 }, rows: extended.scored });
  });

  test("extending a finished run by nothing is refused and leaves it finished", async () => {
    const { code, stderr } = await qes(folder, "resume", "alone.sqlite", "--run", "1", "--evaluations", "20000");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "qes: evaluations: run 1 has bred 20000 children already; give a larger total than 20000\n",
    });
    expect(await qesJson(folder, "runs", "alone.sqlite")).toMatchObject([{ status: "done" }]);
  });
});

/** Small generations make a run slow enough to be met half-way. */
const slow = [
  "search",
  preset,
  "--evaluations",
  "16000",
  "--set",
  "search.generation=8",
  "--set",
  "search.population=64",
];

/** Waits until the archive's run has bred that many children. */
async function bred(file: string, children: number): Promise<void> {
  for (;;) {
    if (childrenOf(join(folder, file)) >= children) return;
    await pause(5);
  }
}

/** Read as any reader would while the search writes; 0 before the archive is there. */
function childrenOf(path: string): number {
  try {
    const archive = Archive.openForReading(path);
    const [run] = archive.runs();
    archive.close();
    return run?.checkpoint?.counters.evaluations ?? 0;
  } catch (error) {
    if (error instanceof UserError) return 0;
    throw error;
  }
}

describe("interruption", () => {
  let digest: string;
  beforeAll(async () => {
    ({ digest } = await qesJson(folder, ...slow, "--no-bound", "--archive", "whole.sqlite"));
  });

  test.each(["0", "2"])("SIGKILL half-way and resume give the same digest, --threads %s", async (threads) => {
    const file = `killed-${threads}.sqlite`;
    const { process: child, outcome } = startQes(
      folder,
      ...slow,
      "--no-bound",
      "--archive",
      file,
      "--threads",
      threads,
    );
    await bred(file, 3000);
    child.kill("SIGKILL");
    expect((await outcome).signal).toBe("SIGKILL");
    const [run] = await qesJson(folder, "runs", file);
    expect(run.status).toBe("stopped");
    expect(run.evaluations).toBeLessThan(16000);
    const resumed = await qesJson(folder, "resume", file, "--no-bound");
    expect(resumed).toMatchObject({ evaluations: 16000, digest });
    expect(soundness(file)).toMatchObject({ integrity: "ok", repeated: { n: 0 }, rows: resumed.scored });
  });

  test.each(["SIGINT"] as const)(
    "%s stops after a checkpoint with 130, says how to go on, and resume gives the same digest",
    async (signal) => {
      const file = `${signal}.sqlite`;
      const { process: child, outcome } = startQes(folder, ...slow, "--archive", file);
      await bred(file, 1000);
      child.kill(signal);
      const { code, stdout, stderr } = await outcome;
      expect(code).toBe(130);
      expect(stdout).toContain("no bound: the search was stopped before it was known");
      expect(stderr).toContain(`qes resume ${file} --run 1`);
      const resumed = await qesJson(folder, "resume", file, "--threads", "1", "--no-bound");
      expect(resumed.digest).toBe(digest);
    },
  );

  test("runs says running of the run that a process writes, and stopped of it when that process is done with it", async () => {
    const archive = Archive.openForWriting(join(folder, "held.sqlite"));
    const config = JSON.stringify(parseConfig(presetValue(preset), preset));
    const [first, second] = [1, 2].map(() => archive.createRun(preset, archive.contextId("held"), config, "now"));
    archive.startRun(first, config);
    archive.startRun(second, config);
    const statuses = async () =>
      (await qesJson(folder, "runs", "held.sqlite")).map(({ status }: { status: string }) => status);
    expect(await statuses()).toEqual(["stopped", "running"]);
    archive.close();
    expect(await statuses()).toEqual(["stopped", "stopped"]);
  });

  test("a second search on an archive in use is refused with the holder's name, and the first goes on", async () => {
    const first = startQes(folder, ...slow, "--no-bound", "--archive", "busy.sqlite", "--json");
    await bred("busy.sqlite", 8);
    // Not a second process: while one starts, the first may end.
    const second = startSearch(parseConfig(presetValue(preset), preset), {
      archive: join(folder, "busy.sqlite"),
      clock: () => 0,
    });
    await expect(second).rejects.toThrow(UserError);
    await expect(second).rejects.toThrow(`busy.sqlite: held by process ${first.process.pid} on`);
    const { code, stdout } = await first.outcome;
    expect(code).toBe(0);
    expect(JSON.parse(stdout).digest).toBe(digest);
  });
});

test("the published search ends above the published network, within both budgets, in less than a minute", async () => {
  const began = performance.now();
  const result = await qesJson(
    folder,
    "search",
    preset,
    "--seed",
    "1",
    "--set",
    "search.stopGap=off",
    "--archive",
    "published.sqlite",
  );
  expect((performance.now() - began) / 1000).toBeLessThan(60);
  expect(result.evaluations).toBe(500_000);
  expect(result.digest).toMatch(/^614b34f6/);
  expect(result.best.score).toBe(1233.4799846745675);
  expect(result.best.score).toBeGreaterThan(1224.54);
  expect(result.best.costs.bitops).toBeLessThanOrEqual(6.976e9);
  expect(result.best.costs.layers).toBeLessThanOrEqual(47);
  expect(Math.abs(naiveScore(result.best.structure, settings).score - result.best.score)).toBeLessThan(1e-8);
});
