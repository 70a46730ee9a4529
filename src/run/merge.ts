import { resolve } from "node:path";
import { Archive, type RunRow, type StoredGeneration } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import { parseStoredConfig } from "../config/stored-config.ts";
import { costNames } from "../costs/cost-table.ts";
import { GenomeEngine } from "../engine/engine.ts";
import { openProblem } from "../problem/problem.ts";
import { SeenSet } from "../search/seen-set.ts";

/** Where a run of a merged archive is now. */
export interface MergedRun {
  readonly from: string;
  /** Its id there. */
  readonly run: number;
  /** Its id in the archive that all are merged into. */
  readonly id: number;
  /** Whether it was there before, from an earlier merge. */
  readonly known: boolean;
}

/** Adds the runs of archives to one archive. Scores that several have are kept once; digests stay as they are. */
export class ArchiveMerger {
  readonly path: string;
  readonly #archive: Archive;
  /** Genomes by scoring context. */
  readonly #known = new Map<string, SeenSet>();

  /**
   * @param path made where there is none
   * @throws UserError where it cannot be written to
   */
  constructor(path: string, options: { readonly unlock?: boolean | undefined } = {}) {
    this.path = path;
    this.#archive = Archive.openForWriting(path, { unlock: options.unlock ?? false });
  }

  close(): void {
    this.#archive.close();
  }

  /**
   * Adds every run of an archive, unfinished ones too, which can then be resumed here.
   * @throws UserError where it is no archive, damaged, or the one that is merged into; what was added of it is a whole scoring context
   */
  add(path: string): MergedRun[] {
    if (resolve(path) === resolve(this.path)) {
      throw new UserError(`${path}: expected archives other than the one that they are merged into; leave it out`);
    }
    const from = Archive.openForReading(path);
    try {
      return from.atOneMoment(() => {
        const runs = from.runs();
        from.proven.each((proven) => this.#archive.proven.put(proven));
        return from.contexts().flatMap(({ id, key }) => {
          const own = runs.filter(({ context }) => context === id);
          return this.#addContext(from, { id, key, runs: own });
        });
      });
    } finally {
      from.close();
    }
  }

  #addContext(from: Archive, { id, key, runs }: ForeignContext): MergedRun[] {
    const here = this.#archive.runs();
    const known = new Map(
      runs.flatMap((row) => [
        ...here.filter((other) => isSame(row, other)).map((other) => [row.id, other.id] as const),
      ]),
    );
    const rows = runs.filter((row) => !known.has(row.id));
    const ids = rows.length === 0 ? [] : this.#copy(from, { id, key, runs: rows });
    return runs.map((row) => ({
      from: from.path,
      run: row.id,
      id: known.get(row.id) ?? ids[rows.indexOf(row)],
      known: known.has(row.id),
    }));
  }

  #copy(from: Archive, { id, key, runs }: ForeignContext): number[] {
    const context = this.#archive.contextId(key);
    const generations = generationsOf(from, id, runs);
    try {
      return this.#archive.copyRuns(
        { rows: runs, generations, progress: (run) => from.progress(run) },
        context,
        this.#genomes(key, context),
      );
    } catch (error) {
      // It has genomes of runs that are not there.
      this.#known.delete(key);
      throw error;
    }
  }

  #genomes(key: string, context: number): SeenSet {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const set = new SeenSet(this.#archive.recorded(context));
    for (const { genomes, genomeLength, scores } of this.#archive.generations(context)) {
      for (let i = 0; i < scores.length; i++) {
        const slot = set.find(genomes, i * genomeLength, genomeLength);
        if (slot < 0) set.add(slot, 1);
      }
    }
    this.#known.set(key, set);
    return set;
  }
}

interface ForeignContext {
  readonly id: number;
  readonly key: string;
  /** Its runs. */
  readonly runs: readonly RunRow[];
}

/** A run that was merged before is there with all that says what it is. */
function isSame(a: RunRow, b: RunRow): boolean {
  return (
    a.config === b.config &&
    a.started === b.started &&
    a.digest === b.digest &&
    a.checkpoint?.counters.evaluations === b.checkpoint?.counters.evaluations
  );
}

/** The generations of some runs; costs that an earlier version did not write are computed. */
function* generationsOf(from: Archive, context: number, runs: readonly RunRow[]): Generator<StoredGeneration> {
  const ids = new Set(runs.map(({ id }) => id));
  let engine: GenomeEngine | undefined;
  for (const stored of from.generations(context)) {
    if (!ids.has(stored.run)) continue;
    if (stored.costs.length === stored.scores.length * costNames.length) {
      yield stored;
      continue;
    }
    const { space, classes } = openProblem(parseStoredConfig(runs[0].config, `${from.path}: run ${runs[0].id}`));
    engine ??= new GenomeEngine(space, classes);
    yield { ...stored, costs: engine.costs(stored.genomes) };
  }
}
