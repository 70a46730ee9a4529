import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { endsWell } from "../../src/base/background-compilation.ts";
import { builtFile, packageRoot } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const preset = "imagenet-mixed-7.0g";

function traced(options: readonly string[], ...search: string[]): string {
  const command = [...options, builtFile("src/cli/main.js"), "search", preset, ...search];
  const { status, stdout } = spawnSync(process.execPath, command, { cwd: folder, encoding: "utf8", maxBuffer: 64e6 });
  expect(status).toBe(0);
  return stdout;
}

describe.skipIf(endsWell)("where Node does not end well while code is compiled in the background", () => {
  test("every thread of a search compiles its own code, and the main thread in the background", () => {
    const hook = join(packageRoot, "test/fixtures/workers/probe.cjs");
    const options = ["--trace-opt", "--require", hook];
    const stdout = traced(options, "--threads", "2", "--archive", "a.sqlite", "--quiet");
    const compiled = [...stdout.matchAll(/^.*compiling method .* qesProbe .* mode: ConcurrencyMode::k(\w+)\]/gm)];
    // Of archive, bound and two that score, each on entry, in its loop, or both; on a busy machine one may end before it is compiled.
    expect(compiled.length).toBeGreaterThanOrEqual(2);
    expect(new Set(compiled.map(([, mode]) => mode))).toEqual(new Set(["Synchronous"]));
    expect(stdout).toMatch(/mode: ConcurrencyMode::kConcurrent/);
  });

  test("a command that worked for long collects garbage at its end, so that no compilation waits for that", () => {
    const stdout = traced(
      ["--trace-gc"],
      ...["--evaluations", "1000000", "--archive", ":memory:", "--no-bound", "--json"],
    );
    expect(stdout.trim().split("\n").at(-1)).toMatch(/ms: Mark-Compact .* testing/);
  });
});
