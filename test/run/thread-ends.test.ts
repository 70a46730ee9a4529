import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtFile, packageRoot } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const hook = join(packageRoot, "test/fixtures/workers/ends.cjs");

test("no thread of a search ends by an empty event loop, in which Node 20 may wait for ever", () => {
  const ends = join(folder, "ends.txt");
  const search = ["search", "imagenet-mixed-7.0g", "--threads", "2", "--archive", "a.sqlite", "--quiet"];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--require", hook, builtFile("src/cli/main.js"), ...search],
    { cwd: folder, encoding: "utf8", env: { ...process.env, ENDS: ends } },
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toMatch(/proven: no network/);
  // Scoring threads are ended from outside.
  expect(readFileSync(ends, "utf8").trim().split("\n").sort()).toEqual(["archive.cjs exit", "bound.cjs exit"]);
});

test.runIf(Number.parseInt(process.versions.node, 10) < 24)(
  "a command that worked for long collects garbage at its end, so that no compilation waits for that",
  () => {
    const search = [
      "search",
      "imagenet-mixed-7.0g",
      "--evaluations",
      "1000000",
      "--archive",
      ":memory:",
      "--no-bound",
      "--json",
    ];
    const command = ["--trace-gc", builtFile("src/cli/main.js"), ...search];
    const { stdout } = spawnSync(process.execPath, command, { cwd: folder, encoding: "utf8" });
    const [last] = stdout.trim().split("\n").reverse();
    expect(last).toMatch(/ms: Mark-Compact .* testing/);
  },
);
