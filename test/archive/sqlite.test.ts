import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Database } from "../../src/archive/sqlite.ts";
import { builtFile, packageRoot } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";

const major = Number.parseInt(process.versions.node, 10);
const [own, other] = major < 22 ? ["better-sqlite3", "better-sqlite3-13"] : ["better-sqlite3-13", "better-sqlite3"];

test("a database opens in the package for this Node", () => {
  const db = new Database(join(temporaryFolder(), "a.sqlite"));
  expect(db.prepare("SELECT 1 + 1 AS two").get()).toEqual({ two: 2 });
  db.close();
  const { version } = createRequire(import.meta.url)(`${own}/package.json`);
  expect(Number.parseInt(version, 10)).toBe(major < 22 ? 12 : 13);
});

test("npm ci installs the package for this Node, and not the other", () => {
  const { packages } = JSON.parse(readFileSync(join(packageRoot, "package-lock.json"), "utf8"));
  const [twelve, thirteen] = ["better-sqlite3", "better-sqlite3-13"].map((name) => packages[`node_modules/${name}`]);
  const mend = "npm install drops this where it runs no scripts; node scripts/lock-file.mjs puts it back";
  expect(twelve.engines, mend).toEqual({ node: "20.x" });
  expect(thirteen.engines, mend).toEqual({ node: ">=22" });
  expect(thirteen.gypfile, mend).toBe(false);
  expect(() => createRequire(import.meta.url).resolve(other)).toThrow("Cannot find module");
});

test("a command that opens an archive loads one addon, of the package for this Node", () => {
  const script = `
    import { Archive } from ${JSON.stringify(builtFile("src/archive/archive.js"))};
    Archive.openForWriting(":memory:").close();
    console.log(process.report.getReport().sharedObjects.filter((file) => file.endsWith(".node")).join());
  `;
  const loaded = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(loaded.trim().split(",")).toEqual([expect.stringContaining(`/node_modules/${own}/`)]);
});
