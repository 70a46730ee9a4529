import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../src/base/package-root.ts";
import { presetNames, presetValue } from "../../src/config/presets.ts";
import { temporaryFolder } from "../temporary.ts";
import { batch } from "./qes.ts";

const folder = temporaryFolder();

const presets = presetNames();
const commands = [
  ...["", "search", "resume", "sweep", "worker", "workers", "score", "latency", "runs", "best", "report", "watch"],
  ...["verify", "prune", "merge"],
  ...["presets", "preset"],
  ...["export", "import", "devices", "refine", "rank", "bound", "front", "verify-bound", "bench"],
];
const lines = [
  ["presets"],
  ["presets", "--json"],
  ["--version"],
  ...presets.map((name) => ["preset", name]),
  ...commands.map((command) => (command === "" ? ["--help"] : [command, "--help"])),
  ...commands.map((command) => ["help", command]),
];
const outcomes = batch(folder, lines);
const outcomeOf = (...line: string[]) => outcomes[lines.findIndex((other) => other.join(" ") === line.join(" "))];

test("every one of these succeeds, and says nothing beside", () => {
  for (const { code, stderr, changed } of outcomes)
    expect({ code, stderr, changed }).toEqual({ code: 0, stderr: "", changed: [] });
});

test("presets lists what is shipped", () => {
  const rows = JSON.parse(outcomeOf("presets", "--json").stdout);
  expect(rows.map((row: { name: string }) => row.name)).toEqual(presets);
  for (const name of presets) expect(outcomeOf("presets").stdout).toContain(name);
});

test.each(presets)("preset %s prints the YAML that a search reads", (name) => {
  expect(parse(outcomeOf("preset", name).stdout)).toEqual(presetValue(name));
});

describe("--help has usage, options and examples", () => {
  test("of every command", () => {
    const list = outcomeOf("--help").stdout.match(/Commands:\n([\s\S]*?)\n\n/)![1];
    expect([...list.matchAll(/^ {2}qes (\S+)/gm)].map(([, name]) => name)).toEqual(commands.slice(1));
  });

  test.each(commands)("qes %s --help", (command) => {
    expect(outcomeOf(...(command === "" ? [] : [command]), "--help").stdout).toMatchSnapshot();
  });
});

test.each(commands)("qes help %s prints the same", (command) => {
  expect(outcomeOf("help", command).stdout).toBe(outcomeOf(...(command === "" ? [] : [command]), "--help").stdout);
});

test("--version prints the version of the package", () => {
  expect(outcomeOf("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("the file that npx and an installed package start is executable", () => {
  const { bin } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
  const { stdout } = spawnSync(join(packageRoot, bin.qes), ["--version"], { encoding: "utf8" });
  expect(stdout).toBe(outcomeOf("--version").stdout);
});
