import { UserError } from "../base/user-error.ts";
import { searchBound } from "../bound/gap.ts";
import type { Config } from "../config/config.ts";
import { openProblem } from "../problem/problem.ts";

/** Milliseconds for a bound after the searches. */
const BOUND_PATIENCE = 10_000;

/** The bound of a search as far as a few seconds get it; Infinity where there is none. */
export function patientBound(config: Config): number {
  const end = performance.now() + BOUND_PATIENCE;
  let upperBound = Number.POSITIVE_INFINITY;
  try {
    for (const state of searchBound(openProblem(config))) {
      upperBound = state.upperBound;
      if (performance.now() > end) break;
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  return upperBound;
}
