/*
 * Puts back into package-lock.json what npm drops when it writes that file: which Node each better-sqlite3 is for, where the registry allows more, and
 * that 13 has nothing to compile, without which npm ci runs node-gyp and, where that fails, removes the package. npm runs this after every change.
 */
import { readFileSync, writeFileSync } from "node:fs";

const rows = {
  "node_modules/better-sqlite3": { engines: { node: "20.x" } },
  "node_modules/better-sqlite3-13": { engines: { node: ">=22" }, gypfile: false },
};

const text = readFileSync("package-lock.json", "utf8");
const lock = JSON.parse(text);
for (const [name, row] of Object.entries(rows)) Object.assign(lock.packages[name], row);
const mended = `${JSON.stringify(lock, null, 2)}\n`;
if (mended !== text) writeFileSync("package-lock.json", mended);
