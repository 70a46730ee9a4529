import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { bestNetworks } from "../../src/run/archived.ts";
import type { Candidate } from "../../src/run/candidate.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson, startQes } from "./qes.ts";

const folder = temporaryFolder();
/** As noisy as can be, so that what noise selects differs from what is best. */
const forward = [
  "imagenet-mixed-7.0g",
  "--set",
  "score.kind=forward",
  "--set",
  "score.repeats=1",
  "--set",
  "score.rescaled=false",
];
const small = ["--set", "score.resolution=32", "--set", "score.maxChannels=8", "--evaluations", "60"];
const figures = ({ score, measured }: Candidate) => ({ score, measured });

describe("a forward search", () => {
  let result: { best: Candidate; digest: string };
  beforeAll(async () => {
    result = await qesJson(folder, "search", ...forward, ...small, "--archive", "f.sqlite");
  });

  test("has the same figures in --json, in its summary and in best", async () => {
    const { measured } = result.best;
    expect(measured!.scoring).toMatchObject({ kind: "forward", repeats: 32 });
    const { stdout } = await qes(folder, "search", ...forward, ...small, "--threads", "0", "--archive", ":memory:");
    const [, score, error, selected] =
      /^best score (\S+) \+- (\S+), the mean of 32 draws of fresh noise; selected at (\S+)\n/.exec(stdout)!;
    expect(Number(selected)).toBe(result.best.score);
    expect(Math.abs(Number(error) - measured!.scoreError!)).toBeLessThan(0.01 * Number(error) + 0.05);
    expect(Math.abs(Number(score) - measured!.score!)).toBeLessThan(Number(error));
    const best: Candidate[] = await qesJson(folder, "best", "f.sqlite", "--top", "2");
    expect(figures(best[0])).toEqual(figures(result.best));
    const table = (await qes(folder, "best", "f.sqlite")).stdout.split("\n");
    expect(table[0]).toMatch(/^# +measured +\+- +selected at +resolution/);
    expect(table[1].trim().split(/ +/).slice(0, 4)).toEqual(["1", score, error, selected]);
    expect(table[2]).toBe("measured: the mean of 32 draws of fresh noise, +- its standard error");
  });

  test("is exported as the network that best shows first, which is not the one that noise selected", async () => {
    const selected = bestNetworks(join(folder, "f.sqlite")).networks[0];
    expect(selected.structure).not.toEqual(result.best.structure);
    const { stdout } = await qes(folder, "export", "f.sqlite", "--format", "json");
    expect(JSON.parse(stdout).structure).toEqual(result.best.structure);
  });

  test("of several seeds has the measured figures of each, and runs say that its best was selected", async () => {
    const { seeds, best } = await qesJson(folder, "search", ...forward, ...small, "--seeds", "1..2");
    expect(seeds[0].measured).toEqual(result.best.measured);
    expect(best.score).toBe(Math.max(...seeds.map(({ measured }: Candidate) => measured!.score!)));
    const again = await qes(folder, "search", ...forward, ...small, "--seeds", "1..2", "--quiet");
    const [, score, error] = /^ +1 +(\S+) \+- (\S+) /m.exec(again.stdout)!;
    expect(Math.abs(Number(score) - result.best.measured!.score!)).toBeLessThan(Number(error));
    expect((await qes(folder, "runs", "f.sqlite")).stdout).toContain("  selected at ");
    expect(await qesJson(folder, "runs", "f.sqlite")).toMatchObject([{ selectedByNoise: true }]);
  });

  test("that gets a signal while it is measured ends with what it has, done", async () => {
    const wide = ["--set", "score.batch=8", "--evaluations", "20", "--threads", "1", "--archive", "g.sqlite"];
    const { process: child, outcome } = startQes(folder, "search", ...forward, ...wide);
    child.stderr!.on("data", (text: string) => {
      if (text.includes("measuring the best networks again")) child.kill("SIGINT");
    });
    const { code, stdout } = await outcome;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^selected at \S+, too high by the luck of its noise; not measured again: it was stopped\n/);
    expect(stdout).toMatch(/^digest [0-9a-f]{64}$/m);
    const runs = await qesJson(folder, "runs", "g.sqlite");
    expect(runs).toMatchObject([{ status: "done", selectedByNoise: true, digest: /^digest (\S+)$/m.exec(stdout)![1] }]);
  });
});

test("best --measure measures the best of an analytic run too, in every format", async () => {
  await qesJson(folder, "search", "imagenet-mixed-7.0g", "--evaluations", "500", "--archive", "a.sqlite");
  const measure = ["best", "a.sqlite", "--top", "2", "--measure", "2", "--threads", "0"];
  const plain: Candidate[] = await qesJson(folder, "best", "a.sqlite", "--top", "2");
  const best: Candidate[] = await qesJson(folder, ...measure);
  expect(best.map(({ measured: _, ...network }) => network)).toEqual(plain);
  const csv = (await qes(folder, ...measure, "--csv")).stdout.split("\n").map((line) => line.split(","));
  expect(csv[0].slice(0, 4)).toEqual(["rank", "measured", "measuredError", "score"]);
  best.forEach(({ score, measured }, i) => {
    expect(csv[i + 1].slice(1, 4).map(Number)).toEqual([measured!.score, measured!.scoreError, score]);
  });
  const { stdout } = await qes(folder, ...measure);
  expect(stdout).toMatch(/^# +measured +\+- +score +resolution/);
  expect(stdout).toContain("measured: the mean of 2 draws of fresh noise");
});
