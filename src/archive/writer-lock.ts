import { randomUUID } from "node:crypto";
import type Database from "better-sqlite3";
import { UserError } from "../base/user-error.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

export const writerTable = `
  CREATE TABLE writer (
    id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL, start TEXT NOT NULL,
    run INTEGER, since TEXT NOT NULL
  );
`;

interface Holder extends ProcessIdentity {
  readonly token: string;
  readonly run: number | null;
  readonly since: string;
}

/** Locks that this process holds: a row of this very process that is not among them was left by an archive that could not be closed. */
const held = new Set<string>();

/**
 * Makes this process the archive's only writer; the lock of a dead process is taken over. Atomic: of two takers one wins.
 * @param force takes it over whoever holds it
 * @returns the lock's token
 * @throws UserError that names the process and the run that hold it
 */
export function takeLock(path: string, db: Database.Database, force: boolean): string {
  const token = randomUUID();
  db.transaction(() => {
    if (!force) refuseHeld(path, db);
    // Schema 1 knew less of a writer.
    db.exec(`DROP TABLE IF EXISTS writer; ${writerTable}`);
    const { pid, host, boot, start } = ownIdentity();
    db.prepare("INSERT INTO writer VALUES (1, ?, ?, ?, ?, ?, NULL, ?)").run(
      token,
      pid,
      host,
      boot,
      start,
      new Date().toISOString(),
    );
  }).immediate();
  held.add(token);
  return token;
}

/** The process that writes, and the run it is at; nothing where there is none, or where it is gone. */
export function currentWriter(db: Database.Database): Pick<Holder, "pid" | "host" | "run" | "since"> | undefined {
  const row = db.prepare("SELECT * FROM writer").get() as Partial<Holder> | undefined;
  if (row === undefined) return undefined;
  // Schema 1 knew less of a writer.
  const { pid = 0, host = "", boot = "", start = "", token = "", run = null, since = "" } = row;
  const own = ownIdentity();
  const isOwn = pid === own.pid && host === own.host && boot === own.boot && start === own.start;
  if ((isOwn && !held.has(token)) || !isRunning({ pid, host, boot, start })) return undefined;
  return { pid, host, run, since };
}

/** @throws UserError where a process that runs holds the lock */
export function refuseHeld(path: string, db: Database.Database): void {
  const writer = currentWriter(db);
  if (writer === undefined) return;
  const { pid, host, run, since } = writer;
  throw new UserError(
    `${path}: held by process ${pid} on ${host}${run === null ? "" : `, run ${run}`}, since ${since}; wait for it`,
    "otherArchive",
    ...(host === ownIdentity().host ? [] : (["unlock"] as const)),
  );
}

/** Gives the token of the lock that counts. */
export const lockQuery = "SELECT token FROM writer";

/** The lock's row stays where it cannot be deleted; this process then no longer counts as its holder. */
export function forgetLock(token: string): void {
  held.delete(token);
}

export function releaseLock(db: Database.Database, token: string): void {
  db.prepare("DELETE FROM writer WHERE token = ?").run(token);
}

/** Which lock of which file a writer has. */
export interface Hold {
  readonly token: string | undefined;
  readonly file: string | undefined;
}
