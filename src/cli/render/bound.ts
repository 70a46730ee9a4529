import { gapOf } from "../../bound/gap.ts";
import type { BoundState } from "../../bound/solve.ts";
import { duration, percent } from "./format.ts";

/** What a bound says of a score: of the score alone, in this space, under these budgets. */
export function gapLine(score: number, upperBound: number): string {
  const gap = gapOf(upperBound, score);
  const above =
    percent(gap) === "0%"
      ? "proven: no network of this space scores more under these budgets"
      : `proven: no network of this space scores more than ${upperBound} under these budgets, ${percent(gap)} above this one`;
  return `${above} (what a score is: docs/score.md)`;
}

/** What a bound is doing. */
export function phaseText({ phase, priced, spaces }: Pick<BoundState, "phase" | "priced" | "spaces">): string {
  const what = { tables: "measuring layers", pricing: "pricing the budgets", labels: "closing the gap" };
  const of = spaces > 1 && phase !== "labels" ? `, resolution ${Math.min(priced + 1, spaces)} of ${spaces}` : "";
  return `bound: ${phase in what ? what[phase as keyof typeof what] : phase}${of}`;
}

/** How far the two sides of a bound are apart, as far as both are known. */
export function sidesText(best: number | undefined, upperBound: number): string {
  const known = Number.isFinite(upperBound);
  const sides = `best ${best?.toFixed(4) ?? "none"}  upper bound ${known ? upperBound.toFixed(4) : "none yet"}`;
  return best !== undefined && known ? `${sides}  gap ${percent(gapOf(upperBound, best))}` : sides;
}

const now = () => performance.now() / 1000;

/** Both bounds on stderr: redrawn on a terminal, else a line now and then. */
export class BoundView {
  readonly #quiet: boolean;
  readonly #terminal = process.stderr.isTTY === true;
  #last = now();

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  update(state: BoundState, seconds: number): void {
    if (this.#quiet || now() - this.#last < (this.#terminal ? 0.1 : 10)) return;
    this.#last = now();
    const line = `${duration(seconds)}  ${phaseText(state)}  ${sidesText(state.networks[0]?.score, state.upperBound)}`;
    process.stderr.write(
      this.#terminal ? `\r\x1b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}` : `${line}\n`,
    );
  }

  end(): void {
    if (this.#terminal && !this.#quiet) process.stderr.write("\r\x1b[2K");
  }
}
