import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/user-error.ts";
import type { SearchAnswer } from "../broker/search-jobs.ts";
import type { Searches } from "../broker/search-worker.ts";
import { asWritten } from "../config/stored-config.ts";
import { pruneArchive } from "../run/prune.ts";
import { searchId } from "../run/sweep.ts";
import { Processes } from "./processes.ts";
import { programBuild } from "./program-build.ts";
import { runSweepSearch } from "./sweep-search.ts";

/** Bytes of an archive from which on measured scores beside the population stay behind too. */
const LARGE = 32e6;

/**
 * Runs the searches of sweeps in processes of their own.
 * @param folder keeps those that are not finished: whoever uses it next on this machine goes on with them
 * @throws UserError where the folder cannot be made
 */
export function workerSearches(folder: string): Searches {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (lstatSync(folder).uid !== process.getuid?.()) {
      throw new UserError(`${folder}: expected a folder of yours, got another user's; choose another`);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${folder}: cannot be made a folder (${(error as NodeJS.ErrnoException).code}); choose another`,
    );
  }
  const processes = new Processes(1);
  return {
    program: programBuild(),
    idOf: (text) => searchId(text, programBuild()),
    stop: () => processes.end("SIGTERM"),
    async run({ id, config, bound }): Promise<SearchAnswer> {
      const archive = join(folder, `${id}.sqlite`);
      const file = join(folder, `${id}.yaml`);
      writeFileSync(file, JSON.stringify(asWritten(config)));
      const outcome = await runSweepSearch(processes, { config, args: [file], bound, archive, threads: undefined });
      if (outcome === "stopped" || "reason" in outcome) return outcome;
      pruneArchive(archive);
      let bytes = readFileSync(archive);
      if (bytes.length > LARGE) {
        pruneArchive(archive, { measured: true });
        bytes = readFileSync(archive);
      }
      for (const path of [archive, file]) rmSync(path, { force: true });
      return { result: outcome.result, archive: bytes };
    },
  };
}
