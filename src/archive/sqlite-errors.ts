import { type Remedy, UserError } from "../base/user-error.ts";
import { Database } from "./sqlite.ts";

/** By code: what is wrong and what to do, and what else can be done. */
const errors: readonly (readonly [RegExp, string, ...Remedy[]])[] = [
  [/^SQLITE_NOTADB/, "expected an archive (a SQLite file), got something else", "otherArchive"],
  [
    /^SQLITE_(?:CORRUPT|FORMAT|MISMATCH|ERROR|SCHEMA)/,
    "the archive is damaged; restore a copy",
    "verify",
    "otherArchive",
  ],
  [
    /^SQLITE_(?:FULL|TOOBIG|IOERR_WRITE|IOERR_SHMSIZE|IOERR_TRUNCATE)/,
    "the disk is full, or a limit on file sizes is reached; what was committed is safe; make room",
    "resume",
  ],
  [/^SQLITE_READONLY/, "the archive or its folder may only be read; change the permissions", "otherArchive"],
  [
    /^SQLITE_CANTOPEN/,
    "cannot open the archive; check the folder, its permissions, the disk and the limit of open files (ulimit -n)",
  ],
  [/^SQLITE_(?:BUSY|LOCKED|PROTOCOL)/, "another program holds the archive; wait for it", "otherArchive"],
  [/^SQLITE_NOMEM/, "out of memory; free some", "resume"],
  [/^SQLITE_/, "cannot use the archive; check the folder, its permissions and the disk; what was committed is safe"],
];

/** Whether the package's native code is missing, or was built for another version of Node. */
function isUnbuilt(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ERR_DLOPEN_FAILED" || /^Could not locate the bindings file/.test(message);
}

/** Turns what SQLite says of a file that is not usable into a message with a remedy. */
export function guard<T>(path: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof Database.SqliteError) {
      const [, what, ...remedies] = errors.find(([code]) => code.test(error.code))!;
      throw new UserError(`${path}: ${what} (${error.message})`, ...remedies);
    }
    if (isUnbuilt(error)) {
      throw new UserError(
        `better-sqlite3 is not built for Node ${process.versions.node}, which may have changed since npm ci; run npm rebuild better-sqlite3`,
      );
    }
    if (error instanceof TypeError && error.message.startsWith("Cannot open database")) {
      throw new UserError(`${path}: ${error.message}; check the path`);
    }
    throw error;
  }
}
