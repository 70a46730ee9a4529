import type Database from "better-sqlite3";
import type { Checkpoint } from "../search/loop.ts";
import type { SeenSet } from "../search/seen-set.ts";
import { candidateInserter } from "./generation-writer.ts";
import { type ProgressRow, progressInserter } from "./history.ts";
import { rowsOf, type StoredGeneration } from "./stored-generations.ts";
import { fixedSeal, packCheckpoint, type RawRun, type RunRow, runSeal } from "./stored-run.ts";
import { bytesOf, generationSum } from "./sums.ts";

/** What is copied: the runs of a scoring context and all that they scored. */
export interface ForeignRuns {
  readonly rows: readonly RunRow[];
  readonly generations: Iterable<StoredGeneration>;
  /** How a run came along there. */
  readonly progress: (run: number) => readonly ProgressRow[];
}

/**
 * Adds runs of another archive. A genome is there once for each scoring context: what is here already is recorded as taken over, as if the run had been
 * made here. Inside a transaction of the caller's.
 * @param context the scoring context's id here
 * @param known the genomes that it has here; those that are added are added to it
 * @returns the runs' ids here, in the order of the rows
 */
export function copyRuns(
  db: Database.Database,
  { rows, generations, progress }: ForeignRuns,
  context: number,
  known: SeenSet,
): number[] {
  const insert = candidateInserter(db);
  const insertReused = db.prepare("INSERT INTO reused VALUES (?, ?, ?, NULL)");
  const insertSum = db.prepare("INSERT INTO generation VALUES (?, ?, ?, ?)");
  const insertRun = db.prepare("INSERT INTO run (context, name, config, started) VALUES (?, ?, ?, ?)");
  const ids = rows.map(({ name, config, started }) =>
    Number(insertRun.run(context, name, config, started).lastInsertRowid),
  );
  const insertProgress = progressInserter(db);
  const overlaps = rows.map((): Overlap => ({ scored: 0, failed: 0 }));
  const moves = rows.map(() => new Map<number, Move>());
  for (const stored of generations) {
    const at = rows.findIndex(({ id }) => id === stored.run);
    const overlap = { scored: 0, failed: 0 };
    const split = { ...splitBy(known, stored, overlap), run: ids[at], context };
    overlaps[at].scored += overlap.scored;
    overlaps[at].failed += overlap.failed;
    moves[at].set(stored.generation, { ...overlap, first: insert(split) });
    if (split.reusedKeys.length > 0) insertReused.run(split.run, split.generation, bytesOf(split.reusedKeys));
    insertSum.run(split.run, split.generation, split.scores.length, generationSum(split));
  }
  rows.forEach((row, at) => {
    for (const moved of movedProgress(progress(row.id), moves[at])) insertProgress({ ...moved, run: ids[at] });
    endRun(db, ids[at], row, overlaps[at]);
  });
  return ids;
}

/** The state of a run whose candidates are there. Its digest stays: where a score came from does not enter it. */
function endRun(db: Database.Database, run: number, row: RunRow, overlap: Overlap): void {
  const { checkpoint, seconds, status, digest = null } = row;
  const moved = checkpoint === undefined ? null : packCheckpoint(movedCounters(checkpoint, overlap));
  const state = { checkpoint: moved, seconds, status, digest };
  const fixed = fixedSeal(db.prepare("SELECT * FROM run WHERE id = ?").get(run) as RawRun);
  db.prepare("UPDATE run SET checkpoint = ?, seconds = ?, status = ?, digest = ?, seal = ? WHERE id = ?").run(
    moved,
    seconds,
    status,
    digest,
    runSeal(fixed, state),
    run,
  );
}

/** Candidates of a run that were here already. */
interface Overlap {
  scored: number;
  failed: number;
}

/** What became of a generation: candidates that were here already, and the number of its first row here. */
interface Move extends Overlap {
  readonly first: number | null;
}

function movedProgress(rows: readonly ProgressRow[], moves: ReadonlyMap<number, Move>): ProgressRow[] {
  let scored = 0;
  let failed = 0;
  return rows.map((row) => {
    const move = moves.get(row.generation);
    scored += move?.scored ?? 0;
    failed += move?.failed ?? 0;
    const counters = {
      scored: row.scored - scored,
      failed: row.failed - failed,
      reused: row.reused + scored + failed,
    };
    return { ...row, ...counters, first: move?.first ?? null };
  });
}

function movedCounters(checkpoint: Checkpoint, { scored, failed }: Overlap): Checkpoint {
  const { counters } = checkpoint;
  return {
    ...checkpoint,
    counters: {
      ...counters,
      scored: counters.scored - scored,
      failed: counters.failed - failed,
      reused: counters.reused + scored + failed,
    },
  };
}

/** A generation without what is known, of which it keeps the hashes. */
function splitBy(known: SeenSet, stored: StoredGeneration, overlap: Overlap): StoredGeneration {
  const { genomes, genomeLength: length, scores, failures, reusedKeys } = stored;
  const stay: number[] = [];
  const keys: number[] = [...reusedKeys];
  for (let i = 0; i < scores.length; i++) {
    const slot = known.find(genomes, i * length, length);
    if (slot < 0) {
      known.add(slot, 1);
      stay.push(i);
      continue;
    }
    keys.push(known.low, known.high);
    if (failures.has(i)) overlap.failed++;
    else overlap.scored++;
  }
  if (stay.length === scores.length) return stored;
  return { ...stored, ...rowsOf(stored, stay), reusedKeys: Uint32Array.from(keys) };
}
