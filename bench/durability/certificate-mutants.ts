import fc from "fast-check";
import type { Certificate } from "../../src/bound/proof/certificate.ts";
import { costNames } from "../../src/costs/cost-table.ts";
import type { Json } from "./certificate-configs.ts";

/** A real space every so many mutants. */
export const REAL_EVERY = 40;

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
/** Which certificate is changed, and how. */
export const mutant = fc.record({
  certificate: fc.nat(10_000),
  real: fc.nat(REAL_EVERY - 1).map((x) => x === 0),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
});

export interface Edited extends Json {
  config: Json;
  upperBound: number | null;
  proofs: { resolution: number; by: string; bound: number | null; multipliers: Record<string, number> }[];
  best: Json | null;
}

/** Changes a certificate in place. */
export function mutate(c: Edited, { kind, at, to }: Mutation, others: readonly Certificate[]): void {
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
export function scratched(text: string, at: number, put: string): string {
  const numbers = [...text.matchAll(/(?<=[:[,])-?\d[\d.e+-]*/g)];
  const { index, 0: found } = numbers[at % numbers.length];
  return text.slice(0, index) + put + text.slice(index + found.length);
}
