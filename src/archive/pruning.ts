import type Database from "better-sqlite3";
import { SeenSet } from "../search/seen-set.ts";
import { refuseDamage } from "./connection.ts";
import { renewFirstRows } from "./history.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { rowsOf, type StoredGeneration, storedGenerations } from "./stored-generations.ts";
import { fixedSeal, type RawRun, type RunRow, readRun, runSeal } from "./stored-run.ts";
import { bytesOf, generationSum } from "./sums.ts";

/** What pruning dropped. */
export interface Pruned {
  /** Ids of the runs that lost candidates, now or earlier. */
  readonly runs: readonly number[];
  readonly dropped: number;
  readonly kept: number;
}

/** A generation of a pruned run as it is left. */
interface Remainder {
  readonly run: number;
  readonly generation: number;
  readonly count: number;
  readonly sum: Uint8Array;
  readonly reusedKeys: Uint32Array;
}

/**
 * Drops the candidates of finished runs that no population has and no unfinished run took over. Unfinished runs keep all of theirs, since they
 * go on with what they have bred. Inside a transaction of the caller's.
 * @param contexts ids of the scoring contexts that are pruned
 * @throws UserError where something is damaged
 */
export function pruneCandidates(path: string, db: Database.Database, contexts: readonly number[]): Pruned {
  const raw = db.prepare("SELECT * FROM run ORDER BY id").all() as RawRun[];
  const runs = raw.map((row) => readRun(row, true));
  refuseDamage(
    path,
    runs.filter(({ damage }) => damage !== undefined).map(({ id, damage }) => `run ${id}: ${damage}`),
  );
  const pruned = runs.filter(({ context, status }) => status !== "running" && contexts.includes(context));
  const isPruned = new Set(pruned.map(({ id }) => id));
  db.exec(`
    CREATE TEMP TABLE keep (context INTEGER NOT NULL, genome BLOB NOT NULL, PRIMARY KEY (context, genome)) WITHOUT ROWID;
    CREATE TEMP TABLE pruned (run INTEGER PRIMARY KEY);
  `);
  const remainders: Remainder[] = [];
  const keep = db.prepare("INSERT INTO temp.keep VALUES (?, ?)");
  for (const context of contexts) {
    const own = runs.filter((run) => run.context === context);
    const wanted = wantedGenomes(db, own);
    const members = new Map(own.map((run) => [run.id, membersOf([run])]));
    const genomes: Uint8Array[] = [];
    // Read to the end first: a connection cannot write while it reads.
    for (const stored of storedGenerations(db, SCHEMA_VERSION, context)) {
      const { run, generation, damage } = stored;
      if (damage !== undefined) refuseDamage(path, [`run ${run}, generation ${generation}: ${damage}`]);
      if (isPruned.has(run)) remainders.push(remainderOf(stored, wanted, members.get(run)!, genomes));
    }
    for (const genome of genomes) keep.run(context, genome);
  }
  const insert = db.prepare("INSERT INTO temp.pruned VALUES (?)");
  for (const { id } of pruned) insert.run(id);
  const before = db.prepare("SELECT COUNT(*) FROM candidate").pluck().get() as number;
  rebuild(db, remainders);
  renewFirstRows(db);
  const kept = db.prepare("SELECT COUNT(*) FROM candidate").pluck().get() as number;
  const mark = db.prepare("UPDATE run SET status = 'pruned', seal = ? WHERE id = ?");
  for (const row of raw) {
    if (isPruned.has(row.id)) mark.run(runSeal(fixedSeal(row), { ...row, status: "pruned" }), row.id);
  }
  db.exec("DROP TABLE temp.keep; DROP TABLE temp.pruned");
  return { runs: [...isPruned], dropped: before - kept, kept };
}

/** The genomes that stay whoever scored them: those of every population, and what unfinished runs took over. */
function wantedGenomes(db: Database.Database, runs: readonly RunRow[]): SeenSet {
  const wanted = membersOf(runs);
  const reused = db.prepare("SELECT keys FROM reused WHERE run = ?").pluck();
  for (const { id } of runs.filter(({ status }) => status === "running")) {
    for (const keys of reused.iterate(id) as Iterable<Uint8Array>) {
      const words = new Uint32Array(new Uint8Array(keys).buffer);
      for (let i = 0; i < words.length; i += 2) {
        const slot = wanted.findHash(words[i], words[i + 1]);
        if (slot < 0) wanted.add(slot, 1);
      }
    }
  }
  return wanted;
}

function membersOf(runs: readonly RunRow[]): SeenSet {
  const set = new SeenSet();
  for (const { checkpoint } of runs) {
    if (checkpoint === undefined || checkpoint.scores.length === 0) continue;
    const { genomes, scores } = checkpoint;
    const length = genomes.length / scores.length;
    for (let at = 0; at < genomes.length; at += length) {
      const slot = set.find(genomes, at, length);
      if (slot < 0) set.add(slot, 1);
    }
  }
  return set;
}

/** @param kept the genomes that stay are added to it */
function remainderOf(stored: StoredGeneration, wanted: SeenSet, members: SeenSet, kept: Uint8Array[]): Remainder {
  const { run, context, generation, genomes, genomeLength: length, scores, reusedKeys } = stored;
  const stay = [...scores.keys()].filter((i) => wanted.find(genomes, i * length, length) >= 0);
  for (const i of stay) kept.push(genomes.slice(i * length, (i + 1) * length));
  const keys: number[] = [];
  for (let i = 0; i < reusedKeys.length; i += 2) {
    if (members.findHash(reusedKeys[i], reusedKeys[i + 1]) >= 0) keys.push(reusedKeys[i], reusedKeys[i + 1]);
  }
  const rest = { run, context, generation, ...rowsOf(stored, stay), reusedKeys: Uint32Array.from(keys) };
  return { run, generation, count: stay.length, sum: generationSum(rest), reusedKeys: rest.reusedKeys };
}

/** Leaves the candidates that stay, and the generations that still hold something. */
function rebuild(db: Database.Database, remainders: readonly Remainder[]): void {
  const { sql } = db.prepare("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'candidate'").get() as {
    sql: string;
  };
  // A new table and not DELETE: writing the few rows that stay takes a fraction of the time.
  db.exec(`
    ${sql.replace(/^CREATE TABLE\s+"?candidate"?/, "CREATE TABLE kept")};
    INSERT INTO kept SELECT * FROM candidate
      WHERE run NOT IN (SELECT run FROM temp.pruned)
      OR EXISTS (SELECT 1 FROM temp.keep WHERE keep.context = candidate.context AND keep.genome = candidate.genome)
      ORDER BY rowid;
    DROP TABLE candidate;
    ALTER TABLE kept RENAME TO candidate;
    DELETE FROM generation WHERE run IN (SELECT run FROM temp.pruned);
    DELETE FROM reused WHERE run IN (SELECT run FROM temp.pruned);
  `);
  const insertSum = db.prepare("INSERT INTO generation VALUES (?, ?, ?, ?)");
  const insertReused = db.prepare("INSERT INTO reused VALUES (?, ?, ?, NULL)");
  for (const { run, generation, count, sum, reusedKeys } of remainders) {
    if (count === 0 && reusedKeys.length === 0) continue;
    insertSum.run(run, generation, count, sum);
    if (reusedKeys.length > 0) insertReused.run(run, generation, bytesOf(reusedKeys));
  }
}
