import { Archive } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import type { Config } from "../config/config.ts";
import { openProblem } from "../problem/problem.ts";
import { digestOf } from "../search/digest.ts";
import { openPool, type PoolOptions } from "./open-pool.ts";
import { seedRun } from "./seed-archive.ts";

/**
 * Checks the archive of a search that another program ran: it has that search, finished, with that digest, and the scores of its population are those
 * that are computed here.
 * @returns what is wrong; undefined where nothing is
 */
export async function searchFlaw(
  path: string,
  config: Config,
  digest: string,
  options: PoolOptions,
): Promise<string | undefined> {
  try {
    const run = seedRun(path, config);
    if (run === undefined || run.status === "running") return "its archive has no such search that is finished";
    const archive = Archive.openForReading(path);
    const { checkpoint } = archive.run(run.run);
    archive.close();
    if (checkpoint === undefined || run.digest !== digest || digestOf(checkpoint) !== digest) {
      return `its archive has the digest ${run.digest}, its result ${digest}`;
    }
    const pool = openPool(openProblem(config), options);
    try {
      const { scores } = await pool.score(checkpoint.genomes);
      const wrong = scores.findIndex((score, i) => score !== checkpoint.scores[i]);
      return wrong < 0 ? undefined : `it gave the score ${checkpoint.scores[wrong]} in the place of ${scores[wrong]}`;
    } finally {
      await pool.close();
    }
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
