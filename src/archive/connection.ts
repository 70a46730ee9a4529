import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type BetterSqlite3 from "better-sqlite3";
import { UserError } from "../base/user-error.ts";
import { describe } from "../network/structure.ts";
import { Database } from "./sqlite.ts";
import { guard } from "./sqlite-errors.ts";

/** Milliseconds to wait for another connection's transaction. */
const BUSY = 5000;

/** Opens a SQLite file and closes it again where `use` throws. @throws UserError where it cannot be opened */
export function connect<T>(path: string, options: BetterSqlite3.Options, use: (db: BetterSqlite3.Database) => T): T {
  return guard(path, () => {
    const db = new Database(databaseName(path), { timeout: BUSY, ...options });
    try {
      db.pragma("trusted_schema = OFF");
      return use(db);
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** A process that was killed may have left half a transaction, which only a connection that may write rolls back. */
export function rollBack(path: string): void {
  if (!existsSync(`${path}-journal`)) return;
  try {
    connect(path, { fileMustExist: true }, (db) => {
      db.prepare("SELECT COUNT(*) FROM sqlite_master").get();
      db.close();
    });
  } catch {
    // Whoever reads next is told what is wrong.
  }
}

/** better-sqlite3 trims names: what it opened would be another file than the one that was asked for. */
function databaseName(path: string): string {
  if (path === ":memory:") return path;
  if (path.includes("\0")) {
    throw new UserError(
      `${JSON.stringify(path)}: expected a path, got one with a NUL in it; check where it comes from`,
    );
  }
  if (path !== path.trimEnd()) {
    throw new UserError(`${JSON.stringify(path)}: expected a path without white space at its end; rename the file`);
  }
  refuseFolder(path);
  return resolve(path);
}

/** @throws UserError where a path is a folder's, which SQLite says nothing of */
function refuseFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`${path}: expected an archive (a SQLite file), got a folder; give the path of the file in it`);
  }
}

/** Which file a path leads to; a file that was deleted or replaced has another. */
export function fileIdentity(path: string): string | undefined {
  if (path === ":memory:") return undefined;
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}

/** @throws UserError where the path no longer leads to the file that was opened */
export function refuseMoved(path: string, file: string | undefined): void {
  if (file === undefined) return;
  let now: string | undefined;
  try {
    now = fileIdentity(path);
  } catch {
    // Deleted.
  }
  if (now === file) return;
  throw new UserError(
    `${path}: the archive was ${now === undefined ? "deleted, or moved away" : "replaced by another file"} while it was in use; ` +
      "nothing more is written; put it back",
    "resume",
  );
}

/**
 * @throws UserError where the latest candidates lie in a -wal file whose archive is gone, since SQLite would delete them; and where the path is empty, since
 * SQLite would keep an archive without a name in a file that it deletes
 */
export function refuseOrphanWal(path: string): void {
  if (typeof path !== "string" || path === "") {
    throw new UserError(`archive: expected the path of a file, got ${describe(path)}; give one`);
  }
  const wal = `${path}-wal`;
  const gone = !existsSync(path) || statSync(path).size === 0;
  if (path === ":memory:" || !gone || !existsSync(wal) || statSync(wal).size === 0) return;
  throw new UserError(
    `${path}: the archive is missing or empty, but its ${wal} is there; put the archive back, or delete ${wal} to start anew`,
  );
}

/** @throws UserError where there is any damage */
export function refuseDamage(path: string, damage: readonly string[]): void {
  if (damage.length > 0) throw damageError(path, damage);
}

export function damageError(path: string, damage: readonly string[]): UserError {
  const more = damage.length > 1 ? `, and ${damage.length - 1} more` : "";
  return new UserError(
    `${path}: the archive is damaged (${damage[0].slice(0, 200)}${more}); restore a copy`,
    "verify",
    "otherArchive",
  );
}
