import { existsSync, statSync } from "node:fs";
import type Database from "better-sqlite3";
import { UserError } from "../base/user-error.ts";
import type { SeenSet } from "../search/seen-set.ts";
import { count, eachReused, failures, generationOf, recorded, sampled } from "./candidates.ts";
import { connect, damageError, fileIdentity, refuseMoved, refuseOrphanWal, rollBack } from "./connection.ts";
import { type Context, contextId, contexts } from "./contexts.ts";
import { type ClosedGeneration, type GenerationRecord, GenerationWriter } from "./generation-writer.ts";
import { type ProgressRow, progressAfter } from "./history.ts";
import { copyRuns, type ForeignRuns } from "./merging.ts";
import { migrate } from "./migration.ts";
import type { OpenFile } from "./open-file.ts";
import { type Pruned, pruneCandidates } from "./pruning.ts";
import { checkedRuns, createRun, lastRun, runOf, sound, startRun } from "./runs.ts";
import { checkQuickly, checkVersion, createIfEmpty, SCHEMA_VERSION, structuralDamage } from "./schema.ts";
import { guard } from "./sqlite-errors.ts";
import { ProvenRecords } from "./stored-bounds.ts";
import { type StoredGeneration, storedGenerations } from "./stored-generations.ts";
import type { RunRow } from "./stored-run.ts";
import { enterWal, leaveWal } from "./wal.ts";
import { currentWriter, forgetLock, type Hold, lockQuery, refuseHeld, releaseLock, takeLock } from "./writer-lock.ts";

export { type ClosedGeneration, type GenerationRecord, type Hold, type RunRow, SCHEMA_VERSION, type StoredGeneration };

/**
 * A SQLite file of runs and of the candidates they scored.
 *
 * Invariants: one transaction a generation holds its candidates, their checksum and the checkpoint, so that the file is always at a generation border; a
 * genome is there once for each scoring context; one process writes at a time, any number read. What can go wrong is a UserError: not SQLite, not an
 * archive, a newer schema, damaged, held by another process, deleted or replaced while it was open, a full disk.
 */
export class Archive {
  readonly path: string;
  readonly proven: ProvenRecords;
  readonly #open: OpenFile;
  readonly #token: string | undefined; // Of the writer's lock, where this connection writes.
  readonly #ownsLock: boolean;
  readonly #file: string | undefined;
  readonly #transaction: Database.Transaction<(use: () => unknown) => unknown>;
  #writer: GenerationWriter | undefined;
  #lock: Database.Statement | undefined;

