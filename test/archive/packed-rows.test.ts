import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { PackedRowReader } from "../../src/archive/packed-rows.ts";
import { costColumns } from "../../src/archive/schema.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const path = join(folder, "rows.sqlite");
Archive.openForWriting(path).close();
const db = new Database(path);
db.pragma("synchronous = OFF");
const columns = costColumns();
const insert = db.prepare(
  `INSERT INTO candidate (context, run, generation, genome, score, failure, ${columns.join(", ")})
   VALUES (1, 1, ?, ?, ?, ?${columns.map(() => ", ?").join("")})`,
);
let generation = 0;

interface Row {
  readonly genome: unknown;
  readonly score: unknown;
  readonly failure?: string | undefined;
  readonly costs: readonly unknown[];
}

/** Reads back a generation of these rows. */
function read(rows: readonly Row[], count = rows.length) {
  generation++;
  let first = 0;
  db.transaction(() => {
    for (const { genome, score, failure, costs } of rows) {
      const { lastInsertRowid } = insert.run(generation, genome, score, failure ?? null, ...costs);
      first ||= Number(lastInsertRowid);
    }
  })();
  return new PackedRowReader(db, columns).read(first, count, 1, 1, generation);
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
const row = (length: number) =>
  fc.record({
    genome: fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes)),
    score: double,
    costs: fc.array(fc.oneof(double, fc.nat().map(Number)), { minLength: columns.length, maxLength: columns.length }),
  });

test("whole generations come back as they were written, their numbers to the last bit or nearly", () => {
  let numbers = 0;
  let other = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }).chain((length) => fc.array(row(length), { minLength: 1, maxLength: 40 })),
      (rows) => {
        const { genomeLength, genomes, scores, costs } = read(rows)!;
        expect(genomeLength).toBe(rows[0].genome.length);
        expect(Buffer.compare(genomes, Buffer.concat(rows.map(({ genome }) => genome)))).toBe(0);
        const pairs = [...rows.map((r, i) => [r.score, scores[i]])];
        pairs.push(...rows.flatMap((r, i) => r.costs.map((cost, j) => [cost, costs[i * columns.length + j]])));
        for (const [wrote, got] of pairs) {
          numbers++;
          if (wrote === got) continue;
          other++;
          // SQLite's decimals: the checksum tells, and the rows are then read one by one.
          expect(Math.abs(wrote - got) / Math.abs(wrote)).toBeLessThan(1e-15);
        }
      },
    ),
  );
  expect(numbers).toBeGreaterThan(1000);
  expect(other / numbers).toBeLessThan(0.05);
});

test("a generation of more rows than one query reads comes back whole and in order", () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => ({
    genome: Buffer.from(Uint32Array.of(i).buffer),
    score: i / 3,
    costs: columns.map((_, j) => i * 10 + j),
  }));
  const got = read(rows)!;
  expect([...new Uint32Array(got.genomes.slice().buffer)]).toEqual(rows.map((_, i) => i));
  expect([...got.scores]).toEqual(rows.map(({ score }) => score));
  expect([...got.costs]).toEqual(rows.flatMap(({ costs }) => costs));
});

const good: Row = { genome: Buffer.of(1, 2), score: 1, costs: columns.map(() => 1) };
const odd: readonly (readonly [string, Row])[] = [
  ["a failure", { ...good, score: null, failure: "it died" }],
  ["no score", { ...good, score: null }],
  ["a score that is text", { ...good, score: "high" }],
  ["a score that is infinite beside a failure", { ...good, score: Number.POSITIVE_INFINITY, failure: "x" }],
  ["a genome that is text", { ...good, genome: "ab" }],
  ["a genome of another length", { ...good, genome: Buffer.of(1) }],
  ["a cost that is text", { ...good, costs: columns.map(() => "dear") }],
  ["a cost that is a blob", { ...good, costs: columns.map(() => Buffer.of(1)) }],
];

test.each(odd)("rows with %s are left to be read one by one", (_, row) => {
  expect(read([good, good])).toBeDefined();
  expect(read([good, row])).toBeUndefined();
});

test("rows that are missing or another generation's are left to be read one by one", () => {
  expect(read([good, good], 3)).toBeUndefined();
  read([good]);
  expect(read([good], 2)).toBeUndefined();
});
