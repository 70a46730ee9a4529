import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { builtFile } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson } from "./qes.ts";

const folder = temporaryFolder();
const bare = join(folder, "bare");

beforeAll(async () => {
  mkdirSync(bare);
  await qesJson(folder, "search", "imagenet-mixed-7.0g", "--evaluations", "300");
  await qesJson(folder, "search", "imagenet-mixed-7.0g", "--evaluations", "400", "--seed", "2");
});

describe("without the name of an archive", () => {
  test.each([["runs"], ["best"], ["verify"], ["rank"], ["refine"], ["export", "--format", "json"]])(
    "%s takes that of the folder, as with its name",
    async (...args) => {
      const [command, ...options] = args;
      const { code, stdout } = await qes(folder, command, ...options);
      expect(code).toBe(0);
      expect(stdout).toBe((await qes(folder, command, "qes.sqlite", ...options)).stdout);
    },
  );

  test("resume extends the last run of that of the folder", async () => {
    expect((await qesJson(folder, "resume", "--evaluations", "500")).run).toBe(2);
    expect((await qesJson(folder, "runs"))[1].evaluations).toBe(500);
    const { stdout } = await qes(folder, "resume", "--evaluations", "650", "--no-bound");
    expect(stdout).toMatch(/^650 children in \S+ \S+ in all, 150 of them now \(\S+\/s\): /m);
    const fresh = ["search", "imagenet-mixed-7.0g", "--evaluations", "300", "--no-bound", "--archive", ":memory:"];
    expect((await qes(folder, ...fresh)).stdout).toMatch(/^300 children in \S+ \S+ \(\S+\/s\): /m);
  });

  test.each([["runs"], ["best"], ["verify"], ["rank"], ["refine"], ["export", "--format", "json"], ["resume"]])(
    "%s says in a folder without one what to give, or to make",
    async (...args) => {
      const { code, stdout, stderr } = await qes(bare, ...args);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toBe(
        "qes: expected an archive, or qes.sqlite in this folder, got neither; give a path, or make one with qes search\n",
      );
    },
  );

  test("prune, which takes something away, wants the name", async () => {
    expect((await qes(folder, "prune")).stderr).toContain("prune: expected <archive>, got nothing");
  });
});

describe("an archive in the place of a file of networks", () => {
  test("is the best network of its last run, or of the given one, to score, rank and refine", async () => {
    const [first] = await qesJson(folder, "best", "--run", "1");
    const [last] = await qesJson(folder, "best");
    expect(first.score).not.toBe(last.score);
    expect(await qesJson(folder, "score", "qes.sqlite")).toMatchObject([
      { name: "qes run 2 network 1", score: last.score, costs: last.costs },
    ]);
    for (const command of ["score", "rank", "refine"]) {
      const [one] = await qesJson(folder, command, "qes.sqlite", "--run", "1");
      expect(one.name).toBe("qes run 1 network 1");
    }
    const [refined] = await qesJson(folder, "refine", "--run", "1");
    expect(refined.scoreBefore).toBe(first.score);
  });

  test("does not come through a pipe, which says so", () => {
    const input = readFileSync(join(folder, "qes.sqlite"));
    const { status, stderr } = spawnSync(process.execPath, [builtFile("src/cli/main.js"), "score", "-"], { input });
    expect([status, String(stderr)]).toEqual([
      2,
      "qes: /dev/stdin: expected networks, got an archive through a pipe; give the path of its file\n",
    ]);
  });

  test("is what --run is about: with a file it is refused", async () => {
    const { stderr } = await qes(folder, "score", "nets.json", "--run", "1");
    expect(stderr).toBe("qes: --run: expected an archive beside it, got nets.json; leave it out\n");
  });
});
