import { existsSync, statSync } from "node:fs";
import type Database from "better-sqlite3";
import { UserError } from "../base/user-error.ts";
import {
  connect,
  damageError,
  fileIdentity,
  refuseDamage,
  refuseMoved,
  refuseOrphanWal,
  rollBack,
} from "./connection.ts";
import { type GenerationRecord, GenerationWriter } from "./generation-writer.ts";
import { migrate } from "./migration.ts";
import { type Pruned, pruneCandidates } from "./pruning.ts";
import { checkVersion, createIfEmpty, leaveWal, SCHEMA_VERSION, structuralDamage } from "./schema.ts";
import { guard } from "./sqlite-errors.ts";
import { type StoredGeneration, storedGenerations } from "./stored-generations.ts";
import { fixedSeal, type RawRun, type RunRow, readRun, runSeal } from "./stored-run.ts";
import { contextSeal, equalBytes, wordsOf } from "./sums.ts";
import { currentWriter, forgetLock, type Hold, lockQuery, refuseHeld, releaseLock, takeLock } from "./writer-lock.ts";

export type { ClosedGeneration, GenerationRecord } from "./generation-writer.ts";
export type { StoredGeneration } from "./stored-generations.ts";
export type { RunRow } from "./stored-run.ts";
export type { Hold } from "./writer-lock.ts";
export { SCHEMA_VERSION };

/** Files up to this size are checked as a whole before they are written to: about half a second. */
const QUICK_CHECK_BYTES = 256e6;

/** Runs that a message lists. */
const MOST_NAMED = 20;

/**
 * The only SQL: a SQLite file of runs and of the candidates they scored.
 *
 * Invariants: one transaction a generation holds its candidates, their checksum and the checkpoint, so that the file is always at a
 * generation border; a genome is there once for each scoring context; one process writes at a time, any number read.
 * What can go wrong is a UserError: not SQLite, not an archive, a newer schema, damaged, held by another process, deleted or replaced
 * while it was open, a full disk.
 */
export class Archive {
  readonly path: string;
  readonly #db: Database.Database;
  readonly #version: number;
  /** Of the writer's lock, where this connection writes. */
  readonly #token: string | undefined;
  readonly #ownsLock: boolean;
  readonly #file: string | undefined;
  readonly #transaction: Database.Transaction<(use: () => unknown) => unknown>;
  #writer: GenerationWriter | undefined;
  #lock: Database.Statement | undefined;

