import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { UserError } from "../../src/base/user-error.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { parseSeeds } from "../../src/config/sweep-plan.ts";
import { sizesAfter } from "../../src/search/sizes.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson, startQes } from "./qes.ts";

const folder = temporaryFolder();
const preset = "imagenet-mixed-7.0g";
const search = ["search", preset, "--evaluations", "6000"];

interface Seed {
  readonly seed: number;
  readonly archive: string;
  readonly digest: string;
  readonly best: number;
  readonly status: string;
  readonly evaluations: number;
  readonly untilBest: number;
}

test("seeds are read as a range or a list", () => {
  expect(parseSeeds("3..5", "seeds")).toEqual([3, 4, 5]);
  expect(parseSeeds("9,1,9", "seeds")).toEqual([9, 1]);
  expect(parseSeeds("0..0", "seeds")).toEqual([0]);
  for (const wrong of ["", "5..3", "1..", "a", "1;2", "-1..2", "1..1e3", "0..10000"]) {
    expect(() => parseSeeds(wrong, "seeds"), wrong).toThrow(UserError);
  }
});

test("each seed comes to what it comes to alone, the summary counts them, and the same command again runs nothing", async () => {
  const result = await qesJson(folder, ...search, "--seeds", "1..3");
  const seeds: Seed[] = result.seeds;
  expect(seeds.map(({ seed, archive }) => [seed, archive])).toEqual(
    [1, 2, 3].map((seed) => [seed, `qes-seed-${seed}.sqlite`]),
  );
  expect(result).toMatchObject({ preset, asked: 3, done: 3 });
  for (const { seed, digest, best, evaluations, untilBest } of seeds) {
    const of = (evaluations: number, archive: string) => {
      const one = ["--evaluations", `${evaluations}`, "--seed", `${seed}`, "--archive", archive];
      return qesJson(folder, "search", preset, ...one, "--no-bound");
    };
    const alone = await of(6000, `alone-${seed}.sqlite`);
    expect({ digest, best, evaluations }).toEqual({ digest: alone.digest, best: alone.best.score, evaluations: 6000 });
    // With the children until its best a search ends as high, without the last generation of them lower.
    expect((await of(untilBest, ":memory:")).best.score).toBe(best);
    let before = 0;
    const { search: sizes } = parseConfig(presetValue(preset), preset);
    for (let bred = 0; bred < untilBest; bred += sizesAfter(bred, sizes).children) before = bred;
    expect((await of(before, ":memory:")).best.score).toBeLessThan(best);
  }
  const scores = seeds.map(({ best }) => best);
  expect(result.best).toMatchObject({ score: Math.max(...scores), run: 1 });
  expect(result.reachedOptimum).toBe(scores.filter((score) => score > result.upperBound * (1 - 1e-9)).length);
  expect(result.medianChildren).toBe(seeds.map(({ untilBest }) => untilBest).sort((a, b) => a - b)[1]);

  const again = await qesJson(folder, ...search, "--seeds", "1..3");
  expect(again.seeds).toEqual(seeds);
  expect(again.upperBound).toBeCloseTo(result.upperBound, 9);
  expect(await qesJson(folder, "runs", "qes-seed-2.sqlite")).toHaveLength(1);
  const { stdout } = await qes(folder, ...search, "--seeds", "2,3");
  expect(stdout).toMatch(
    /2 of 2 seeds done, the best score is .*\nno network scores more than .*, proven; reached by \d of 2 seeds/,
  );
}, 60_000);

test("stopped in the middle, every run is at a checkpoint; the same command goes on to the same digests", async () => {
  const slow = [
    ...search,
    "--set",
    "search.generation=8",
    "--set",
    "search.population=64",
    "--seeds",
    "1..2",
    "--no-bound",
  ];
  const whole = await qesJson(folder, ...slow, "--archive", "whole.sqlite");
  expect(whole).toMatchObject({ upperBound: null, reachedOptimum: null });
  const { name, code, stdout, stderr } = await stoppedSearch(slow);
  expect(code).toBe(130);
  expect(stdout).toContain("stopped");
  expect(stderr).toContain("stopped; the same command goes on");
  const [before] = await qesJson(folder, "runs", `${name}-seed-1.sqlite`);
  expect(before.status).toBe("stopped");
  const result = await qesJson(folder, ...slow, "--archive", `${name}.sqlite`);
  expect(result.seeds.map(({ digest }: Seed) => digest)).toEqual(whole.seeds.map(({ digest }: Seed) => digest));
  const [after] = await qesJson(folder, "runs", `${name}-seed-1.sqlite`);
  expect(after).toMatchObject({ run: 1, status: "done", started: before.started });
}, 60_000);

/** A search whose first seed got its signal in the middle: on a busy machine that seed may be done before. */
async function stoppedSearch(args: string[]) {
  for (let attempt = 1; ; attempt++) {
    const name = `cut${attempt}`;
    const { process: parent, outcome } = startQes(folder, ...args, "--archive", `${name}.sqlite`, "--quiet");
    while (childrenOf(`${name}-seed-1.sqlite`) < 500) await pause(5);
    parent.kill("SIGINT");
    const ended = await outcome;
    const [first] = await qesJson(folder, "runs", `${name}-seed-1.sqlite`);
    if (first.status === "stopped" || attempt === 5) return { name, ...ended };
  }
}

function childrenOf(file: string): number {
  try {
    const archive = Archive.openForReading(join(folder, file));
    const [run] = archive.runs();
    archive.close();
    return run?.checkpoint?.counters.evaluations ?? 0;
  } catch (error) {
    if (error instanceof UserError) return 0;
    throw error;
  }
}

test("mistakes are told with exit code 2, those that a search meets with the seed", async () => {
  const cases: [string[], RegExp][] = [
    [["--seeds", "1-10"], /^qes: --seeds: expected such as 1\.\.10 or 1,5,9/],
    [["--seeds", "1..2", "--seed", "3"], /^qes: --seeds: not together with --seed/],
    [["--seeds", "1..2", "--archive", ":memory:"], /^qes: --seeds: expected an archive in a file/],
    [["--seeds", "4..4", "--set", "budgets.bitops=1e9"], /^seed 4: qes: .*bitops/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await qes(folder, ...search, ...args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  }
});