  private constructor(path: string, db: Database.Database, version: number, token?: string, ownsLock = false) {
    this.path = path;
    this.#open = { path, db, version };
    this.proven = new ProvenRecords(this.#open, (use) => this.#write(use));
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
      if (!created) checkQuickly(path, db);
      const token = takeLock(path, db, unlock);
      const archive = new Archive(path, db, SCHEMA_VERSION, token, true);
      try {
        enterWal(db);
        db.pragma("synchronous = NORMAL");
        migrate(path, db, version);
        return archive;
      } catch (error) {
        archive.close();
        throw error;
      }
    });
  }

  /** A second connection for writing, for a thread of the process that has the hold. */
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
    // A kill while it was made leaves, rolled back, an empty file.
    rollBack(path);
    const stats = statSync(path);
    if (!stats.isDirectory() && stats.size === 0)
      throw new UserError(`${path}: the file is empty; there is no archive in it`);
    return connect(path, { readonly: true }, (db) => new Archive(path, db, checkVersion(path, db)));
  }

  /** What another thread needs to write to the same file under the same lock. */
  get hold(): Hold {
    return { token: this.#token, file: this.#file };
  }

  close(): void {
    if (!this.#open.db.open) return;
    try {
      if (this.#ownsLock) {
        forgetLock(this.#token!);
        refuseMoved(this.path, this.#file);
        releaseLock(this.#open.db, this.#token!);
        leaveWal(this.#open.db);
      }
    } catch {
      // The disk is full, or the file is damaged or gone: the lock is taken over when this process has ended.
    } finally {
      // A thread that ends must leave no statement behind for later: its environment is gone by then.
      this.#writer = undefined;
      this.#lock = undefined;
      this.#open.db.close();
    }
  }

  /** The id of a scoring context. */
  contextId(key: string): number {
    return this.#write(() => contextId(this.#open, key));
  }

  /** @throws UserError where one is damaged */
  contexts(): readonly Context[] {
    return guard(this.path, () => contexts(this.#open));
  }

  createRun(name: string, context: number, config: string, started: string): number {
    return this.#write(() => createRun(this.#open, { name, context, config, started }));
  }

  /** Says in the writer's row which run it is at, and records the run's configuration as it goes on. */
  startRun(run: number, config: string): void {
    this.#write(() => {
      this.#writer = undefined;
      startRun(this.#open, run, config);
    });
  }

  /**
   * @throws UserError where the disk is full, the file cannot be written, was deleted or replaced or taken over by another writer; nothing
   * of the generation is then kept
   */
  commit(record: GenerationRecord): void {
    this.#write(() => {
      this.#writer ??= new GenerationWriter(this.#open.db);
      this.#writer.add(record);
    });
  }

  /**
   * Drops the candidates of finished runs of these contexts that no population has, and gives the space back.
   * @throws UserError where something is damaged
   */
  prune(contexts: readonly number[]): Pruned {
    const pruned = this.#write(() => pruneCandidates(this.path, this.#open.db, contexts));
    guard(this.path, () => {
      refuseMoved(this.path, this.#file);
      this.#open.db.exec("VACUUM");
    });
    return pruned;
  }

  /**
   * Adds runs of another archive, all or nothing; `known`: the genomes that the context has here, of which there are more afterwards.
   * @returns their ids here @throws UserError where something of them is damaged
   */
  copyRuns(from: ForeignRuns, context: number, known: SeenSet): number[] {
    return this.#write(() => copyRuns(this.#open.db, from, context, known));
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
      for (const stored of storedGenerations(this.#open.db, this.#open.version, context)) each(stored);
    });
  }

  /** Every generation of a context, each read when it is asked for. @throws UserError where one is damaged */
  *generations(context: number): Generator<StoredGeneration> {
    const all = storedGenerations(this.#open.db, this.#open.version, context);
    const read = () => guard(this.path, () => all.next());
    for (let next = read(); !next.done; next = read()) {
      const { run, generation, damage } = next.value;
      if (damage !== undefined) this.refuse(`run ${run}, generation ${generation}: ${damage}`);
      yield next.value;
    }
  }

  /** Candidates of a context as its checksums say, at once and not yet checked: for what takes room or shows progress. */
  recorded(context: number): number {
    return guard(this.path, () => recorded(this.#open.db, context));
  }

  /** Candidates of a context. */
  count(context: number): number {
    return guard(this.path, () => count(this.#open.db, context));
  }

  /** @throws UserError that says what is wrong with the archive */
  refuse(damage: string): never {
    throw damageError(this.path, [damage]);
  }

  /** Hashes (low, high) of the genomes that a run took over from earlier ones. */
  eachReused(run: number, each: (low: number, high: number) => void): void {
    guard(this.path, () => eachReused(this.#open.db, run, each));
  }

  /** How many candidates of a run failed, by reason. */
  failures(run: number): Map<string, number> {
    return guard(this.path, () => failures(this.#open.db, run));
  }

  /** The generation in which a run scored a genome; undefined where it did not. */
  generationOf(run: number, genome: Uint8Array): number | undefined {
    return guard(this.path, () => generationOf(this.#open.db, run, genome));
  }

  /** Every run, damaged ones included. */
  checkedRuns(): RunRow[] {
    return guard(this.path, () => [...checkedRuns(this.#open)]);
  }

  /** @throws UserError where one is damaged */
  runs(): RunRow[] {
    const rows = this.checkedRuns();
    const damages = rows.flatMap(({ id, damage }) => (damage === undefined ? [] : `run ${id}: ${damage}`));
    if (damages.length > 0) throw damageError(this.path, damages);
    return rows;
  }

  /** The run that a process writes at this moment, on this machine or on one that cannot be asked. */
  get runInProgress(): number | undefined {
    return guard(this.path, () => currentWriter(this.#open.db)?.run ?? undefined);
  }

  /** Every run in turn. @throws UserError where one is damaged */
  eachRun(each: (run: RunRow) => void): void {
    guard(this.path, () => {
      for (const row of checkedRuns(this.#open)) each(sound(this.#open, row));
    });
  }

  /** @throws UserError where there is no such run, or it is damaged */
  run(id: number): RunRow {
    return guard(this.path, () => runOf(this.#open, id));
  }

  /** Undefined where there is none. @throws UserError where it is damaged */
  lastRun(): RunRow | undefined {
    return guard(this.path, () => lastRun(this.#open));
  }

  /** What is read meanwhile is the archive at one moment, whoever writes to it. */
  atOneMoment<T>(read: () => T): T {
    return guard(this.path, () => this.#open.db.transaction(read).deferred());
  }

  /** How a run came along behind a generation, from the first one on if absent; empty of what an earlier schema holds. */
  progress(run: number, after = -1): ProgressRow[] {
    return guard(this.path, () => progressAfter(this.#open, run, after));
  }

  /** Scored candidates of a context from all over the archive, at most so many. */
  sampled(context: number, most: number): ReturnType<typeof sampled> {
    return guard(this.path, () => sampled(this.#open.db, context, most));
  }

  /** What SQLite's own check and the schema version say of the file; empty where it is whole. */
  structure(): { readonly version: number; readonly damage: readonly string[] } {
    const { db, version } = this.#open;
    return guard(this.path, () => ({ version, damage: structuralDamage(db, "integrity_check") }));
  }
}
