import { closeSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { UserError } from "../base/user-error.ts";

/** What the files of a command begin with, and are called. */
export interface OutputKind {
  readonly begins: string;
  readonly name: string;
}

/**
 * Writes a file that an option names. A file that is there already is replaced only where it is of the same kind, or the same: anything else may be what somebody has no other copy of.
 * @throws UserError where it is not replaced, or cannot be written
 */
export function writeOutput(option: string, path: string, content: string, kind?: OutputKind): void {
  const begins = kind?.begins ?? content;
  if (isFile(path) && beginning(path, Buffer.byteLength(begins) + (kind === undefined ? 1 : 0)) !== begins) {
    const not = kind === undefined ? "" : ` and is not ${kind.name}`;
    throw new UserError(`${option} ${path}: exists already${not}; choose another name or remove it`);
  }
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new UserError(
      `${option} ${path}: cannot be written (${(error as NodeJS.ErrnoException).code}); check the path`,
    );
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** At most so many bytes of a file, as text; what cannot be read is told when it is written. */
function beginning(path: string, bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  try {
    const file = openSync(path, "r");
    try {
      return buffer.subarray(0, readSync(file, buffer, 0, bytes, 0)).toString();
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
