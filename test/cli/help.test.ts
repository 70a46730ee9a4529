import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { presetNames, presetValue } from "../../src/presets.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson } from "./qes.ts";

const folder = temporaryFolder();

test("presets lists what is shipped", async () => {
  const rows = await qesJson(folder, "presets");
  expect(rows.map((row: { name: string }) => row.name)).toEqual(presetNames());
  const { stdout } = await qes(folder, "presets");
  for (const name of presetNames()) expect(stdout).toContain(name);
});

test.each(presetNames())("preset %s prints the YAML that a search reads", async (name) => {
  const { stdout, code } = await qes(folder, "preset", name);
  expect(code).toBe(0);
  expect(parse(stdout)).toEqual(presetValue(name));
});

describe("--help has usage, options and examples", () => {
  const commands = ["", "search", "resume", "score", "runs", "best", "presets", "preset"];
  test.each(commands)("qes %s --help", async (command) => {
    const { stdout, stderr, code } = await qes(folder, ...(command === "" ? [] : [command]), "--help");
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toMatchSnapshot();
  });
});

test("--version prints the version of the package", async () => {
  expect((await qes(folder, "--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
