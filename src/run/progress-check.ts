import type { RunRow } from "../archive/archive.ts";
import type { ProgressRow } from "../archive/history.ts";

const rising = ["generation", "children", "best", "scored", "duplicates", "overBudget", "failed", "reused"] as const;

/** Of a mean of as many numbers as a population has. */
const ROUNDING = 1e-9;

/** What is wrong with the rows of a run's progress, which no checksum covers: they rise, and end where its checkpoint is. */
export function progressFindings(rows: readonly ProgressRow[], { checkpoint }: RunRow): string[] {
  const last = rows.at(-1);
  if (last === undefined || checkpoint === undefined) return [];
  const findings: string[] = [];
  rows.forEach((row, i) => {
    const before = rows[i - 1] ?? { ...row, best: Number.NEGATIVE_INFINITY };
    const fallen = rising.filter((name) => (row[name] ?? Number.NEGATIVE_INFINITY) < (before[name] ?? -1 / 0));
    if (fallen.length > 0) findings.push(`its ${fallen[0]} falls at generation ${row.generation}`);
    const { best, mean } = row;
    if (mean !== null && !(mean <= best! + ROUNDING * Math.abs(best!))) {
      findings.push(`its mean is above its best at generation ${row.generation}`);
    }
  });
  const { counters, scores } = checkpoint;
  const stated = { ...counters, children: counters.evaluations, best: scores[0] ?? null };
  for (const name of ["children", "best", "scored", "duplicates", "overBudget", "failed", "reused"] as const) {
    if (last[name] !== stated[name]) {
      findings.push(`its progress ends with ${last[name]} ${name}, its checkpoint says ${stated[name]}`);
    }
  }
  return findings;
}
