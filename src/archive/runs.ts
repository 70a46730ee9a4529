import { UserError } from "../base/user-error.ts";
import { refuseDamage } from "./connection.ts";
import type { OpenFile } from "./open-file.ts";
import { fixedSeal, type RawRun, type RunRow, readRun, runSeal } from "./stored-run.ts";

/** Runs that a message lists. */
const MOST_NAMED = 20;

/** Every run in turn, damaged ones included. */
export function* checkedRuns({ db, version }: OpenFile): Generator<RunRow> {
  for (const row of db.prepare("SELECT * FROM run ORDER BY id").iterate()) yield readRun(row as RawRun, version >= 2);
}

/** The row itself. @throws UserError where it is damaged */
export function sound({ path }: OpenFile, row: RunRow): RunRow {
  if (row.damage !== undefined) refuseDamage(path, [`run ${row.id}: ${row.damage}`]);
  return row;
}

/** @throws UserError where there is no such run, or it is damaged */
export function runOf(file: OpenFile, id: number): RunRow {
  const { path, db, version } = file;
  const row = db.prepare("SELECT * FROM run WHERE id = ?").get(id) as RawRun | undefined;
  if (row !== undefined) return sound(file, readRun(row, version >= 2));
  const ids = db
    .prepare("SELECT id FROM run ORDER BY id LIMIT ?")
    .pluck()
    .all(MOST_NAMED + 1);
  const more = ids.length > MOST_NAMED ? ", ..." : "";
  const known = ids.length === 0 ? "none" : `runs ${ids.slice(0, MOST_NAMED).join(", ")}${more}`;
  throw new UserError(`${path}: no run ${id}; it has ${known}`);
}

/** Undefined where there is none. @throws UserError where it is damaged */
export function lastRun(file: OpenFile): RunRow | undefined {
  const row = file.db.prepare("SELECT * FROM run ORDER BY id DESC LIMIT 1").get() as RawRun | undefined;
  return row === undefined ? undefined : sound(file, readRun(row, file.version >= 2));
}

/** @returns its id */
export function createRun(file: OpenFile, run: Pick<RawRun, "name" | "context" | "config" | "started">): number {
  const { lastInsertRowid } = file.db
    .prepare("INSERT INTO run (context, name, config, started) VALUES (?, ?, ?, ?)")
    .run(run.context, run.name, run.config, run.started);
  const id = Number(lastInsertRowid);
  renewSeal(file, id);
  return id;
}

/** Says in the writer's row which run it is at, and records the run's configuration as it goes on. */
export function startRun(file: OpenFile, run: number, config: string): void {
  file.db.prepare("UPDATE run SET config = ?, status = 'running', digest = NULL WHERE id = ?").run(config, run);
  renewSeal(file, run);
  file.db.prepare("UPDATE writer SET run = ?").run(run);
}

function renewSeal({ db }: OpenFile, run: number): void {
  const row = db.prepare("SELECT * FROM run WHERE id = ?").get(run) as RawRun;
  db.prepare("UPDATE run SET seal = ? WHERE id = ?").run(runSeal(fixedSeal(row), row), run);
}
