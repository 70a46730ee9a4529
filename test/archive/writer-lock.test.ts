import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { isRunning, ownIdentity } from "../../src/archive/process-identity.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { enterWal } from "../../src/archive/wal.ts";
import { builtFile } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";

/** As src/archive/sqlite.ts chooses it. */
const sqlite = Number.parseInt(process.versions.node, 10) < 22 ? "better-sqlite3" : "better-sqlite3-13";
const folder = temporaryFolder();
let files = 0;
const fresh = () => {
  const path = join(folder, `${++files}.sqlite`);
  Archive.openForWriting(path).close();
  return path;
};

function setWriter(path: string, writer: { pid: number; host?: string; boot?: string; start?: string }): void {
  const { pid, host = hostname(), boot = "", start = "" } = writer;
  const db = new Database(path);
  db.prepare("INSERT OR REPLACE INTO writer VALUES (1, 'token', ?, ?, ?, ?, 3, '2020-01-01')").run(
    pid,
    host,
    boot,
    start,
  );
  db.close();
}

const own = ownIdentity();
const takes = (path: string) => Archive.openForWriting(path).close();
const linux = own.start !== "";

test("this process and its parent run; a process that ended does not", () => {
  expect(isRunning(own)).toBe(true);
  expect(isRunning({ pid: process.ppid, host: hostname(), boot: "", start: "" })).toBe(true);
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  expect(isRunning({ pid, host: hostname(), boot: "", start: "" })).toBe(false);
});

test.runIf(linux)("the start of a process is field 22 of its stat file", () => {
  expect(readFileSync("/proc/self/stat", "utf8")).toContain(` ${own.start} `);
});

test.runIf(linux)("the lock of a process whose number another one has now is taken over", () => {
  const path = fresh();
  setWriter(path, { pid: process.ppid, boot: own.boot, start: "1" });
  takes(path);
});

test.runIf(linux)("the lock from before the machine's last start is taken over", () => {
  const path = fresh();
  setWriter(path, { pid: process.ppid, boot: "another" });
  takes(path);
});

test("a lock of this process that no open archive holds is taken over", () => {
  const path = fresh();
  setWriter(path, own);
  takes(path);
});

test("the lock of another machine is kept, the message says how to go on, and unlock takes it", () => {
  const path = fresh();
  setWriter(path, { pid: 1, host: "another-machine" });
  expect(() => Archive.openForWriting(path)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining("process 1 on another-machine, run 3, "),
      remedies: ["otherArchive", "unlock"],
    }),
  );
  Archive.openForWriting(path, { unlock: true }).close();
});

test("a writer whose lock was taken over writes nothing more", () => {
  const path = fresh();
  const first = Archive.openForWriting(path);
  const second = Archive.openForWriting(path, { unlock: true });
  expect(() => first.contextId("a")).toThrow(/another process has taken the archive over/);
  expect(second.contextId("b")).toBe(1);
  second.close();
  first.close();
});

test("a writer waits for another that looks at its lock as it begins, where SQLite does not", async () => {
  const path = fresh();
  const script = `
    import { createRequire } from "node:module";
    const Database = createRequire(${JSON.stringify(import.meta.url)})(${JSON.stringify(sqlite)});
    const db = new Database(${JSON.stringify(path)});
    db.exec("BEGIN IMMEDIATE");
    console.log("looking");
    setTimeout(() => { db.exec("ROLLBACK"); db.close(); }, 700);`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => other.stdout.once("data", resolve));
  const db = new Database(path, { timeout: 5000 });
  expect(() => db.pragma("journal_mode = WAL")).toThrow(/locked/);
  enterWal(db);
  expect(db.pragma("journal_mode", { simple: true })).toBe("wal");
  db.close();
});

test("of many that take a dead lock at once, one wins", async () => {
  const path = fresh();
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  setWriter(path, { pid });
  const script = `
    import { Archive } from ${JSON.stringify(builtFile("src/archive/archive.js"))};
    process.stdin.once("data", () => {
      try { Archive.openForWriting(${JSON.stringify(path)}); console.log("won"); } catch (error) { console.log(error.name, error.message); }
    });
    process.stdin.on("end", () => process.exit());
    console.log("ready");`;
  const takers = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] }),
  );
  const next = (taker: (typeof takers)[number]) =>
    new Promise<string>((resolve) => taker.stdout.once("data", (text) => resolve(String(text).trim())));
  await Promise.all(takers.map(next));
  const answers = takers.map(next);
  for (const taker of takers) taker.stdin.write("go");
  const said = (await Promise.all(answers)).sort();
  // What the others were told is shown where none has won.
  expect(said.at(-1), said.join("; ")).toBe("won");
  for (const text of said.slice(0, -1)) expect(text).toMatch(/^UserError .*: held by process /);
  for (const taker of takers) taker.stdin.end();
});
