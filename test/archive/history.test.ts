import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { problemName } from "../../src/problem/problem-name.ts";
import { verifyArchive } from "../../src/run/audit.ts";
import { BoundWatch } from "../../src/run/bound-watch.ts";
import { keepSweep } from "../../src/run/kept-bounds.ts";
import { ArchiveMerger } from "../../src/run/merge.ts";
import { pruneArchive } from "../../src/run/prune.ts";
import { type Progress, startSearch } from "../../src/run/run.ts";
import { SeenSet } from "../../src/search/seen-set.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
let files = 0;
const copyOf = (path: string) => {
  const copy = join(folder, `${++files}.sqlite`);
  copyFileSync(path, copy);
  return copy;
};
const all = { sample: Number.POSITIVE_INFINITY };
const value = presetValue("imagenet-mixed-7.0g") as { search: object; budgets: object };
const configOf = (seed: number, change: object = {}) =>
  parseConfig(
    { ...value, ...change, search: { ...value.search, evaluations: 2000, population: 32, generation: 200, seed } },
    "test",
  );
const path = join(folder, "runs.sqlite");
const told: Progress[] = [];

beforeAll(async () => {
  const watch = new BoundWatch(configOf(1));
  await watch.last(new AbortController().signal);
  await startSearch(configOf(1), { archive: path, threads: 0, bound: watch, onProgress: (row) => told.push(row) });
  await watch.close();
  await startSearch(configOf(1, { budgets: { ...value.budgets, bitops: 6e9 } }), { archive: path, threads: 0 });
});

function open<T>(file: string, use: (archive: Archive) => T): T {
  const archive = Archive.openForReading(file);
  try {
    return use(archive);
  } finally {
    archive.close();
  }
}

/** Asks SQLite itself. */
function query<Row>(file: string, sql: string, ...values: unknown[]): Row[] {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(sql).all(...values) as Row[];
  } finally {
    db.close();
  }
}

const firstRows = (file: string) =>
  new Map(
    query<{ run: number; generation: number; first: number }>(
      file,
      "SELECT run, generation, MIN(rowid) AS first FROM candidate GROUP BY run, generation",
    ).map(({ run, generation, first }) => [`${run} ${generation}`, first]),
  );

test("a run's progress is what it told while it ran, generation by generation", () => {
  const rows = open(path, (archive) => archive.progress(1));
  expect(rows.length).toBeGreaterThan(5);
  expect(
    rows.map(({ children, scored, duplicates, overBudget, failed, reused, best }) => [
      { evaluations: children, scored, duplicates, overBudget, failed, reused },
      best,
    ]),
  ).toEqual(told.map(({ counters: { generations: _, ...counters }, bestScore }) => [counters, bestScore]));
  expect(rows.map(({ generation }) => generation)).toEqual(rows.map((_, i) => i));
  const { checkpoint } = open(path, (archive) => archive.run(1));
  const scores = [...checkpoint!.scores];
  expect(rows.at(-1)?.mean).toBeCloseTo(scores.reduce((a, b) => a + b) / scores.length, 9);
  expect(open(path, (archive) => archive.progress(1, 3))).toEqual(rows.slice(4));
});

test("first rows and the rows of what was taken over are where SQLite has them", () => {
  const first = firstRows(path);
  for (const run of [1, 2]) {
    for (const row of open(path, (archive) => archive.progress(run))) {
      expect(row.first).toBe(first.get(`${run} ${row.generation}`) ?? null);
    }
  }
  const taken = query<{ keys: Uint8Array; places: Uint8Array }>(path, "SELECT keys, places FROM reused WHERE run = 2");
  const seen = new SeenSet();
  let count = 0;
  for (const { keys, places } of taken) {
    const words = new Uint32Array(new Uint8Array(keys).buffer);
    for (const [i, place] of new Uint32Array(new Uint8Array(places).buffer).entries()) {
      const [{ genome }] = query<{ genome: Uint8Array }>(path, "SELECT genome FROM candidate WHERE rowid = ?", place);
      seen.find(genome, 0, genome.length);
      expect([seen.low, seen.high]).toEqual([words[2 * i], words[2 * i + 1]]);
      count++;
    }
  }
  expect(count).toBe(open(path, (archive) => archive.run(2).checkpoint!.counters.reused));
  expect(count).toBeGreaterThan(0);
});

