import { Worker } from "node:worker_threads";
import { builtFile } from "../base/package-root.ts";
import { UserError } from "../base/user-error.ts";
import { boundProblem } from "../bound/problem.ts";
import type { Config } from "../config/config.ts";
import { openProblem } from "../problem/problem.ts";

/** What a thread says of the bound after every step. */
export interface BoundReport {
  /** Infinity while nothing is proven. */
  readonly upperBound: number;
  readonly finished: boolean;
}

/** Milliseconds that a search has the machine to itself at most; of a shorter one it is the first half. */
const HEAD_START = 3000;

/** Bounds a search's optimum in a thread of its own; has no part in the search's result. */
export class BoundWatch {
  /** Why there is no bound. */
  readonly reason: string | undefined;
  #report: BoundReport = { upperBound: Number.POSITIVE_INFINITY, finished: false };
  #worker: Worker | undefined;
  #wake: (() => void) | undefined;
  readonly #config: Config | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(config: Config) {
    try {
      boundProblem(openProblem(config));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.reason = error.message;
      return;
    }
    this.#config = config;
    this.#timer = setTimeout(() => this.start(), HEAD_START).unref();
  }

  /** The best bound so far; infinite where there is none yet. */
  get known(): number {
    return this.#report.upperBound;
  }

  /**
   * The best bound known, waiting for the first one as long as it takes and for a closed one for a while; ends the thread.
   * @param patience milliseconds to wait for more than a first bound
   */
  async upperBound(patience: number): Promise<number> {
    if (this.#config === undefined) return Number.POSITIVE_INFINITY;
    this.start();
    this.#worker?.ref();
    while (!this.#report.finished && this.#report.upperBound === Number.POSITIVE_INFINITY) await this.#next();
    if (!this.#report.finished) {
      let waiting = true;
      const timer = setTimeout(() => {
        waiting = false;
        this.#wake?.();
      }, patience);
      while (waiting && !this.#report.finished) await this.#next();
      clearTimeout(timer);
    }
    await this.close();
    return this.#report.upperBound;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /** Starts the thread, where that is not done yet. */
  start(): void {
    clearTimeout(this.#timer);
    if (this.#worker !== undefined || this.#config === undefined) return;
    const worker = new Worker(builtFile("workers/bound.cjs"), { workerData: { config: this.#config } });
    this.#worker = worker;
    worker.on("message", (report: BoundReport) => {
      this.#report = report;
      this.#wake?.();
    });
    worker.on("error", () => this.#finish());
    worker.on("exit", () => this.#finish());
    worker.unref();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #finish(): void {
    this.#report = { ...this.#report, finished: true };
    this.#wake?.();
  }
}
