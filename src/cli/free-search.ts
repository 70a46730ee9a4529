import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Archive } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import type { Config } from "../config/config.ts";
import { type SeedRun, seedRun } from "../run/seed-archive.ts";
import { type Ended, type Processes, STOPPED } from "./processes.ts";

/** Milliseconds between two looks at an archive that another process holds. */
const LOOK = 1000;

/**
 * Runs a search in a process of its own unless its archive has it finished. A search whose parent was killed runs on and holds its archive: it is waited
 * for, and goes on where it ended before its time.
 * @param command of a search that is not begun, or of a run that goes on
 * @returns what the process printed, or the finished run
 */
export async function runUnlessDone(
  processes: Processes,
  { archive, config }: { readonly archive: string; readonly config: Config },
  command: (unfinished: SeedRun | undefined) => readonly string[],
): Promise<Ended | SeedRun> {
  for (;;) {
    const before = seedRun(archive, config);
    if (before !== undefined && before.status !== "running") return before;
    const ended = await processes.run(command(before));
    if (ended.code === 0 || ended.code === STOPPED || processes.stop.aborted) return ended;
    const held = isHeld(archive);
    const after = seedRun(archive, config);
    if (!held && (after === undefined || after.status === "running")) return ended;
    if (held) await pause(LOOK, undefined, { signal: processes.stop }).catch(() => {});
    if (processes.stop.aborted) return ended;
  }
}

function isHeld(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    const archive = Archive.openForReading(path);
    const held = archive.runInProgress !== undefined;
    archive.close();
    return held;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