test("a search leaves its bound, with the steps in which it closed, by problem and not by seed or name", () => {
  const bound = open(path, (archive) => archive.proven.bound(problemName(configOf(7, { name: "another" }))))!;
  // The proven optimum of the published space.
  expect(bound.upper).toBeCloseTo(1233.4799846745675, 6);
  expect(bound).toMatchObject({ proven: true, network: { score: 1233.4799846745675, resolution: 224 } });
  expect(bound.steps.at(-1)![1]).toBe(bound.upper);
  const steps = bound.steps.map(([step]) => step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  const other = configOf(1, { budgets: { ...value.budgets, bitops: 6e9 } });
  expect(open(path, (archive) => archive.proven.bound(problemName(other)))).toBeUndefined();
  expect(problemName(other, "bitops")).toBe(problemName(configOf(1), "bitops"));
});

test("optima are kept by budget, and what proves less than is known changes nothing", () => {
  const file = copyOf(path);
  const { structure, resolution, score } = open(file, (archive) => archive.proven.bound(problemName(configOf(1))))!
    .network!;
  const network = { structure, resolution, score };
  const known = { upperBound: score, proven: true, networks: [network] };
  keepSweep({ path: file }, configOf(1), "bitops", () => ({
    known: [
      { value: 7e9, known },
      { value: 6e9, known: { ...known, proven: false, upperBound: Number.POSITIVE_INFINITY } },
      { value: 1e3, known: { networks: [], proven: true, upperBound: Number.NEGATIVE_INFINITY } },
    ],
  }));
  const less = { ...known, proven: false, upperBound: 2000 };
  keepSweep({ path: file }, configOf(2), "bitops", () => ({ known: [{ value: 7e9, known: less }] }));
  expect(open(file, (archive) => archive.proven.optima(problemName(configOf(3), "bitops"), "bitops"))).toEqual([
    { value: 1e3, upper: null, network: null, proven: true },
    { value: 7e9, upper: score, network, proven: true },
  ]);
  expect(verifyArchive(file, all).findings).toEqual([]);
});

test("pruning leaves how runs came along and what is proven, and says where the rows are now", () => {
  const file = copyOf(path);
  pruneArchive(file);
  const first = firstRows(file);
  for (const run of [1, 2]) {
    const rows = open(file, (archive) => archive.progress(run));
    const before = open(path, (archive) => archive.progress(run));
    expect(rows).toEqual(before.map((row) => ({ ...row, first: first.get(`${run} ${row.generation}`) ?? null })));
  }
  expect(open(file, (archive) => archive.proven.bound(problemName(configOf(1))))?.proven).toBe(true);
  expect(verifyArchive(file, all).findings).toEqual([]);
});

test("merging takes both over, with counters as if the runs had been made there", () => {
  const into = join(folder, "merged.sqlite");
  const merger = new ArchiveMerger(into);
  merger.add(path);
  const again = copyOf(path);
  const db = new Database(again);
  db.exec("DELETE FROM bound");
  db.close();
  merger.add(again);
  merger.close();
  expect(verifyArchive(into, all)).toMatchObject({ runs: 2, findings: [] });
  const first = firstRows(into);
  for (const run of [1, 2]) {
    const rows = open(into, (archive) => archive.progress(run));
    expect(rows.map(({ children, best, reused }) => [children, best, reused])).toEqual(
      open(path, (archive) => archive.progress(run)).map(({ children, best, reused }) => [children, best, reused]),
    );
    for (const row of rows) expect(row.first).toBe(first.get(`${run} ${row.generation}`) ?? null);
  }
  expect(open(into, (archive) => archive.proven.bound(problemName(configOf(1))))?.proven).toBe(true);
});

test("a candidate that is there already moves from scored to taken over, in the progress too", () => {
  const into = join(folder, "both.sqlite");
  const fresh = join(folder, "fresh.sqlite");
  return startSearch(configOf(1), { archive: fresh, threads: 0 }).then(() => {
    const merger = new ArchiveMerger(into);
    merger.add(fresh);
    merger.add(path);
    merger.close();
    expect(verifyArchive(into, all)).toMatchObject({ runs: 3, findings: [] });
    const last = open(into, (archive) => archive.progress(2).at(-1))!;
    expect(last).toMatchObject({ children: 2000, scored: 0 });
    expect(last.reused).toBe(open(path, (archive) => archive.progress(1).at(-1))!.scored);
  });
});

test("a bound that was altered is refused, and progress that was altered is found", () => {
  const file = copyOf(path);
  const db = new Database(file);
  db.exec(
    "UPDATE bound SET upper = upper + 1; UPDATE progress SET best = best + 1000 WHERE run = 1 AND generation = 4",
  );
  db.close();
  expect(() => open(file, (archive) => archive.proven.bound(problemName(configOf(1))))).toThrow(
    "a bound does not match its checksum",
  );
  const { findings } = verifyArchive(file);
  expect(findings).toContain("run 1: its best falls at generation 5");
  expect(findings.some((line) => line.includes("a bound does not match"))).toBe(true);
});
