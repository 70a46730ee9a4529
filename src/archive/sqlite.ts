import { createRequire } from "node:module";
import type BetterSqlite3 from "better-sqlite3";
import { UserError } from "../base/user-error.ts";

/**
 * The package that this Node runs. Node 24.19 and newer abort on better-sqlite3 12, and Node 20 crashes on 13, so that neither is tried where the other
 * is missing. `package-lock.json` says which Node each is for, and npm installs that one alone.
 */
const name = Number.parseInt(process.versions.node, 10) < 22 ? "better-sqlite3" : "better-sqlite3-13";

export const Database: typeof BetterSqlite3 = load();

function load(): typeof BetterSqlite3 {
  try {
    return createRequire(import.meta.url)(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new UserError(
      `${name}, which Node ${process.versions.node} runs, is not installed: Node may have changed since npm ci; run npm ci`,
    );
  }
}
