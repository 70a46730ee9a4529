import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { boundProblem } from "../../src/bound/problem.ts";
import { solve } from "../../src/bound/solve.ts";
import { parseConfig } from "../../src/config/config.ts";
import { deviceNames, taskNames } from "../../src/config/devices.ts";
import { openProblem } from "../../src/problem/problem.ts";

/** QES_SLOW_TESTS=1 proves every cell, which takes minutes. */
const slow = process.env["QES_SLOW_TESTS"] === "1";
const quick = ["stm32l476 imagenet", "rp2040 kws", "rp2040 face", "esp32-s3 imagenet"];

const page = readFileSync(join(packageRoot, "docs/devices.md"), "utf8");
const rows = page
  .slice(page.indexOf("## What every board can hold"))
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").map((cell) => cell.trim()));
const tasks = rows[0].slice(2, -1);
const cells = rows
  .slice(2, 2 + deviceNames().length)
  .flatMap(([, device, ...scores]) => tasks.map((task, i) => [`${device} ${task}`, scores[i]] as const));

test("the table of optima in docs/devices.md has every board and every task", () => {
  const pairs = deviceNames().flatMap((device) => taskNames().map((task) => `${device} ${task}`));
  expect(cells.map(([pair]) => pair).sort()).toEqual(pairs.sort());
});

test.each(cells.filter(([pair]) => slow || quick.includes(pair)))("%s has the proven optimum %s", (pair, score) => {
  const [device, task] = pair.split(" ");
  const { spaces, budgets } = boundProblem(openProblem(parseConfig({ device, task }, pair)));
  const steps = solve(spaces, budgets, {});
  let step = steps.next();
  while (!step.done) step = steps.next();
  const { proven, networks } = step.value;
  expect(proven).toBe(true);
  expect(networks[0]?.score.toFixed(2) ?? "none fits").toBe(score);
});
