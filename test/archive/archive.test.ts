import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Archive, type GenerationRecord, SCHEMA_VERSION } from "../../src/archive/archive.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { UserError } from "../../src/base/user-error.ts";
import { costNames } from "../../src/costs/cost-table.ts";
import type { Checkpoint } from "../../src/search/loop.ts";
import { candidatesOf } from "../support/candidates.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
let files = 0;
const fresh = () => join(folder, `${++files}.sqlite`);

const counters = { evaluations: 7, generations: 2, scored: 3, duplicates: 4, overBudget: 1, failed: 1, reused: 1 };
const checkpoint: Checkpoint = {
  counters,
  genomes: Uint8Array.of(1, 2, 3, 4, 5, 6),
  scores: Float64Array.of(0.1 + 0.2, -1e-300),
};

function record(run: number, context: number, change: Partial<GenerationRecord> = {}): GenerationRecord {
  const scores = change.scores ?? Float64Array.of(0.1 + 0.2, -1e-300, Number.NaN);
  return {
    run,
    context,
    generation: 1,
    genomeLength: 3,
    genomes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9),
    scores,
    costs: Float64Array.from({ length: scores.length * costNames.length }, (_, i) => i),
    failures: scores.length === 3 ? new Map([[2, "the score is -Infinity"]]) : new Map(),
    reusedKeys: Uint32Array.of(0, 4294967295, 17, 2147483648),
    checkpoint,
    seconds: 1.5,
    done: false,
    ...change,
  };
}

const candidates = (archive: Archive, context: number) =>
  [...candidatesOf(archive, context)].map(({ genome, score, run }) => [[...genome], score, run]);

/** A file with one committed generation. */
function filled(): { path: string; run: number; context: number } {
  const path = fresh();
  const archive = Archive.openForWriting(path);
  const context = archive.contextId("context");
  const run = archive.createRun("name", context, "{}", "2020-01-01T00:00:00.000Z");
  archive.startRun(run, '{"a":1}');
  archive.commit(record(run, context));
  archive.close();
  return { path, run, context };
}

test("what was committed is read back exactly: scores to the last bit, failures, hashes, checkpoint", () => {
  const { path, run, context } = filled();
  const archive = Archive.openForReading(path);
  expect(candidates(archive, context)).toEqual([
    [[1, 2, 3], 0.1 + 0.2, run],
    [[4, 5, 6], -1e-300, run],
    [[7, 8, 9], null, run],
  ]);
  const keys: number[] = [];
  archive.eachReused(run, (low, high) => keys.push(low, high));
  expect(keys).toEqual([0, 4294967295, 17, 2147483648]);
  const row = archive.run(run);
  expect(row).toMatchObject({ id: run, name: "name", config: '{"a":1}', status: "running", seconds: 1.5 });
  expect(row.checkpoint?.counters).toEqual(counters);
  expect([...row.checkpoint!.genomes]).toEqual([...checkpoint.genomes]);
  expect(row.checkpoint!.scores).toEqual(checkpoint.scores);
  archive.close();
});

test("candidates are kept by context and told apart by run", () => {
  const { path, run, context } = filled();
  const archive = Archive.openForWriting(path);
  expect(archive.contextId("context")).toBe(context);
  const other = archive.contextId("another");
  expect(other).not.toBe(context);
  const second = archive.createRun("second", context, "{}", "now");
  archive.commit(record(second, context, { genomes: Uint8Array.of(9, 9, 9), scores: Float64Array.of(4) }));
  expect(candidates(archive, context).map((row) => row[2])).toEqual([run, run, run, second]);
  expect(candidates(archive, other)).toEqual([]);
  archive.close();
});

test("a commit that fails half-way leaves the file at the border before", () => {
  const { path, run, context } = filled();
  const archive = Archive.openForWriting(path);
  // The third candidate's BitOps are missing, which the table refuses.
  const broken = record(run, context, {
    costs: Float64Array.from({ length: 3 * costNames.length }, (_, i) => (i === 2 * costNames.length ? Number.NaN : i)),
  });
  expect(() =>
    archive.commit({ ...broken, checkpoint: { ...checkpoint, counters: { ...counters, generations: 9 } } }),
  ).toThrow();
  expect(candidates(archive, context)).toHaveLength(3);
  expect(archive.run(run).checkpoint?.counters.generations).toBe(2);
  archive.close();
});

test("a run that is not there is an error that lists those that are", () => {
  const { path } = filled();
  const archive = Archive.openForReading(path);
  expect(() => archive.run(5)).toThrow("no run 5; it has runs 1");
  archive.close();
});

/** The refusal of both ways to open a file, and that the file is as it was. */
function refusal(path: string): string {
  const bytes = readFileSync(path);
  const messages = [Archive.openForReading, Archive.openForWriting].map((open) => {
    try {
      open(path).close();
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as Error).message.replaceAll(path, "FILE");
    }
    return "opened";
  });
  expect(messages[1]).toBe(messages[0]);
  expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  return messages[0];
}

test("an archive of a newer schema is refused and left alone", () => {
  const { path } = filled();
  const db = new Database(path);
  db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  expect(refusal(path)).toBe(
    `FILE: written by a newer qes (schema ${SCHEMA_VERSION + 1}, this one knows ${SCHEMA_VERSION}); update qes`,
  );
});

test("a file that is not SQLite is refused and left alone", () => {
  const path = fresh();
  writeFileSync(path, "these are my notes, not an archive\n".repeat(100));
  expect(refusal(path)).toMatchInlineSnapshot(
    `"FILE: expected an archive (a SQLite file), got something else (file is not a database)"`,
  );
});

