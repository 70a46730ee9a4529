import fc from "fast-check";
import { UserError } from "../../src/base/user-error.ts";
import type { BoundProblem } from "../../src/bound/problem.ts";
import { boundProblem } from "../../src/bound/problem.ts";
import { type Certificate, certificateOf, parseCertificate } from "../../src/bound/proof/certificate.ts";
import { verifyCertificate } from "../../src/bound/proof/check-certificate.ts";
import { statementOf } from "../../src/bound/proof/statement.ts";
import { solve } from "../../src/bound/solve.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { costNames } from "../../src/costs/cost-table.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { enumerate, sizeOf } from "./all-networks.ts";

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

interface Json {
  [key: string]: unknown;
}

const conv = (width: number, out: number, k: number, s: number, bits: object) => ({
  class: "ConvKXBNRELU",
  in: width,
  out,
  k,
  s,
  ...bits,
});
const bits8 = { nbitsA: 8, nbitsW: 8 };
const bits3 = { nbitsA: 3, nbitsW: 3 };
const quantised = {
  family: "quant-k1dwk1",
  start: [
    conv(3, 8, 3, 2, bits8),
    {
      class: "SuperQuantResK1DWK1",
      in: 8,
      out: 16,
      k: 3,
      s: 2,
      L: 1,
      btn: 16,
      nbitsA: [3, 3, 3],
      nbitsW: [3, 3, 3],
    },
    conv(16, 32, 1, 1, bits3),
  ],
  kernels: [3],
  expansions: [1, 2],
  maxOut: 24,
  stemOut: [8, 16],
  maxDepth: 2,
  bits: [3, 6],
};
const fullPrecision = {
  family: "k1dwk1",
  start: [
    conv(3, 8, 3, 2, {}),
    { class: "SuperResK1DWK1", in: 8, out: 16, k: 3, s: 2, L: 1, btn: 16 },
    { class: "SuperResK1DWK1", in: 16, out: 16, k: 3, s: 1, L: 1, btn: 16 },
    conv(16, 32, 1, 1, {}),
  ],
  kernels: [3, 5],
  expansions: [1, 2],
  maxOut: 24,
  stemOut: [8, 16],
  maxDepth: 2,
};
const small = (resolution: unknown, space: object, budgets: object, classes = 0): Json => ({
  input: { resolution },
  space,
  score: { kind: "analytic", stageWeights: [1, 6] },
  classes,
  budgets,
});

/** Small spaces, whose optimum enumeration tells, and narrow ones of presets. */
const smallConfigs: readonly Json[] = [
  small(32, quantised, { bitops: 6e6 }),
  small(32, quantised, { flash: 900, layers: 8 }, 10),
  small([32, 64], quantised, { sramLive: 9000, bitops: 2e7 }),
  small(32, quantised, { bitops: 1000 }),
  small(32, fullPrecision, { macs: 200_000, flash: 4000 }),
  small(32, quantised, {}),
];
const narrow = (name: string, changes: (preset: Json) => Json): Json => changes(presetValue(name) as Json);
const realConfigs: readonly Json[] = [
  narrow("imagenet-mixed-7.0g", (preset) => ({
    ...preset,
    space: { ...(preset["space"] as Json), maxOut: 64, maxDepth: 2 },
    budgets: { bitops: 1.2e9, layers: 26 },
  })),
  narrow("imagenet-fp-300m", (preset) => ({ ...preset, space: { ...(preset["space"] as Json), maxOut: 96 } })),
];

/** Most networks that are enumerated for a configuration that a mutant changed. */
const MOST_NETWORKS = 20_000;
/** Steps of the solver in search of a network that contradicts a claim. */
const MOST_STEPS = 200;
/** A real space every so many mutants. */
const REAL_EVERY = 40;

interface Truth {
  /** Of a network within the budgets; -Infinity where there is none, or none is known. */
  readonly score: number;
  readonly isOptimum: boolean;
}

const truths = new Map<string, Truth>();

function truthOf(problem: BoundProblem): Truth {
  const { digest } = statementOf(problem);
  const known = truths.get(digest);
  if (known !== undefined) return known;
  const isSmall = problem.spaces.reduce((sum, space) => sum + sizeOf(space), 0) <= MOST_NETWORKS;
  const truth = { score: isSmall ? optimumOf(problem) : bestFound(problem), isOptimum: isSmall };
  truths.set(digest, truth);
  return truth;
}

function optimumOf({ spaces, budgets }: BoundProblem): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const space of spaces) {
    for (const { score, costs } of enumerate(space)) {
      const fits = costNames.every((name) => costs[name] <= (budgets[name] ?? Number.POSITIVE_INFINITY));
      if (fits && score > best) best = score;
    }
  }
  return best;
}

