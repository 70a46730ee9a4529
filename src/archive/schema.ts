import { existsSync, statSync } from "node:fs";
import type Database from "better-sqlite3";
import { UserError } from "../base/user-error.ts";
import { costTable } from "../costs/cost-table.ts";
import { refuseDamage } from "./connection.ts";
import { progressTable } from "./history.ts";
import { foreignPart } from "./plain-tables.ts";
import { boundTables } from "./stored-bounds.ts";
import { writerTable } from "./writer-lock.ts";

/** "qesa": marks a SQLite file as an archive of this program. */
const APPLICATION_ID = 0x71657361;
export const SCHEMA_VERSION = 3;

/** Columns of the costs, in the order of the table. */
export function costColumns(): string[] {
  return costTable.flatMap(({ column }) => column ?? []);
}

/** Checksums of every generation: with them, a flipped bit in a row is noticed. */
export const generationTable = `
  CREATE TABLE generation (
    run INTEGER NOT NULL, generation INTEGER NOT NULL, count INTEGER NOT NULL, sum BLOB NOT NULL, PRIMARY KEY (run, generation)
  ) WITHOUT ROWID;
`;

const schema = () => `
  CREATE TABLE context (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, seal BLOB);
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    context INTEGER NOT NULL REFERENCES context,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    started TEXT NOT NULL,
    seconds REAL NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'running',
    checkpoint BLOB,
    -- Of a finished run.
    digest TEXT,
    -- Checksum over the row.
    seal BLOB
  );
  -- Append-only: the search's seen-set keeps genomes unique within a context.
  CREATE TABLE candidate (
    context INTEGER NOT NULL,
    run INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    genome BLOB NOT NULL,
    score REAL,
    ${costColumns()
      .map((name) => `${name} NUMERIC NOT NULL`)
      .join(", ")},
    failure TEXT
  );
  ${generationTable}
  -- Hashes of the genomes that a generation took over from earlier runs of its context, and the numbers of their rows, where they are known.
  CREATE TABLE reused (run INTEGER NOT NULL, generation INTEGER NOT NULL, keys BLOB NOT NULL, places BLOB);
  ${progressTable}
  ${boundTables}
  ${writerTable}
`;

/** Makes an empty database an archive; whether it was empty. A kill in the middle leaves it empty. */
export function createIfEmpty(db: Database.Database): boolean {
  if (!isEmpty(db)) return false;
  db.pragma("page_size = 8192");
  return db
    .transaction(() => {
      if (!isEmpty(db)) return false;
      db.exec(schema());
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
      return true;
    })
    .immediate();
}

function isEmpty(db: Database.Database): boolean {
  const { count } = db.prepare("SELECT COUNT(*) AS count FROM sqlite_master").get() as { count: number };
  return count === 0 && db.pragma("application_id", { simple: true }) === 0;
}

/** @returns the file's schema version. @throws UserError where it is no archive, a newer one, or has other parts than its schema */
export function checkVersion(path: string, db: Database.Database): number {
  const id = db.pragma("application_id", { simple: true }) as number;
  const version = db.pragma("user_version", { simple: true }) as number;
  if (id !== APPLICATION_ID) {
    throw new UserError(`${path}: a SQLite file, but not an archive of qes`, "otherArchive");
  }
  if (version > SCHEMA_VERSION) {
    throw new UserError(
      `${path}: written by a newer qes (schema ${version}, this one knows ${SCHEMA_VERSION}); update qes`,
      "otherArchive",
    );
  }
  const damage = version < 1 ? `schema ${version}` : foreignPart(db, version);
  if (damage !== undefined) refuseDamage(path, [damage]);
  return version;
}

export function columnsOf(db: Database.Database, table: string): string[] {
  return (db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
}

/** Files up to this size are checked as a whole before they are written to: about half a second. */
const QUICK_CHECK_BYTES = 256e6;

/** @throws UserError where a file that is not too large for it is not whole */
export function checkQuickly(path: string, db: Database.Database): void {
  if (!existsSync(path) || statSync(path).size > QUICK_CHECK_BYTES) return;
  refuseDamage(path, structuralDamage(db, "quick_check"));
}

/** What SQLite's own check says of the file; empty where it is whole. */
export function structuralDamage(db: Database.Database, check: "quick_check" | "integrity_check"): string[] {
  const rows = db.pragma(`${check}(20)`) as Record<string, string>[];
  const lines = rows.map((row) => String(Object.values(row)[0]));
  return lines.length === 1 && lines[0] === "ok" ? [] : lines;
}
