import { expect, test } from "vitest";
import { fuzzCertificates } from "../../bench/durability/certificates.ts";

test("no mutant of a valid certificate is accepted that claims less than the truth", () => {
  const report = fuzzCertificates(process.env["QES_SLOW_TESTS"] === "1" ? 20_000 : 390, 3);
  expect(report.crashes).toEqual([]);
  expect(report.falseClaims).toEqual([]);
  expect(report.refused).toBeGreaterThan(report.mutants / 3);
  expect(report.comparedWithOptimum).toBeGreaterThan(report.mutants / 20);
}, 3_600_000);
