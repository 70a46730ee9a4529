import fc from "fast-check";
import { UserError } from "../../src/base/user-error.ts";
import { type BoundProblem, boundProblem } from "../../src/bound/problem.ts";
import { type Certificate, certificateOf, parseCertificate } from "../../src/bound/proof/certificate.ts";
import { verifyCertificate } from "../../src/bound/proof/check-certificate.ts";
import { solve } from "../../src/bound/solve.ts";
import { parseConfig } from "../../src/config/config.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { type Json, realConfigs, smallConfigs } from "./certificate-configs.ts";
import { type Edited, mutant, mutate, REAL_EVERY, scratched } from "./certificate-mutants.ts";
import { truthOf } from "./certificate-truth.ts";

/** What became of mutants of valid certificates. */
export interface CertificateReport {
  mutants: number;
  /** Not read, found wrong, or more than the limits allow. */
  refused: number;
  /** Accepted: their claims hold, or nothing is known that contradicts them. */
  accepted: number;
  /** Accepted mutants whose claim was compared with an optimum, and with the best of a search that did not end. */
  comparedWithOptimum: number;
  comparedWithNetwork: number;
  crashes: string[];
  /** Accepted, though a network within the budgets of the configuration they state scores more. */
  falseClaims: string[];
}

const problemOf = (config: unknown): BoundProblem => boundProblem(openProblem(parseConfig(config, "fuzz")));

/** The certificates of a configuration's first bound and of its last. */
function certificatesOf(config: Json): Certificate[] {
  const { spaces, budgets } = problemOf(config);
  const steps = solve(spaces, budgets);
  let first: Certificate | undefined;
  for (let step = steps.next(); ; step = steps.next()) {
    if (first === undefined && step.value.upperBound < Number.POSITIVE_INFINITY)
      first = certificateOf(config, step.value);
    if (step.done) return [...(first === undefined ? [] : [first]), certificateOf(config, step.value)];
  }
}

/** Feeds mutants of valid certificates to the checker. */
export function fuzzCertificates(mutants: number, seed: number): CertificateReport {
  const report: CertificateReport = {
    mutants: 0,
    refused: 0,
    accepted: 0,
    comparedWithOptimum: 0,
    comparedWithNetwork: 0,
    crashes: [],
    falseClaims: [],
  };
  const smalls = smallConfigs.flatMap(certificatesOf);
  const reals = mutants >= 10 * REAL_EVERY ? realConfigs.flatMap(certificatesOf) : [];
  for (const { certificate, real, mutations } of fc.sample(mutant, { numRuns: mutants, seed })) {
    const valid = real && reals.length > 0 ? reals : smalls;
    const changed = structuredClone(valid[certificate % valid.length]) as unknown as Edited;
    for (const each of mutations) mutate(changed, each, valid);
    const { at, odd: put, to } = mutations[0];
    const text = JSON.stringify(changed);
    const scratch = at % 5 === 0 ? scratched(text, at, to < 0 ? put : JSON.stringify(to)) : text;
    judge(scratch, report);
  }
  return report;
}

/** Limits of one check. */
const BYTES = 30e6;
const SECONDS = 3;

function judge(text: string, report: CertificateReport): void {
  report.mutants++;
  const line = (what: string) => `${text.slice(0, 3000)}: ${what}`;
  try {
    const certificate = parse(text);
    if (certificate === undefined) {
      report.refused++;
      return;
    }
    const problem = problemOf(certificate.config);
    const began = process.cpuUsage();
    const isLate = () => {
      const { user, system } = process.cpuUsage(began);
      return user + system > SECONDS * 1e6;
    };
    if (verifyCertificate(certificate, problem, { bytes: BYTES, isLate }).length > 0) {
      report.refused++;
      return;
    }
    report.accepted++;
    const truth = truthOf(problem);
    if (truth.isOptimum) report.comparedWithOptimum++;
    else report.comparedWithNetwork++;
    const claim = certificate.upperBound ?? Number.NEGATIVE_INFINITY;
    if (!(claim >= truth.score)) report.falseClaims.push(line(`claims ${claim}, but a network scores ${truth.score}`));
  } catch (error) {
    if (error instanceof UserError) report.refused++;
    else report.crashes.push(line(error instanceof Error ? String(error.stack).slice(0, 600) : String(error)));
  }
}

function parse(text: string): Certificate | undefined {
  try {
    return parseCertificate(JSON.parse(text), "fuzz");
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
