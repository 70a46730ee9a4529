import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { builtFile } from "../base/package-root.ts";
import type { Config } from "../config/config.ts";
import { kindOf } from "../score/kinds/kinds.ts";
import { note } from "./command.ts";

export const STOPPED = 130;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How a command in a process of its own ended. */
export interface Ended {
  /** null: by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs this program's commands in processes of their own, as many at a time as there are cores, and hands a signal on to all of them. */
export class Processes {
  readonly #children = new Set<ReturnType<typeof spawn>>();
  readonly #stop = new AbortController();
  readonly #atATime: number;

  /** @param threads of one command; absent: none beside its main thread */
  constructor(threads: number | undefined) {
    this.#atATime = Math.max(1, Math.floor(availableParallelism() / Math.max(1, threads ?? 1)));
  }

  /** Aborted by the first signal. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Does something for every item, in their order; what is waiting when a signal comes, or when `each` answers false, is left out.
   * @param each runs commands by `run`
   * @param atATime items; absent: the cores
   */
  async forEach<T>(items: readonly T[], each: (item: T) => Promise<boolean>, atATime = this.#atATime): Promise<void> {
    const waiting = items.values();
    let going = true;
    const lane = async () => {
      for (let next = waiting.next(); !next.done && going && !this.stop.aborted; next = waiting.next()) {
        if (!(await each(next.value))) going = false;
      }
    };
    const onSignal = (signal: NodeJS.Signals) => {
      if (!this.stop.aborted) note("stopping at the next checkpoints; once more stops at once");
      this.end(signal);
    };
    for (const signal of signals) process.on(signal, onSignal);
    try {
      await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, lane));
    } finally {
      for (const signal of signals) process.off(signal, onSignal);
    }
  }

  /** Stops, and hands a signal on. */
  end(signal: NodeJS.Signals): void {
    this.#stop.abort();
    for (const child of this.#children) child.kill(signal);
  }

  run(args: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, [...process.execArgv, builtFile("src/cli/main.js"), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      // A terminal's Ctrl-C would reach the child a second time, which stops it without a checkpoint.
      detached: process.platform !== "win32",
    });
    this.#children.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        this.#children.delete(child);
        resolve({ code, stdout, stderr });
      });
    });
  }
}

/** Threads of a search among many, where none are asked for: cores go to searches. A measured score gets one, so that signals are heard. */
export function threadsAmongMany({ score }: Config, threads: number | undefined): readonly string[] {
  if (threads !== undefined) return ["--threads", String(threads)];
  return ["--threads", kindOf(score).begin === "inline" ? "0" : "1"];
}
