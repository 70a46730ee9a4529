import { gapOf } from "../../bound/gap.ts";
import type { Config } from "../../config/config.ts";
import { budgetNames } from "../../costs/cost-table.ts";
import type { BoundReport } from "../../run/bound-watch.ts";
import { selectsByNoise } from "../../run/measuring.ts";
import type { Progress } from "../../run/run.ts";
import { phaseText, sidesText } from "./bound.ts";
import { duration, metric, percent, rate } from "./format.ts";

/** Seconds between two pictures of the progress: on a terminal, and where the output is a file. */
const REDRAW = 0.1;
const LINE = 10;
const WIDTH = 20;

/** Draws progress on stderr: a bar that is redrawn on a terminal, else a plain line now and then. */
export class ProgressView {
  readonly #config: Config;
  readonly #terminal = process.stderr.isTTY === true;
  readonly #clock: () => number;
  #last: number;
  #waiting: NodeJS.Timeout | undefined;
  #began: { seconds: number; evaluations: number } | undefined;

  constructor(config: Config, clock: () => number) {
    this.#config = config;
    this.#clock = clock;
    this.#last = clock();
  }

  /** @param bound what is known of the optimum */
  update(progress: Progress, bound?: BoundReport): void {
    clearInterval(this.#waiting);
    this.#began ??= { seconds: progress.seconds, evaluations: progress.counters.evaluations };
    if (this.#isDue()) this.#draw(progressLine(this.#config, progress, this.#began, bound));
  }

  /** Before the search goes on: what earlier runs left is read. */
  load(loaded: number, candidates: number): void {
    if (this.#isDue()) this.#draw(`reading the archive: ${metric(loaded)} of ${metric(candidates)} candidates`);
  }

  #isDue(): boolean {
    const now = this.#clock();
    if (now - this.#last < (this.#terminal ? REDRAW : LINE)) return false;
    this.#last = now;
    return true;
  }

  /** Shows, again and again, what the bound is doing, until the next progress or the end. */
  wait(report: () => BoundReport | undefined): void {
    clearInterval(this.#waiting);
    const began = this.#clock();
    const draw = () => {
      const now = report();
      if (now === undefined || now.finished) return;
      const { best, upperBound } = now;
      this.#draw(
        `waiting for the ${phaseText(now)}  ${sidesText(best, upperBound)}  ${duration(this.#clock() - began)}`,
      );
    };
    if (this.#terminal) draw();
    this.#waiting = setInterval(draw, 1000 * (this.#terminal ? REDRAW : LINE)).unref();
  }

  #draw(line: string): void {
    process.stderr.write(
      this.#terminal ? `\r\x1b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}` : `${line}\n`,
    );
  }

  /** Leaves the line free for what comes next. */
  end(): void {
    clearInterval(this.#waiting);
    if (this.#terminal) process.stderr.write("\r\x1b[2K");
  }
}

/** One line: how far, how fast, the best score, the share of each budget that the best network uses, time left. */
function progressLine(
  config: Config,
  progress: Progress,
  began: { seconds: number; evaluations: number },
  bound: BoundReport | undefined,
): string {
  const { counters, evaluations, seconds, bestScore } = progress;
  const share = Math.min(1, counters.evaluations / evaluations);
  const speed = (counters.evaluations - began.evaluations) / Math.max(1e-9, seconds - began.seconds);
  const bar = "#".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, ".");
  const use = budgetNames
    .filter((name) => config.budgets[name] !== undefined)
    .map((name) => `${name} ${((100 * (progress.costs[name] ?? 0)) / config.budgets[name]!).toFixed(0)}%`)
    .join(" ");
  const left = (evaluations - counters.evaluations) / speed;
  const upperBound = bound?.upperBound ?? Number.POSITIVE_INFINITY;
  const gap = Number.isFinite(upperBound) ? `  gap ${percent(gapOf(upperBound, bestScore))}` : "";
  return `[${bar}] ${(100 * share).toFixed(0).padStart(3)}%  ${rate(speed)}  ${selectsByNoise(config.score) ? "selected" : "best"} ${bestScore.toFixed(3)}${gap}  ${use}  ${duration(left)} left`;
}