function bestFound({ spaces, budgets }: BoundProblem): number {
  let best = Number.NEGATIVE_INFINITY;
  let step = 0;
  for (const { networks } of solve(spaces, budgets, { maxLabels: 20_000 })) {
    best = Math.max(best, networks[0]?.score ?? best);
    if (++step === MOST_STEPS) break;
  }
  return best;
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

const extremes = [
  0, -0, 1, -1, 5e-324, 1e-308, 1e-300, 1e-16, 1e-9, 1e-6, 1e-3, 1e3, 1e6, 1e9, 1e12, 1e18, 1e290, 1e300,
];
const number = fc.oneof(
  fc.constantFrom(...extremes, 1e308, Number.MAX_VALUE, -1e300, 5, 2 ** 53),
  fc.double({ noNaN: true }),
  fc.integer({ min: -10, max: 2000 }),
);
/** Written into the text as they are. */
const odd = fc.constantFrom("null", "1e999", "-1e999", '"NaN"', "NaN", '"1"', "[]", "{}", "true", "-0", "0.0");

type Mutation = { readonly kind: number; readonly at: number; readonly to: number; readonly odd: string };
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.nat(13),
  at: fc.nat(10_000),
  to: number,
  odd,
});
const mutant = fc.record({
  certificate: fc.nat(10_000),
  real: fc.nat(REAL_EVERY - 1).map((x) => x === 0),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
});

interface Edited extends Json {
  config: Json;
  upperBound: number | null;
  proofs: { resolution: number; by: string; bound: number | null; multipliers: Record<string, number> }[];
  best: Json | null;
}

/** Changes a certificate in place. */
function mutate(c: Edited, { kind, at, to }: Mutation, others: readonly Certificate[]): void {
  const proof = c.proofs.length === 0 ? undefined : c.proofs[at % c.proofs.length];
  const lower = (by: number) => {
    for (const p of c.proofs) if (p.bound !== null) p.bound = Math.min(p.bound, (c.upperBound ?? 0) - by);
    c.upperBound = c.upperBound === null ? null : c.upperBound - by;
    c.best = null;
  };
  const budgets = (c.config["budgets"] ?? {}) as Record<string, number>;
  const space = c.config["space"] as Json;
  const score = (c.config["score"] ?? {}) as Json;
  if (kind === 0) lower([1e-13, 1e-12, 1e-10, 1e-9, 1e-6, 1e-3, 1, 10][at % 8]);
  else if (kind === 1) {
    // One claim everywhere.
    for (const p of c.proofs) p.bound = to;
    c.upperBound = to;
    c.best = null;
  } else if (kind === 2 && proof) {
    const names = ["bitops", "macs", "flash", "layers", ...Object.keys(proof.multipliers)];
    proof.multipliers[names[at % names.length]] = Math.abs(to);
  } else if (kind === 3 && proof) for (const name of Object.keys(proof.multipliers)) proof.multipliers[name] *= to;
  else if (kind === 4 && proof) proof.by = proof.by === "enumeration" ? "multipliers" : "enumeration";
  else if (kind === 5) {
    if (at % 3 === 0) c.proofs.splice(at % (c.proofs.length + 1), 1);
    else if (at % 3 === 1) c.proofs.reverse();
    else if (proof) c.proofs.push({ ...proof });
  } else if (kind === 6 && proof) proof.resolution = [224, 32, 64, to][at % 4];
  else if (kind === 7) {
    for (const name of costNames) if (at % 7 === 0) delete budgets[name];
    const names = Object.keys(budgets);
    if (names.length > 0) budgets[names[at % names.length]] *= [0.5, 0.9, 0.999, 1.001, 1.1, 2, 1e3, 1e12][at % 8];
    c.config = { ...c.config, budgets };
  } else if (kind === 8) {
    const changes: Json[] = [
      { maxDepth: 1 + (at % 3) },
      { maxOut: 8 * (1 + (at % 5)) },
      { kernels: [1 + 2 * (at % 4)] },
      { expansions: [0.5 + (at % 5)] },
      { bits: [1 + (at % 15), 8] },
      { stemOut: [8, 8 * (1 + (at % 3))] },
    ];
    c.config = { ...c.config, space: { ...space, ...changes[at % changes.length] } };
  } else if (kind === 9) {
    const changes: Json[] = [
      { stageWeights: [1] },
      { stageWeights: [0, 0] },
      { stageWeights: [1, 6, 1] },
      { stageWeights: [Math.abs(to), 6] },
      { stageWeights: [1, Math.abs(to)] },
      { sigmaActivation: Math.abs(to) },
      { sigmaWeight: Math.abs(to) },
    ];
    c.config = { ...c.config, score: { ...score, ...changes[at % changes.length] } };
  } else if (kind === 10) c.best = structuredClone(others[at % others.length].best) as Json | null;
  else if (kind === 11) c.proofs = structuredClone(others[at % others.length].proofs) as Edited["proofs"];
  else if (kind === 12) c.upperBound = at % 2 === 0 ? null : (proof?.bound ?? to);
  else if (kind === 13) {
    for (const p of c.proofs) p.bound = null;
    c.upperBound = null;
    c.best = null;
  }
}

/** The text with one of its numbers replaced. */
function scratched(text: string, at: number, put: string): string {
  const numbers = [...text.matchAll(/(?<=[:[,])-?\d[\d.e+-]*/g)];
  const { index, 0: found } = numbers[at % numbers.length];
  return text.slice(0, index) + put + text.slice(index + found.length);
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