test("the SQLite file of another program is refused and left alone", () => {
  const path = fresh();
  const db = new Database(path);
  db.exec("CREATE TABLE run (id INTEGER); INSERT INTO run VALUES (1)");
  db.close();
  expect(refusal(path)).toMatchInlineSnapshot(`"FILE: a SQLite file, but not an archive of qes"`);
});

test("a cut-off archive is called damaged and left alone", () => {
  const { path } = filled();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, 20_000));
  expect(refusal(path)).toMatch(/damaged|cannot open/);
});

test("reading a file that is not there is an error and creates nothing", () => {
  const path = fresh();
  expect(() => Archive.openForReading(path)).toThrow(UserError);
  expect(existsSync(path)).toBe(false);
});

test("reading leaves no files beside the archive", () => {
  const { path } = filled();
  const archive = Archive.openForReading(path);
  archive.runs();
  archive.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
  expect(existsSync(`${path}-shm`)).toBe(false);
});

interface Writer {
  readonly pid: number;
  readonly host?: string;
  /** Empty where the system did not say. */
  readonly boot?: string;
  readonly start?: string;
}

function setWriter(path: string, { pid, host = hostname(), boot = "", start = "" }: Writer): void {
  const db = new Database(path);
  db.prepare("INSERT OR REPLACE INTO writer VALUES (1, 'token', ?, ?, ?, ?, 1, '2020-01-01T00:00:00.000Z')").run(
    pid,
    host,
    boot,
    start,
  );
  db.close();
}

test("a second writer is refused with a message that names the first", () => {
  const { path } = filled();
  // Our parent process lives as long as we do.
  setWriter(path, { pid: process.ppid });
  expect(() => Archive.openForWriting(path)).toThrow(
    `held by process ${process.ppid} on ${hostname()}, run 1, since 2020-01-01T00:00:00.000Z; wait for it`,
  );
  Archive.openForReading(path).close();
});

test("the lock of a dead process is taken over", () => {
  const { path } = filled();
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  setWriter(path, { pid });
  const archive = Archive.openForWriting(path);
  expect(archive.runs()).toHaveLength(1);
  archive.close();
});

test.runIf(existsSync("/proc/self/stat"))("the lock of an earlier process of the same number is taken over", () => {
  const { path } = filled();
  for (const earlier of [{ boot: "another" }, { start: "another" }]) {
    setWriter(path, { pid: process.ppid, ...earlier });
    Archive.openForWriting(path).close();
  }
});

test("the lock of a process on another machine is taken over only on demand", () => {
  const { path } = filled();
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  setWriter(path, { pid, host: "elsewhere" });
  expect(() => Archive.openForWriting(path)).toThrow(expect.objectContaining({ remedies: ["otherArchive", "unlock"] }));
  const archive = Archive.openForWriting(path, { unlock: true });
  expect(archive.runs()).toHaveLength(1);
  archive.close();
});

test("closing gives the lock back, and may be done twice", () => {
  const { path } = filled();
  const archive = Archive.openForWriting(path);
  archive.close();
  archive.close();
  const db = new Database(path);
  expect(db.prepare("SELECT count(*) AS n FROM writer").get()).toEqual({ n: 0 });
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  db.close();
});

test("a reader sees what was committed while a writer holds the file", () => {
  const { path, run, context } = filled();
  const writer = Archive.openForWriting(path);
  const reader = Archive.openForReading(path);
  writer.commit(record(run, context, { genomes: Uint8Array.of(3, 2, 1), scores: Float64Array.of(1), generation: 2 }));
  expect(candidates(reader, context)).toHaveLength(4);
  writer.commit(record(run, context, { genomes: Uint8Array.of(3, 2, 2), scores: Float64Array.of(1), generation: 3 }));
  expect(candidates(reader, context)).toHaveLength(5);
  reader.close();
  writer.close();
});

test("an empty file becomes an archive", () => {
  const path = fresh();
  writeFileSync(path, "");
  Archive.openForWriting(path).close();
  expect(Archive.openForReading(path).runs()).toEqual([]);
});

test("what a process that was killed in the middle of a transaction left is rolled back by whoever reads", () => {
  const { path } = filled();
  const killed = fresh();
  const db = new Database(path);
  db.pragma("journal_mode = DELETE");
  db.pragma("cache_size = 1");
  // More than the cache holds, so that half of it is in the file already.
  db.exec("BEGIN IMMEDIATE; UPDATE run SET name = 'half'");
  db.exec("INSERT INTO reused SELECT 1, value, zeroblob(20000), NULL FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8, 9]')");
  copyFileSync(path, killed);
  copyFileSync(`${path}-journal`, `${killed}-journal`);
  db.close();
  expect(() => new Database(killed, { readonly: true }).prepare("SELECT * FROM run").all()).toThrow(/readonly/);
  const archive = Archive.openForReading(killed);
  expect(archive.runs().map(({ name }) => name)).toEqual(["name"]);
  archive.close();
});

test("a process that was killed while it made an archive leaves an empty one, which a search makes again", () => {
  const [path, killed] = [fresh(), fresh()];
  const db = new Database(path);
  db.pragma("cache_size = 1");
  db.exec("BEGIN IMMEDIATE; CREATE TABLE run (id INTEGER PRIMARY KEY, name TEXT)");
  db.exec("INSERT INTO run SELECT value, zeroblob(20000) FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8, 9]')");
  copyFileSync(path, killed);
  copyFileSync(`${path}-journal`, `${killed}-journal`);
  db.close();
  expect(statSync(killed).size).toBeGreaterThan(0);
  expect(() => Archive.openForReading(killed)).toThrow("the file is empty; there is no archive in it");
  Archive.openForWriting(killed).close();
  expect(Archive.openForReading(killed).runs()).toEqual([]);
});
