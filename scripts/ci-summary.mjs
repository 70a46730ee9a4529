// Prints what was skipped and `N passed, N failed` from vitest's JSON report; a command that failed without a failed test counts as one failure.
import { readFileSync } from "node:fs";

const [file, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = [];
try {
  const report = JSON.parse(readFileSync(file, "utf8"));
  passed = report.numPassedTests;
  failed = report.numFailedTests;
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  skipped = tests.filter((test) => test.status !== "passed" && test.status !== "failed");
} catch {
  // No report: the install, the build, the type check or the linter failed before any test ran.
}
if (status !== "0" && failed === 0) failed = 1;
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`);
console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
