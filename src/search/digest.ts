import { createHash } from "node:crypto";
import type { Checkpoint } from "./loop.ts";

/**
 * SHA-256 over the final population (genomes and the exact bits of their scores, in order) and the counters. What the archive knew
 * before does not enter: scored, failed and reused count as one.
 */
export function digestOf({ counters, genomes, scores }: Checkpoint): string {
  const { evaluations, generations, duplicates, overBudget, scored, failed, reused } = counters;
  const figures = Float64Array.of(evaluations, generations, duplicates, overBudget, scored + failed + reused);
  return createHash("sha256").update(genomes).update(scores).update(figures).digest("hex");
}
