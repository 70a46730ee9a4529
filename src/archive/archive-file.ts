import { closeSync, openSync, readSync, statSync } from "node:fs";

/** With which every SQLite file begins. */
const HEADER = "SQLite format 3\0";

/** Whether a path is a file of SQLite's, whatever is in it; false where it cannot be read. */
export function isArchiveFile(path: string): boolean {
  let file: number | undefined;
  try {
    if (!statSync(path).isFile()) return false;
    file = openSync(path, "r");
    const start = Buffer.alloc(HEADER.length);
    return readSync(file, start) === HEADER.length && start.toString("latin1") === HEADER;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