  private constructor(path: string, db: Database.Database, version: number, token?: string, ownsLock = false) {
    this.path = path;
    this.#db = db;
    this.#version = version;
    this.#token = token;
    this.#ownsLock = ownsLock;
    this.#file = fileIdentity(path);
    this.#transaction = db.transaction((use) => {
      this.#lock ??= db.prepare(lockQuery).pluck();
      if (token === undefined || this.#lock.get() !== token) {
        throw new UserError(`${path}: another process has taken the archive over; nothing more is written`);
      }
      return use();
    });
  }

  /**
   * Opens for writing, creating the file where there is none; `:memory:` keeps everything in memory. An older schema is migrated.
   * @param unlock takes the writer's lock over whoever holds it
   */
  static openForWriting(path: string, { unlock = false }: { readonly unlock?: boolean } = {}): Archive {
    refuseOrphanWal(path);
    return connect(path, {}, (db) => {
      const created = createIfEmpty(db);
      const version = checkVersion(path, db);
      if (!unlock) refuseHeld(path, db);
      if (!created && existsSync(path) && statSync(path).size <= QUICK_CHECK_BYTES) {
        refuseDamage(path, structuralDamage(db, "quick_check"));
      }
      const token = takeLock(path, db, unlock);
      const archive = new Archive(path, db, SCHEMA_VERSION, token, true);
      try {
        db.pragma("journal_mode = WAL");
        db.pragma("synchronous = NORMAL");
        migrate(path, db, version);
        return archive;
      } catch (error) {
        archive.close();
        throw error;
      }
    });
  }

  /** A second connection for writing, for a thread of the process whose archive gave its hold. */
  static openUnderLock(path: string, { token, file }: Hold): Archive {
    refuseMoved(path, file);
    return connect(path, { fileMustExist: true }, (db) => {
      db.pragma("synchronous = NORMAL");
      return new Archive(path, db, SCHEMA_VERSION, token);
    });
  }

  /** Opens for reading; never disturbs a running search. */
  static openForReading(path: string): Archive {
    if (!existsSync(path)) {
      refuseOrphanWal(path);
      throw new UserError(`${path}: no such archive; check the path`);
    }
    if (statSync(path).size === 0) throw new UserError(`${path}: the file is empty; there is no archive in it`);
    rollBack(path);
    return connect(path, { readonly: true }, (db) => new Archive(path, db, checkVersion(path, db)));
  }

  /** What another thread needs to write to the same file under the same lock. */
  get hold(): Hold {
    return { token: this.#token, file: this.#file };
  }

  close(): void {
    if (!this.#db.open) return;
    try {
      if (this.#ownsLock) {
        forgetLock(this.#token!);
        refuseMoved(this.path, this.#file);
        releaseLock(this.#db, this.#token!);
        leaveWal(this.#db);
      }
    } catch {
      // The disk is full, or the file is damaged or gone: the lock is taken over when this process has ended.
    } finally {
      // A thread that ends must leave no statement behind for later: its environment is gone by then.
      this.#writer = undefined;
      this.#lock = undefined;
      this.#db.close();
    }
  }

  /** The id of a scoring context. */
  contextId(key: string): number {
    return this.#write(() => {
      const known = this.contexts().find((context) => context.key === key);
      if (known !== undefined) return known.id;
      const id = Number(this.#db.prepare("INSERT INTO context (key) VALUES (?)").run(key).lastInsertRowid);
      this.#db.prepare("UPDATE context SET seal = ? WHERE id = ?").run(contextSeal(id, key), id);
      return id;
    });
  }

  /** @throws UserError where one is damaged */
  contexts(): { readonly id: number; readonly key: string }[] {
    return guard(this.path, () => {
      const rows = this.#db.prepare("SELECT * FROM context ORDER BY id").all() as {
        id: number;
        key: string;
        seal: unknown;
      }[];
      for (const { id, key, seal } of rows) {
        if (this.#version >= 2 && !equalBytes(seal, contextSeal(id, key))) {
          this.refuse(`scoring context ${id} does not match its checksum`);
        }
      }
      return rows.map(({ id, key }) => ({ id, key }));
    });
  }

  createRun(name: string, context: number, config: string, started: string): number {
    return this.#write(() => {
      const { lastInsertRowid } = this.#db
        .prepare("INSERT INTO run (context, name, config, started) VALUES (?, ?, ?, ?)")
        .run(context, name, config, started);
      this.#seal(Number(lastInsertRowid));
      return Number(lastInsertRowid);
    });
  }

  /** Says in the writer's row which run it is at, and records the run's configuration as it goes on. */
  startRun(run: number, config: string): void {
    this.#write(() => {
      this.#db.prepare("UPDATE run SET config = ?, status = 'running', digest = NULL WHERE id = ?").run(config, run);
      this.#seal(run);
      this.#db.prepare("UPDATE writer SET run = ?").run(run);
    });
  }

  /**
   * @throws UserError where the disk is full, the file cannot be written, was deleted or replaced or taken over by another writer; nothing
   * of the generation is then kept
   */
  commit(record: GenerationRecord): void {
    this.#write(() => {
      this.#writer ??= new GenerationWriter(this.#db);
      this.#writer.add(record);
    });
  }

  /**
   * Drops the candidates of finished runs of these contexts that no population has, and gives the space back.
   * @throws UserError where something is damaged
   */
  prune(contexts: readonly number[]): Pruned {
    const pruned = this.#write(() => pruneCandidates(this.path, this.#db, contexts));
    guard(this.path, () => {
      refuseMoved(this.path, this.#file);
      this.#db.exec("VACUUM");
    });
    return pruned;
  }

  /** All or nothing, and only while the file is in place and this process is its writer. */
  #write<T>(use: () => T): T {
    return guard(this.path, () => {
      refuseMoved(this.path, this.#file);
      return this.#transaction.immediate(use) as T;
    });
  }

  /** Every generation of a context, each checked against its checksum; damaged ones say so. */
  eachStored(context: number, each: (generation: StoredGeneration) => void): void {
    guard(this.path, () => {
      for (const stored of storedGenerations(this.#db, this.#version, context)) each(stored);
    });
  }

  /** Every generation of a context, each read when it is asked for. @throws UserError where one is damaged */
  *generations(context: number): Generator<StoredGeneration> {
    const all = storedGenerations(this.#db, this.#version, context);
    const read = () => guard(this.path, () => all.next());
    for (let next = read(); !next.done; next = read()) {
      const { run, generation, damage } = next.value;
      if (damage !== undefined) this.refuse(`run ${run}, generation ${generation}: ${damage}`);
      yield next.value;
    }
  }

  /** Candidates of a context as its checksums say, at once and not yet checked: for what takes room or shows progress. */
  recorded(context: number): number {
    const query = "SELECT TOTAL(count) FROM generation JOIN run ON run.id = generation.run WHERE run.context = ?";
    return guard(this.path, () => this.#db.prepare(query).pluck().get(context) as number);
  }

  /** Candidates of a context. */
  count(context: number): number {
    const query = "SELECT COUNT(*) FROM candidate WHERE context = ?";
    return guard(this.path, () => this.#db.prepare(query).pluck().get(context) as number);
  }

  /** Every candidate of a context, and the run that scored it. @throws UserError where a generation is damaged */
  eachCandidate(context: number, each: (genome: Uint8Array, score: number | null, run: number) => void): void {
    for (const { run, genomes, genomeLength, scores } of this.generations(context)) {
      for (let i = 0; i < scores.length; i++) {
        const genome = genomes.subarray(i * genomeLength, (i + 1) * genomeLength);
        each(genome, Number.isNaN(scores[i]) ? null : scores[i], run);
      }
    }
  }

  /** @throws UserError that says what is wrong with the archive */
  refuse(damage: string): never {
    throw damageError(this.path, [damage]);
  }

  /** Hashes (low, high) of the genomes that a run took over from earlier ones. */
  eachReused(run: number, each: (low: number, high: number) => void): void {
    guard(this.path, () => {
      const rows = this.#db.prepare("SELECT keys FROM reused WHERE run = ?").iterate(run);
      for (const { keys } of rows as Iterable<{ keys: unknown }>) {
        const words = wordsOf(keys);
        for (let i = 0; i + 1 < words.length; i += 2) each(words[i], words[i + 1]);
      }
    });
  }

  /** How many candidates of a run failed, by reason. */
  failures(run: number): Map<string, number> {
    return guard(this.path, () => {
      const rows = this.#db
        .prepare("SELECT failure, COUNT(*) AS count FROM candidate WHERE run = ? AND failure NOT NULL GROUP BY failure")
        .all(run) as { failure: string; count: number }[];
      return new Map(rows.map(({ failure, count }) => [failure, count]));
    });
  }

  /** The generation in which a run scored a genome; undefined where it did not. */
  generationOf(run: number, genome: Uint8Array): number | undefined {
    const query = "SELECT generation FROM candidate WHERE run = ? AND genome = ?";
    return guard(this.path, () => this.#db.prepare(query).pluck().get(run, genome) as number | undefined);
  }

  /** Every run, damaged ones included. */
  checkedRuns(): RunRow[] {
    return guard(this.path, () => {
      const rows = this.#db.prepare("SELECT * FROM run ORDER BY id").all() as RawRun[];
      return rows.map((row) => readRun(row, this.#version >= 2));
    });
  }

  /** @throws UserError where one is damaged */
  runs(): RunRow[] {
    const rows = this.checkedRuns();
    refuseDamage(
      this.path,
      rows.filter(({ damage }) => damage !== undefined).map(({ id, damage }) => `run ${id}: ${damage}`),
    );
    return rows;
  }

  /** The run that a process writes at this moment, on this machine or on one that cannot be asked. */
  get runInProgress(): number | undefined {
    return guard(this.path, () => currentWriter(this.#db)?.run ?? undefined);
  }

  /** Every run in turn. @throws UserError where one is damaged */
  eachRun(each: (run: RunRow) => void): void {
    guard(this.path, () => {
      for (const row of this.#db.prepare("SELECT * FROM run ORDER BY id").iterate()) each(this.#read(row as RawRun));
    });
  }

  /** @throws UserError where there is no such run, or it is damaged */
  run(id: number): RunRow {
    return guard(this.path, () => {
      const row = this.#db.prepare("SELECT * FROM run WHERE id = ?").get(id) as RawRun | undefined;
      if (row !== undefined) return this.#read(row);
      const ids = this.#db
        .prepare("SELECT id FROM run ORDER BY id LIMIT ?")
        .pluck()
        .all(MOST_NAMED + 1);
      const more = ids.length > MOST_NAMED ? ", ..." : "";
      const known = ids.length === 0 ? "none" : `runs ${ids.slice(0, MOST_NAMED).join(", ")}${more}`;
      throw new UserError(`${this.path}: no run ${id}; it has ${known}`);
    });
  }

  /** Undefined where there is none. @throws UserError where it is damaged */
  lastRun(): RunRow | undefined {
    const query = "SELECT * FROM run ORDER BY id DESC LIMIT 1";
    return guard(this.path, () => {
      const row = this.#db.prepare(query).get() as RawRun | undefined;
      return row === undefined ? undefined : this.#read(row);
    });
  }

  #read(raw: RawRun): RunRow {
    const row = readRun(raw, this.#version >= 2);
    if (row.damage !== undefined) refuseDamage(this.path, [`run ${row.id}: ${row.damage}`]);
    return row;
  }

  /** What is read meanwhile is the archive at one moment, whoever writes to it. */
  atOneMoment<T>(read: () => T): T {
    return guard(this.path, () => this.#db.transaction(read).deferred());
  }

  /** What SQLite's own check and the schema version say of the file; empty where it is whole. */
  structure(): { readonly version: number; readonly damage: readonly string[] } {
    return guard(this.path, () => ({
      version: this.#version,
      damage: structuralDamage(this.#db, "integrity_check"),
    }));
  }

  /** Renews the checksum of a run's row. */
  #seal(run: number): void {
    this.#writer = undefined;
    const row = this.#db.prepare("SELECT * FROM run WHERE id = ?").get(run) as RawRun;
    this.#db.prepare("UPDATE run SET seal = ? WHERE id = ?").run(runSeal(fixedSeal(row), row), run);
  }
}
