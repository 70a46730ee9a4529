import { Worker } from "node:worker_threads";
import { compileInThreads } from "../base/background-compilation.ts";
import { builtFile } from "../base/package-root.ts";
import { UserError } from "../base/user-error.ts";
import type { BoundNetwork } from "../bound/incumbents.ts";
import { boundProblem } from "../bound/problem.ts";
import type { BoundState } from "../bound/solve.ts";
import { BoundTrace } from "../bound/trace.ts";
import type { Config } from "../config/config.ts";
import { openProblem } from "../problem/problem.ts";

/** What a thread says of the bound when that has changed. */
export interface BoundReport extends Pick<BoundState, "phase" | "priced" | "spaces" | "upperBound" | "proven"> {
  /** Score of the best network that it knows. */
  readonly best: number | undefined;
  readonly network: Pick<BoundNetwork, "score" | "resolution" | "structure"> | undefined;
  /** How many steps it has taken. */
  readonly step: number;
  readonly finished: boolean;
  /** Why there is none. */
  readonly reason: string | undefined;
}

/** Milliseconds that a search which needs no bound has the machine to itself at most; of a shorter one it is the first half. */
const HEAD_START = 3000;

const nothing: BoundReport = {
  phase: "tables",
  priced: 0,
  spaces: 1,
  upperBound: Number.POSITIVE_INFINITY,
  proven: false,
  best: undefined,
  network: undefined,
  step: 0,
  finished: false,
  reason: undefined,
};

/**
 * Bounds a search's optimum in a thread of its own, as far as the configuration allows: the last report depends on nothing else, whenever it comes.
 */
export class BoundWatch {
  #report = nothing;
  readonly trace = new BoundTrace();
  #began = 0;
  #worker: Worker | undefined;
  readonly #config: Config;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #finished: Promise<BoundReport>;
  #finish: (report: BoundReport) => void = () => {};

  constructor(config: Config) {
    this.#config = config;
    this.#finished = new Promise((resolve) => {
      this.#finish = (report) => {
        this.#report = report;
        resolve(report);
      };
    });
    try {
      boundProblem(openProblem(config));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#finish({ ...nothing, finished: true, reason: error.message });
      return;
    }
    this.#timer = setTimeout(() => this.start(), HEAD_START).unref();
  }

  /** What is known so far. */
  get report(): BoundReport {
    return this.#report;
  }

  /** Starts the thread, where that is not done yet. */
  start(): void {
    clearTimeout(this.#timer);
    if (this.#worker !== undefined || this.#report.finished) return;
    compileInThreads();
    const worker = new Worker(builtFile("workers/bound.cjs"), { workerData: { config: this.#config } });
    this.#worker = worker;
    this.#began = performance.now();
    worker.on("message", (report: BoundReport) => {
      this.trace.add(report.step, report.upperBound, report.best, (performance.now() - this.#began) / 1000);
      if (report.finished) this.#finish(report);
      else this.#report = report;
    });
    const ended = (reason: string) => {
      if (!this.#report.finished) this.#finish({ ...this.#report, finished: true, reason });
    };
    worker.on("error", (error) =>
      ended(`its thread failed: ${error instanceof Error ? error.message : String(error)}`),
    );
    worker.on("exit", () => ended("its thread was ended"));
    worker.unref();
  }

  /** The last report, or what is known when the signal comes. */
  async last(signal: AbortSignal): Promise<BoundReport> {
    this.start();
    this.#worker?.ref();
    if (!signal.aborted) {
      const asked = new AbortController();
      const over = new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true, signal: asked.signal });
      });
      await Promise.race([this.#finished, over]);
      asked.abort();
    }
    this.#worker?.unref();
    return this.#report;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}
