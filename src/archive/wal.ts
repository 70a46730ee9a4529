import type Database from "better-sqlite3";

/** Milliseconds that a writer waits for those that look at its lock as it begins, and between two tries. */
const OTHERS = 5000;
const RETRY = 10;

/** While it is written anyone may read. SQLite does not wait here for a transaction of another at this moment, as it does elsewhere. */
export function enterWal(db: Database.Database): void {
  const end = performance.now() + OTHERS;
  for (;;) {
    try {
      db.pragma("journal_mode = WAL");
      return;
    } catch (error) {
      const isBusy = String((error as NodeJS.ErrnoException).code).startsWith("SQLITE_BUSY");
      if (!isBusy || performance.now() >= end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY);
    }
  }
}

/** At rest the archive is one file: readers of a file in WAL mode leave -wal and -shm beside it, and need a folder they may write. */
export function leaveWal(db: Database.Database): void {
  try {
    db.pragma("busy_timeout = 0");
    db.pragma("journal_mode = DELETE");
  } catch {
    // Somebody reads at this moment; it stays in WAL mode until the next writer closes it.
  }
}
