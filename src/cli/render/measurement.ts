import type { Measurement } from "../../run/measuring.ts";
import type { RunResult } from "../../run/run.ts";

/** A measured score and its standard error, as a person reads them: two digits of the error, and no more of the score. */
export function measuredCells({ score, scoreError }: Measurement): readonly [score: string, error: string] {
  if (score === null) return ["not finite", "-"];
  if (scoreError === null) return [String(score), "-"];
  const decimals = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(scoreError))));
  return [score.toFixed(decimals), scoreError.toFixed(decimals)];
}

/** The noise of a measurement. */
export function noiseText({ scoring }: Measurement): string {
  const draws = scoring.kind === "forward" ? scoring.repeats : 1;
  return `the mean of ${draws} ${draws === 1 ? "draw" : "draws"} of fresh noise`;
}

/** The best score of a run; where noise had a part in it, what fresh noise gives beside what selected it. */
export function resultText({ best: { score, measured }, unmeasured }: Pick<RunResult, "best" | "unmeasured">): string {
  if (unmeasured !== undefined) {
    return `selected at ${score}, too high by the luck of its noise; not measured again: ${unmeasured}`;
  }
  if (measured === undefined) return `best score ${score}`;
  return `best score ${measuredCells(measured).join(" +- ")}, ${noiseText(measured)}; selected at ${score}`;
}
