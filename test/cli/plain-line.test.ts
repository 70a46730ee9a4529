import fc from "fast-check";
import { expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { readPlainLine } from "../../src/cli/plain-line.ts";
import { readLine } from "../../src/cli/yargs-line.ts";

const names = commands.map(({ usage }) => usage.split(" ")[0]);
const options = new Set<string>();
for (const entry of commands) for (const name of Object.keys((await entry.load()).options)) options.add(name);

const value = fc.oneof(
  fc.constantFrom(
    "imagenet-mixed-7.0g",
    "a.sqlite",
    "search.seed=2",
    "x=[1, 2]",
    "5",
    "007",
    "1e3",
    "0x10",
    "1.50",
    "-1",
  ),
  fc.constantFrom(
    "true",
    "false",
    "null",
    "",
    " ",
    "a b",
    "'a'",
    '"a"',
    "a'b",
    "-",
    "--",
    "-q",
    "txt",
    "json",
    "kernel",
  ),
  fc.string(),
);
const option = fc.constantFrom(...options, "help", "version", "no-json", "sed", "set.a", "__proto__");
const word = fc.oneof(
  value,
  option.map((name) => `--${name}`),
  fc.tuple(option, value).map(([name, text]) => `--${name}=${text}`),
);
/** Mostly right, so that many are plain. */
const line = fc
  .tuple(fc.constantFrom(...names), fc.array(word, { maxLength: 6 }))
  .map(([name, words]) => [name, ...words]);

test("a line that is read without yargs is read as yargs reads it", async () => {
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(line, async (words) => {
      const read = await readPlainLine(words);
      if (read === undefined) return;
      plain++;
      const byYargs = await readLine(words);
      expect(byYargs?.command).toBe(read.command);
      const { _, $0, ...args } = byYargs!.args;
      expect(read.args).toEqual(args);
    }),
    { numRuns: 1000 },
  );
  expect(plain).toBeGreaterThan(50);
});

test.each([
  ["search imagenet-mixed-7.0g"],
  ["search imagenet-mixed-7.0g --seed 2 --set a=1 --set=b=2 --archive=a.sqlite --json"],
  ["search --device stm32f746 --task vww"],
  ["resume a.sqlite --run 1"],
  ["best qes.sqlite --format txt"],
  ["presets"],
])("qes %s needs no yargs", async (text) => {
  expect(await readPlainLine(text.split(" "))).toBeDefined();
});

test.each([
  ["serch x"],
  ["search x --help"],
  ["search x y"],
  ["search x --evalutions 5"],
  ["search x --seed -1"],
  ["search x --seed 1 --seed 2"],
  ["search x --seed"],
  ["search x --json=true"],
  ["search x -- y"],
  ["best a.sqlite --format xml"],
  ["bench all"],
  ["resume"],
])("qes %s is left to yargs", async (text) => {
  expect(await readPlainLine(text.split(" "))).toBeUndefined();
});
