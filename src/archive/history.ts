import type Database from "better-sqlite3";
import type { Checkpoint, Counters } from "../search/loop.ts";
import type { OpenFile } from "./open-file.ts";

/** How a run came along, generation by generation: what a picture of it takes, without reading a candidate. */
export const progressTable = `
  CREATE TABLE progress (
    run INTEGER NOT NULL, generation INTEGER NOT NULL, children INTEGER NOT NULL, best REAL, mean REAL, scored INTEGER NOT NULL,
    duplicates INTEGER NOT NULL, over_budget INTEGER NOT NULL, failed INTEGER NOT NULL, reused INTEGER NOT NULL, seconds REAL NOT NULL,
    first INTEGER, PRIMARY KEY (run, generation)
  ) WITHOUT ROWID;
`;

/** A run behind one of its generations. Counters are those of the whole run so far. */
export interface ProgressRow extends Omit<Counters, "evaluations" | "generations"> {
  readonly run: number;
  readonly generation: number;
  /** Children bred. */
  readonly children: number;
  /** The best score of the population and the mean of its members'; null of an empty one. */
  readonly best: number | null;
  readonly mean: number | null;
  readonly seconds: number;
  /** Number of the first row that the generation added; null where it added none, or that is not known. */
  readonly first: number | null;
}

const COLUMNS =
  "run, generation, children, best, mean, scored, duplicates, over_budget AS overBudget, failed, reused, seconds, first";

/** Adds rows of progress. Inside a transaction of the caller's. */
export function progressInserter(db: Database.Database): (row: ProgressRow) => void {
  const insert = db.prepare("INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  return ({ run, generation, children, best, mean, scored, duplicates, overBudget, failed, reused, seconds, first }) =>
    insert.run(run, generation, children, best, mean, scored, duplicates, overBudget, failed, reused, seconds, first);
}

/** What a checkpoint says of a run. */
export function progressOf({ counters, scores }: Checkpoint) {
  const { evaluations: children, scored, duplicates, overBudget, failed, reused } = counters;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i];
  const known = scores.length > 0;
  const figures = { best: known ? scores[0] : null, mean: known ? sum / scores.length : null };
  return { children, ...figures, scored, duplicates, overBudget, failed, reused };
}

/** How a run came along behind a generation; generations of an earlier schema are not there. */
export function progressAfter({ db, version }: OpenFile, run: number, generation: number): ProgressRow[] {
  if (version < 3) return [];
  const query = `SELECT ${COLUMNS} FROM progress WHERE run = ? AND generation > ? ORDER BY generation`;
  return (db.prepare(query).all(run, generation) as ProgressRow[]).filter(hasTypes);
}

/** SQLite keeps whatever it is given, or what damage made of it, in any column. */
function hasTypes(row: ProgressRow): boolean {
  const { children, scored, duplicates, overBudget, failed, reused, generation, best, mean, seconds, first } = row;
  return (
    [children, scored, duplicates, overBudget, failed, reused, generation].every(
      (count) => Number.isSafeInteger(count) && count >= 0,
    ) &&
    [best, mean].every((figure) => figure === null || Number.isFinite(figure)) &&
    Number.isFinite(seconds) &&
    (first === null || Number.isSafeInteger(first))
  );
}

/** Numbers of first rows where the rows were moved; inside a transaction of the caller's. */
export function renewFirstRows(db: Database.Database): void {
  const rows = db.prepare("SELECT run, generation, MIN(rowid) AS first FROM candidate GROUP BY run, generation").all();
  db.exec("UPDATE progress SET first = NULL; UPDATE reused SET places = NULL");
  const set = db.prepare("UPDATE progress SET first = ? WHERE run = ? AND generation = ?");
  for (const { run, generation, first } of rows as Pick<ProgressRow, "run" | "generation" | "first">[]) {
    set.run(first, run, generation);
  }
}
