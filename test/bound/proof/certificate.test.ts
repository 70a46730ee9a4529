import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/user-error.ts";
import type { Budgets, SpaceDescription } from "../../../src/bound/graph/space-description.ts";
import { type Certificate, certificateOf, parseCertificate } from "../../../src/bound/proof/certificate.ts";
import { verifyCertificate } from "../../../src/bound/proof/check-certificate.ts";
import { solve } from "../../../src/bound/solve.ts";
import { budgetNames } from "../../../src/costs/cost-table.ts";
import { anyBudgets, anySpace, enumerate, sizeOf } from "../random-space.ts";

const read = (certificate: Certificate) => parseCertificate(JSON.parse(JSON.stringify(certificate)), "test");

/** The certificates of the first state with a bound, and of the last. */
function certificatesOf(space: SpaceDescription, budgets: Budgets): Certificate[] {
  const certificates: Certificate[] = [];
  const steps = solve([space], budgets);
  for (let step = steps.next(); ; step = steps.next()) {
    const first = certificates.length === 0 && step.value.upperBound < Number.POSITIVE_INFINITY;
    if (first || step.done) certificates.push(certificateOf({}, step.value));
    if (step.done) return certificates;
  }
}

/** Every certificate with one number changed to a stronger claim. */
function* bettered(certificate: Certificate): Generator<Certificate> {
  const { best, upperBound, proofs } = certificate;
  if (upperBound !== null) {
    for (const less of [1e-7, 1e-3, 10]) {
      yield { ...certificate, upperBound: upperBound - less };
      yield { ...certificate, proofs: [{ ...proofs[0], bound: proofs[0].bound! - less }] };
    }
  }
  for (const [name, value] of Object.entries(proofs[0].multipliers)) {
    if (value > 0) yield { ...certificate, proofs: [{ ...proofs[0], multipliers: { [name]: -value } }] };
  }
  if (best === null) return;
  yield { ...certificate, best: { ...best, score: best.score + 1e-9 } };
  for (const [name, value] of Object.entries(best.costs)) {
    yield { ...certificate, best: { ...best, costs: { ...best.costs, [name]: value - 1 } } };
  }
  for (const [i, block] of best.structure.entries()) {
    const change = (field: object) => best.structure.map((b, j) => (i === j ? { ...b, ...field } : b));
    yield { ...certificate, best: { ...best, structure: change({ k: block.k + 2 }) } };
    yield { ...certificate, best: { ...best, structure: change({ out: block.out + 8 }) } };
    if (block.btn !== undefined) yield { ...certificate, best: { ...best, structure: change({ btn: block.btn + 8 }) } };
  }
}

describe("certificates of random small spaces", () => {
  const space = anySpace.filter((s) => sizeOf(s) <= 2000);

  it("are accepted at the first bound and at the end, after a trip through JSON", () => {
    fc.assert(
      fc.property(space, anyBudgets, (description, budgetsAt) => {
        const budgets = budgetsAt(enumerate(description));
        for (const certificate of certificatesOf(description, budgets)) {
          expect(verifyCertificate(read(certificate), { spaces: [description], budgets })).toEqual([]);
        }
      }),
      { numRuns: 40, seed: 7, endOnFailure: true },
    );
  });

  it("of several resolutions prove as much as the solver does", () => {
    fc.assert(
      fc.property(space, anyBudgets, (description, budgetsAt) => {
        const spaces = [0, 7, 16].map((more) => ({ ...description, resolution: description.resolution + more }));
        const budgets = budgetsAt(enumerate(spaces[1]));
        const best = Math.max(
          ...spaces.flatMap((each) =>
            enumerate(each)
              .filter(({ costs }) =>
                budgetNames.every((name) => (costs[name] ?? 0) <= (budgets[name] ?? Number.POSITIVE_INFINITY)),
              )
              .map(({ score }) => score),
          ),
        );
        const steps = solve(spaces, budgets);
        let step = steps.next();
        while (!step.done) step = steps.next();
        const { networks, proven, upperBound } = step.value;
        expect(proven).toBe(true);
        if (best === Number.NEGATIVE_INFINITY) return;
        expect(Math.abs(networks[0].score - best)).toBeLessThan(1e-9);
        expect(upperBound - best).toBeLessThan(1e-9);
        const certificate = certificateOf({}, step.value);
        expect(verifyCertificate(certificate, { spaces, budgets })).toEqual([]);
      }),
      { numRuns: 25, seed: 10, endOnFailure: true },
    );
  });

  it("are rejected with any one number changed for the better", () => {
    fc.assert(
      fc.property(space, anyBudgets, (description, budgetsAt) => {
        const budgets = budgetsAt(enumerate(description));
        for (const certificate of certificatesOf(description, budgets)) {
          for (const changed of bettered(certificate)) {
            expect(verifyCertificate(changed, { spaces: [description], budgets })).not.toEqual([]);
          }
        }
      }),
      { numRuns: 25, seed: 8, endOnFailure: true },
    );
  });

  it("are rejected at the end where both the bound and its proof are lowered", () => {
    fc.assert(
      fc.property(space, anyBudgets, (description, budgetsAt) => {
        const budgets = budgetsAt(enumerate(description));
        for (const certificate of certificatesOf(description, budgets).slice(1)) {
          const { upperBound, proofs } = certificate;
          if (upperBound === null) continue;
          // Far more than rounding at the multipliers of spaces as small as these, whose bounds are rounded outward by up to 2e-6.
          const bound = upperBound - 1e-4;
          const less = { ...certificate, upperBound: bound, proofs: [{ ...proofs[0], bound }] };
          expect(verifyCertificate(less, { spaces: [description], budgets })).not.toEqual([]);
        }
      }),
      { numRuns: 25, seed: 9, endOnFailure: true },
    );
  });
});

describe("parseCertificate", () => {
  it("names the path of what is wrong", () => {
    expect(() => parseCertificate({ format: "other" }, "file.json")).toThrow(UserError);
    expect(() => parseCertificate({ format: "other" }, "file.json")).toThrow(/file\.json: format/);
  });
});
