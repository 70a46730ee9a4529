import type Database from "better-sqlite3";
import { digestOf } from "../search/digest.ts";
import { refuseDamage } from "./connection.ts";
import { progressTable } from "./history.ts";
import { columnsOf, costColumns, generationTable, SCHEMA_VERSION } from "./schema.ts";
import { boundTables } from "./stored-bounds.ts";
import { storedGenerations } from "./stored-generations.ts";
import { fixedSeal, type RawRun, readRun, runSeal } from "./stored-run.ts";
import { contextSeal, generationSum, wordsOf } from "./sums.ts";

/**
 * Brings an archive to this schema, in one transaction: costs that it does not know become empty columns, and what schema 1 held gets
 * its checksums. How earlier generations came along is not there.
 */
export function migrate(path: string, db: Database.Database, version: number): void {
  const columns = columnsOf(db, "candidate");
  const missing = costColumns().filter((name) => !columns.includes(name));
  if (version === SCHEMA_VERSION && missing.length === 0) return;
  db.transaction(() => {
    for (const name of missing) db.exec(`ALTER TABLE candidate ADD COLUMN ${name} NUMERIC`);
    if (version < 2) {
      db.exec(`
        ALTER TABLE context ADD COLUMN seal BLOB;
        ALTER TABLE run ADD COLUMN digest TEXT;
        ALTER TABLE run ADD COLUMN seal BLOB;
        ${generationTable}
      `);
      sealContexts(path, db);
      sealRuns(path, db);
    }
    if (version < 3) db.exec(`ALTER TABLE reused ADD COLUMN places BLOB; ${progressTable} ${boundTables}`);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }).immediate();
}

function sealContexts(path: string, db: Database.Database): void {
  const seal = db.prepare("UPDATE context SET seal = ? WHERE id = ?");
  const insert = db.prepare("INSERT INTO generation VALUES (?, ?, ?, ?)");
  for (const { id, key } of db.prepare("SELECT id, key FROM context").all() as { id: number; key: string }[]) {
    seal.run(contextSeal(id, key), id);
    // Read to the end first: a connection cannot write while it reads.
    for (const stored of [...storedGenerations(db, 1, id)]) {
      const { run, generation, scores, damage } = stored;
      if (damage !== undefined) refuseDamage(path, [`run ${run}, generation ${generation}: ${damage}`]);
      insert.run(run, generation, scores.length, generationSum(stored));
    }
  }
}

function sealRuns(path: string, db: Database.Database): void {
  const known = db.prepare("SELECT 1 FROM generation WHERE run = ? AND generation = ?");
  const insert = db.prepare("INSERT INTO generation VALUES (?, ?, 0, ?)");
  const reused = db.prepare("SELECT keys FROM reused WHERE run = ? AND generation = ?").pluck();
  const seal = db.prepare("UPDATE run SET digest = ?, seal = ? WHERE id = ?");
  for (const raw of db.prepare("SELECT * FROM run").all() as RawRun[]) {
    const { checkpoint, damage } = readRun(raw, false);
    if (damage !== undefined) refuseDamage(path, [`run ${raw.id}: ${damage}`]);
    // Generations that scored nothing left no row in schema 1.
    for (let generation = 0; generation < (checkpoint?.counters.generations ?? 0); generation++) {
      if (known.get(raw.id, generation) !== undefined) continue;
      const keys = reused.get(raw.id, generation) as Uint8Array | undefined;
      insert.run(raw.id, generation, emptySum(raw, generation, keys));
    }
    const digest = raw.status === "done" && checkpoint !== undefined ? digestOf(checkpoint) : null;
    seal.run(digest, runSeal(fixedSeal(raw), { ...raw, digest }), raw.id);
  }
}

function emptySum({ id, context }: RawRun, generation: number, keys: Uint8Array | undefined): Uint8Array {
  return generationSum({
    run: id,
    context,
    generation,
    genomes: new Uint8Array(0),
    scores: new Float64Array(0),
    costs: new Float64Array(0),
    failures: new Map(),
    reusedKeys: wordsOf(keys ?? new Uint8Array(0)),
  });
}
