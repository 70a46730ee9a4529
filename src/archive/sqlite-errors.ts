import { UserError } from "../base/user-error.ts";
import { Database } from "./sqlite.ts";

const remedies: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_NOTADB/, "expected an archive (a SQLite file), got something else; choose another --archive"],
  [
    /^SQLITE_(?:CORRUPT|FORMAT|MISMATCH|ERROR|SCHEMA)/,
    "the archive is damaged; qes verify says more; restore a copy or choose another --archive",
  ],
  [
    /^SQLITE_(?:FULL|TOOBIG|IOERR_WRITE|IOERR_SHMSIZE|IOERR_TRUNCATE)/,
    "the disk is full, or a limit on file sizes is reached; what was committed is safe; make room and go on with qes resume",
  ],
  [
    /^SQLITE_READONLY/,
    "the archive or its folder may only be read; change the permissions or choose another --archive",
  ],
  [
    /^SQLITE_CANTOPEN/,
    "cannot open the archive; check the folder, its permissions, the disk and the limit of open files (ulimit -n)",
  ],
  [/^SQLITE_(?:BUSY|LOCKED|PROTOCOL)/, "another program holds the archive; wait for it or choose another --archive"],
  [/^SQLITE_NOMEM/, "out of memory; free some and go on with qes resume"],
  [/^SQLITE_/, "cannot use the archive; check the folder, its permissions and the disk; what was committed is safe"],
];

/** Turns what SQLite says of a file that is not usable into a message with a remedy. */
export function guard<T>(path: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof Database.SqliteError) {
      const remedy = remedies.find(([code]) => code.test(error.code))![1];
      throw new UserError(`${path}: ${remedy} (${error.message})`);
    }
    if (error instanceof TypeError && error.message.startsWith("Cannot open database")) {
      throw new UserError(`${path}: ${error.message}; check the path`);
    }
    throw error;
  }
}
