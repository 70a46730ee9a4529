import { existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import Database from "better-sqlite3";
import { pack, unpack } from "msgpackr";
import { costNames } from "./costs.ts";
import type { Checkpoint } from "./search/loop.ts";
import { UserError } from "./user-error.ts";

/** "qesa": marks a SQLite file as an archive of this program. */
const APPLICATION_ID = 0x71657361;
export const SCHEMA_VERSION = 1;

const schema = `
  CREATE TABLE context (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    context INTEGER NOT NULL REFERENCES context,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    started TEXT NOT NULL,
    seconds REAL NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'running',
    checkpoint BLOB
  );
  -- Append-only: the search's seen-set keeps genomes unique within a context.
  CREATE TABLE candidate (
    context INTEGER NOT NULL,
    run INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    genome BLOB NOT NULL,
    score REAL,
    bitops INTEGER NOT NULL,
    macs INTEGER NOT NULL,
    flash REAL NOT NULL,
    sram REAL NOT NULL,
    layers INTEGER NOT NULL,
    sram_live REAL NOT NULL,
    failure TEXT
  );
  -- Hashes of the genomes that a generation took over from earlier runs of its context.
  CREATE TABLE reused (run INTEGER NOT NULL, generation INTEGER NOT NULL, keys BLOB NOT NULL);
  CREATE TABLE writer (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, host TEXT NOT NULL, run INTEGER, since TEXT NOT NULL);
`;

export interface RunRow {
  readonly id: number;
  readonly name: string;
  readonly context: number;
  /** The configuration as canonical JSON. */
  readonly config: string;
  readonly started: string;
  readonly seconds: number;
  readonly status: "running" | "done";
  readonly checkpoint: Checkpoint | undefined;
}

/** What one transaction adds. */
export interface GenerationRecord extends ClosedGeneration {
  /** `costNames.length` figures a genome. */
  readonly costs: Float64Array;
}

/** A scored generation and the state of the search behind it. */
export interface ClosedGeneration {
  readonly run: number;
  readonly context: number;
  readonly generation: number;
  readonly genomeLength: number;
  readonly genomes: Uint8Array;
  /** NaN where scoring failed. */
  readonly scores: Float64Array;
  readonly failures: ReadonlyMap<number, string>;
  readonly reusedKeys: Uint32Array;
  readonly checkpoint: Checkpoint;
  readonly seconds: number;
  readonly done: boolean;
}

/**
 * The only SQL: a SQLite file of runs and of the candidates they scored.
 *
 * Invariants: one transaction a generation holds its candidates and its checkpoint, so that the file is always at a generation border;
 * a genome is there once for each scoring context; one process writes at a time, any number read.
 * What can go wrong when it is opened is a UserError: not SQLite, not an archive, a newer schema, held by another process.
 */
export class Archive {
  readonly path: string;
  readonly #db: Database.Database;
  readonly #holdsLock: boolean;
  readonly #insert: Database.Statement;
  readonly #checkpoint: Database.Statement;
  readonly #reused: Database.Statement;

  private constructor(path: string, db: Database.Database, holdsLock: boolean) {
    this.path = path;
    this.#db = db;
    this.#holdsLock = holdsLock;
    this.#insert = db.prepare("INSERT INTO candidate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#checkpoint = db.prepare("UPDATE run SET checkpoint = ?, seconds = ?, status = ? WHERE id = ?");
    this.#reused = db.prepare("INSERT INTO reused VALUES (?, ?, ?)");
  }

  /** Opens for writing, creating the file where there is none; `:memory:` keeps everything in memory. */
  static openForWriting(path: string): Archive {
    const fresh = path === ":memory:" || !existsSync(path) || statSync(path).size === 0;
    return guard(path, () => {
      const db = new Database(path, { timeout: 5000 });
      try {
        if (fresh) {
          db.pragma("page_size = 8192");
          db.pragma("journal_mode = WAL");
          db.transaction(() => {
            db.exec(schema);
            db.pragma(`application_id = ${APPLICATION_ID}`);
            db.pragma(`user_version = ${SCHEMA_VERSION}`);
          })();
        }
        checkVersion(path, db);
        db.pragma("journal_mode = WAL");
        db.pragma("synchronous = NORMAL");
        takeLock(path, db);
        return new Archive(path, db, true);
      } catch (error) {
        db.close();
        throw error;
      }
    });
  }

  /** A second connection for writing, for a thread of the process that holds the lock. */
  static openUnderLock(path: string): Archive {
    return guard(path, () => {
      const db = new Database(path, { timeout: 5000, fileMustExist: true });
      db.pragma("synchronous = NORMAL");
      return new Archive(path, db, false);
    });
  }

  /** Opens for reading; never disturbs a running search. */
  static openForReading(path: string): Archive {
    if (!existsSync(path)) throw new UserError(`${path}: no such archive; check the path`);
    return guard(path, () => {
      const db = new Database(path, { readonly: true, timeout: 5000 });
      try {
        checkVersion(path, db);
        return new Archive(path, db, false);
      } catch (error) {
        db.close();
        throw error;
      }
    });
  }

  close(): void {
    if (!this.#db.open) return;
    if (this.#holdsLock) {
      this.#db.prepare("DELETE FROM writer WHERE pid = ? AND host = ?").run(process.pid, hostname());
      this.#leaveWal();
    }
    this.#db.close();
  }

  /** At rest the archive is one file: readers of a file in WAL mode leave -wal and -shm beside it, and need a folder they may write. */
  #leaveWal(): void {
    try {
      this.#db.pragma("busy_timeout = 0");
      this.#db.pragma("journal_mode = DELETE");
    } catch {
      // Somebody reads at this moment; it stays in WAL mode until the next writer closes it.
    }
  }

  /** The id of a scoring context. */
  contextId(key: string): number {
    this.#db.prepare("INSERT INTO context (key) VALUES (?) ON CONFLICT DO NOTHING").run(key);
    return (this.#db.prepare("SELECT id FROM context WHERE key = ?").get(key) as { id: number }).id;
  }

  createRun(name: string, context: number, config: string, started: string): number {
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO run (context, name, config, started) VALUES (?, ?, ?, ?)")
      .run(context, name, config, started);
    return Number(lastInsertRowid);
  }

  /** Says in the writer's row which run it is at, and records the run's configuration as it goes on. */
  startRun(run: number, config: string): void {
    this.#db.prepare("UPDATE run SET config = ?, status = 'running' WHERE id = ?").run(config, run);
    this.#db.prepare("UPDATE writer SET run = ?").run(run);
  }

  /** @throws UserError where the disk is full or the file cannot be written; nothing of the generation is then kept */
  commit(record: GenerationRecord): void {
    guard(this.path, () => this.#commit(record));
  }

  #commit(record: GenerationRecord): void {
    const { run, context, generation, genomes, genomeLength, scores, costs, failures, reusedKeys } = record;
    this.#db.transaction(() => {
      for (let i = 0, row = 0; i < scores.length; i++, row += costNames.length) {
        const score = scores[i];
        this.#insert.run(
          context,
          run,
          generation,
          genomes.subarray(i * genomeLength, (i + 1) * genomeLength),
          Number.isNaN(score) ? null : score,
          costs[row],
          costs[row + 1],
          costs[row + 2],
          costs[row + 3],
          costs[row + 4],
          costs[row + 5],
          failures.get(i) ?? null,
        );
      }
      if (reusedKeys.length > 0) this.#reused.run(run, generation, bytesOf(reusedKeys));
      const { counters, genomes: population, scores: populationScores } = record.checkpoint;
      const blob = pack({ counters, genomes: population, scores: bytesOf(populationScores) });
      this.#checkpoint.run(blob, record.seconds, record.done ? "done" : "running", run);
    })();
  }

  /** Every candidate of a context, and the run that scored it. */
  eachCandidate(context: number, each: (genome: Uint8Array, score: number | null, run: number) => void): void {
    const rows = this.#db.prepare("SELECT genome, score, run FROM candidate WHERE context = ?").raw().iterate(context);
    for (const row of rows as Iterable<[Uint8Array, number | null, number]>) each(row[0], row[1], row[2]);
  }

  /** Hashes (low, high) of the genomes that a run took over from earlier ones. */
  eachReused(run: number, each: (low: number, high: number) => void): void {
    const rows = this.#db.prepare("SELECT keys FROM reused WHERE run = ?").iterate(run);
    for (const { keys } of rows as Iterable<{ keys: Uint8Array }>) {
      const words = new Uint32Array(new Uint8Array(keys).buffer);
      for (let i = 0; i < words.length; i += 2) each(words[i], words[i + 1]);
    }
  }

  runs(): RunRow[] {
    return (this.#db.prepare("SELECT * FROM run ORDER BY id").all() as RawRun[]).map(readRun);
  }

  /** @throws UserError where there is no such run */
  run(id: number): RunRow {
    const row = this.#db.prepare("SELECT * FROM run WHERE id = ?").get(id) as RawRun | undefined;
    if (row === undefined) {
      const ids = (this.#db.prepare("SELECT id FROM run ORDER BY id").all() as { id: number }[]).map((r) => r.id);
      throw new UserError(`${this.path}: no run ${id}; it has ${ids.length === 0 ? "none" : `runs ${ids.join(", ")}`}`);
    }
    return readRun(row);
  }
}

interface RawRun extends Omit<RunRow, "checkpoint"> {
  readonly checkpoint: Uint8Array | null;
}

function readRun(row: RawRun): RunRow {
  if (row.checkpoint === null) return { ...row, checkpoint: undefined };
  const { counters, genomes, scores } = unpack(row.checkpoint) as {
    counters: Checkpoint["counters"];
    genomes: Uint8Array;
    scores: Uint8Array;
  };
  return { ...row, checkpoint: { counters, genomes, scores: new Float64Array(new Uint8Array(scores).buffer) } };
}

function bytesOf(array: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Turns what SQLite says of a file that is not usable into a message with a remedy. */
function guard<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Database.SqliteError) && !(error instanceof TypeError)) throw error;
    const code = error instanceof Database.SqliteError ? error.code : "";
    if (code === "SQLITE_NOTADB") {
      throw new UserError(`${path}: expected an archive (a SQLite file), got something else; choose another --archive`);
    }
    if (code.startsWith("SQLITE_CORRUPT")) {
      throw new UserError(
        `${path}: the archive is damaged (${error.message}); restore a copy or choose another --archive`,
      );
    }
    throw new UserError(
      `${path}: cannot open the archive: ${error.message}; check the folder, its permissions and the disk`,
    );
  }
}

