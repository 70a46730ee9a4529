import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { builtFile } from "../base/package-root.ts";

/** Milliseconds that a page has to show how its run ended. */
const LAST_LOOK = 1200;

/** A live page of a run beside the process that makes it, at the lowest priority that the machine allows; its address goes to stderr. */
export class Watching {
  #page: ReturnType<typeof spawn> | undefined;

  /** Once. */
  start(archive: string, run: number): void {
    const args = [builtFile("src/cli/main.js"), "watch", archive, "--run", String(run), "--beside"];
    this.#page = spawn(process.execPath, args, { stdio: ["ignore", process.stderr, process.stderr] });
    this.#page.unref();
  }

  /** Shows the end, and ends. */
  async close(): Promise<void> {
    if (this.#page === undefined) return;
    await pause(LAST_LOOK);
    this.#page.kill("SIGTERM");
    this.#page = undefined;
  }
}
