import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";

/** The summary of a report with tests of these states, after a command that ended with a code. */
function summary(states: readonly string[] | undefined, code: number) {
  const file = join(temporaryFolder(), "report.json");
  if (states !== undefined) {
    const count = (state: string) => states.filter((other) => other === state).length;
    const assertionResults = states.map((status, i) => ({ status, fullName: `test ${i}` }));
    const [numPassedTests, numFailedTests] = [count("passed"), count("failed")];
    writeFileSync(file, JSON.stringify({ numPassedTests, numFailedTests, testResults: [{ assertionResults }] }));
  }
  const script = join(packageRoot, "scripts/ci-summary.mjs");
  const { status, stdout } = spawnSync(process.execPath, [script, file, String(code)], { encoding: "utf8" });
  return { status, stdout };
}

test("passed and failed tests are counted, and a failure fails", () => {
  expect(summary(["passed", "passed"], 0)).toEqual({ status: 0, stdout: "2 passed, 0 failed\n" });
  expect(summary(["passed", "failed"], 1)).toEqual({ status: 1, stdout: "1 passed, 1 failed\n" });
});

test("skipped tests are named and counted", () => {
  expect(summary(["passed", "skipped", "pending", "todo"], 0)).toEqual({
    status: 0,
    stdout: "skipped: test 1\nskipped: test 2\nskipped: test 3\n1 passed, 0 failed, 3 skipped\n",
  });
});

test("a command that failed before or after the tests is a failure", () => {
  expect(summary(undefined, 1)).toEqual({ status: 1, stdout: "0 passed, 1 failed\n" });
  expect(summary(["passed"], 1)).toEqual({ status: 1, stdout: "1 passed, 1 failed\n" });
});