function checkVersion(path: string, db: Database.Database): void {
  const id = db.pragma("application_id", { simple: true }) as number;
  const version = db.pragma("user_version", { simple: true }) as number;
  if (id !== APPLICATION_ID) {
    throw new UserError(`${path}: a SQLite file, but not an archive of qes; choose another --archive`);
  }
  if (version > SCHEMA_VERSION) {
    throw new UserError(
      `${path}: written by a newer qes (schema ${version}, this one knows ${SCHEMA_VERSION}); update qes or choose another --archive`,
    );
  }
}

function takeLock(path: string, db: Database.Database): void {
  db.transaction(() => {
    const held = db.prepare("SELECT pid, host, run, since FROM writer").get() as
      | { pid: number; host: string; run: number | null; since: string }
      | undefined;
    if (held !== undefined && (held.host !== hostname() || (held.pid !== process.pid && isAlive(held.pid)))) {
      throw new UserError(
        `${path}: held by process ${held.pid} on ${held.host}${held.run === null ? "" : `, run ${held.run}`}, since ${held.since}; wait for it or choose another --archive`,
      );
    }
    db.prepare("INSERT OR REPLACE INTO writer VALUES (1, ?, ?, NULL, ?)").run(
      process.pid,
      hostname(),
      new Date().toISOString(),
    );
  }).immediate();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
