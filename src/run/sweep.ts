import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../base/user-error.ts";
import { ArchiveMerger } from "./merge.ts";
import { pruneArchive } from "./prune.ts";

/** What is kept of a finished search, beside its archive; of what it printed, the part that a summary needs. */
const record = z.object({
  format: z.literal("sweep result"),
  version: z.literal(1),
  id: z.string(),
  result: z.looseObject({
    digest: z.string(),
    evaluations: z.number(),
    seconds: z.number(),
    best: z.looseObject({
      score: z.number(),
      /** By noise that had no part in selecting it, where the score contains noise. */
      measured: z.looseObject({ score: z.number().nullable(), scoreError: z.number().nullable() }).optional(),
    }),
    bound: z.looseObject({ upperBound: z.number().optional(), gap: z.number().optional() }).optional(),
  }),
  /** Its run in the archive of the sweep; absent: it has an archive of its own yet. */
  run: z.number().optional(),
});

export type SweepRecord = z.output<typeof record>;

/**
 * What a search of a sweep is known by: its configuration, seed included, and the program that runs it. Equal ids, equal results.
 * @param config as JSON
 * @param build says which program
 */
export function searchId(config: string, build: string): string {
  return createHash("sha256").update(`${build}\n${config}`).digest("hex").slice(0, 16);
}

/**
 * The folder of a sweep: `searches/ID.sqlite` while a search runs, `searches/ID.json` once it is finished, and `sweep.sqlite` with the runs of all that were
 * gathered. What is there is never done again; a kill at any moment loses no finished search.
 */
export class SweepFolder {
  readonly archive: string;
  readonly #searches: string;
  #merger: ArchiveMerger | undefined;

  /** @throws UserError where the folder cannot be made */
  constructor(path: string) {
    this.archive = join(path, "sweep.sqlite");
    this.#searches = join(path, "searches");
    try {
      mkdirSync(this.#searches, { recursive: true });
    } catch (error) {
      throw new UserError(
        `${path}: cannot be made a folder (${(error as NodeJS.ErrnoException).code}); choose another`,
      );
    }
  }

  /** The archive of a search that runs. */
  archiveOf(id: string): string {
    return join(this.#searches, `${id}.sqlite`);
  }

  /** Undefined where the search is not finished. @throws UserError where the file is damaged */
  record(id: string): SweepRecord | undefined {
    const path = this.#recordPath(id);
    if (!existsSync(path)) return undefined;
    try {
      return record.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch {
      throw new UserError(
        `${path}: expected the result of a search, got something else; remove it, and the search runs again`,
      );
    }
  }

  /** Records what a finished search printed. */
  finish(id: string, result: unknown): SweepRecord {
    const parsed = record.parse({ format: "sweep result", version: 1, id, result });
    this.#write(parsed);
    return parsed;
  }

  /**
   * Moves the run of a finished search from its own archive into that of the sweep.
   * @param whole with all candidates; otherwise only those of its population are kept, as `prune` does
   * @throws UserError where the archive of the sweep is held by another process
   */
  gather(finished: SweepRecord, whole: boolean): SweepRecord {
    const own = this.archiveOf(finished.id);
    if (!existsSync(own)) return finished;
    if (!whole) pruneArchive(own);
    this.#merger ??= new ArchiveMerger(this.archive);
    const runs = this.#merger.add(own);
    const gathered = { ...finished, run: runs.at(-1)!.id };
    this.#write(gathered);
    rmSync(own);
    return gathered;
  }

  close(): void {
    this.#merger?.close();
  }

  #recordPath(id: string): string {
    return join(this.#searches, `${id}.json`);
  }

  /** In one step, so that no half of it is ever there. */
  #write(value: SweepRecord): void {
    const path = this.#recordPath(value.id);
    const part = `${path}.${process.pid}.part`;
    writeFileSync(part, `${JSON.stringify(value, null, 1)}\n`);
    renameSync(part, path);
  }
}
