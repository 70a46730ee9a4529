import type Database from "better-sqlite3";
import { costNames } from "../costs/cost-table.ts";
import { digestOf } from "../search/digest.ts";
import type { Checkpoint } from "../search/loop.ts";
import { type ProgressRow, progressInserter, progressOf } from "./history.ts";
import { costColumns } from "./schema.ts";
import { fixedSeal, packCheckpoint, type RawRun, runSeal } from "./stored-run.ts";
import { bytesOf, generationSum, type Seal } from "./sums.ts";

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
  /** Numbers of the rows that hold them. */
  readonly reusedPlaces?: Uint32Array;
  readonly checkpoint: Checkpoint;
  readonly seconds: number;
  readonly done: boolean;
}

/** Columns of a candidate's row before those of its costs. */
const OWN_COLUMNS = 6;
/** Rows of one INSERT: 1.5 times as many a second as one by one; more give nothing. */
const ROWS = 8;

function insertCandidates(rows: number): string {
  const row = `(${new Array(OWN_COLUMNS + costNames.length).fill("?").join(", ")})`;
  return (
    `INSERT INTO candidate (context, run, generation, genome, score, failure, ${costColumns().join(", ")}) ` +
    `VALUES ${new Array(rows).fill(row).join(", ")}`
  );
}

/** What a candidate's rows are made of. */
type Rows = Pick<
  GenerationRecord,
  "run" | "context" | "generation" | "genomeLength" | "genomes" | "scores" | "costs" | "failures"
>;

/**
 * Adds the rows of generations. Inside a transaction of the caller's.
 * @returns the number of the first row, null where there is none
 * @throws Error where there are not as many costs as columns
 */
export function candidateInserter(db: Database.Database): (rows: Rows) => number | null {
  const insertOne = db.prepare(insertCandidates(1));
  const insertMany = db.prepare(insertCandidates(ROWS));
  const columns = OWN_COLUMNS + costNames.length;
  return (record) => {
    const { scores, costs } = record;
    let last = 0;
    if (costs.length !== scores.length * costNames.length) {
      throw new Error(
        `archive: expected ${costNames.length} costs of ${scores.length} candidates, got ${costs.length}`,
      );
    }
    const many = scores.length - (scores.length % ROWS);
    const rows = new Array<unknown>(ROWS * columns);
    for (let i = 0; i < many; i += ROWS) {
      for (let j = 0; j < ROWS; j++) fillRow(record, i + j, rows, j * columns);
      last = Number(insertMany.run(...rows).lastInsertRowid);
    }
    rows.length = columns;
    for (let i = many; i < scores.length; i++) {
      fillRow(record, i, rows, 0);
      last = Number(insertOne.run(...rows).lastInsertRowid);
    }
    return scores.length === 0 ? null : last - scores.length + 1;
  };
}

/** Writes generations: their candidates, their checksum and the state of the run behind them. */
export class GenerationWriter {
  readonly #insert: (rows: Rows) => number | null;
  readonly #progress: (row: ProgressRow) => void;
  readonly #reused: Database.Statement;
  readonly #sum: Database.Statement;
  readonly #run: Database.Statement;
  readonly #state: Database.Statement;
  /** The fixed part of the checksum of the run that was written last. */
  #sealing: { readonly run: number; readonly fixed: Seal } | undefined;

  constructor(db: Database.Database) {
    this.#insert = candidateInserter(db);
    this.#progress = progressInserter(db);
    this.#reused = db.prepare("INSERT INTO reused VALUES (?, ?, ?, ?)");
    this.#sum = db.prepare("INSERT INTO generation VALUES (?, ?, ?, ?)");
    this.#run = db.prepare("SELECT * FROM run WHERE id = ?");
    this.#state = db.prepare(
      "UPDATE run SET checkpoint = ?, seconds = ?, status = ?, digest = ?, seal = ? WHERE id = ?",
    );
  }

  /** Inside a transaction of the caller's. */
  add(record: GenerationRecord): void {
    const { run, generation, scores, costs, failures, reusedKeys, reusedPlaces, seconds, checkpoint } = record;
    const first = this.#insert(record);
    if (reusedKeys.length > 0) {
      this.#reused.run(run, generation, bytesOf(reusedKeys), reusedPlaces === undefined ? null : bytesOf(reusedPlaces));
    }
    // Of what the rows hold, not of what else the caller's arrays and map may.
    const sum = generationSum({
      ...record,
      costs: costs.subarray(0, scores.length * costNames.length),
      failures: new Map([...failures].filter(([i]) => i < scores.length)),
    });
    this.#sum.run(run, generation, scores.length, sum);
    this.#progress({ run, generation, ...progressOf(checkpoint), seconds, first });
    this.#saveState(record);
  }

  #saveState({ run, seconds, done, checkpoint }: GenerationRecord): void {
    if (this.#sealing?.run !== run) this.#sealing = { run, fixed: fixedSeal(this.#run.get(run) as RawRun) };
    const state = {
      checkpoint: packCheckpoint(checkpoint),
      seconds,
      status: done ? "done" : "running",
      digest: done ? digestOf(checkpoint) : null,
    } as const;
    this.#state.run(
      state.checkpoint,
      state.seconds,
      state.status,
      state.digest,
      runSeal(this.#sealing.fixed, state),
      run,
    );
  }
}

/** The figures of candidate i, in the order of the columns, from `at` on. */
function fillRow(record: Rows, i: number, row: unknown[], at: number): void {
  const { genomes, genomeLength, scores, costs, failures } = record;
  row[at] = record.context;
  row[at + 1] = record.run;
  row[at + 2] = record.generation;
  row[at + 3] = genomes.subarray(i * genomeLength, (i + 1) * genomeLength);
  row[at + 4] = Number.isNaN(scores[i]) ? null : scores[i];
  row[at + 5] = failures.get(i) ?? null;
  for (let j = 0; j < costNames.length; j++) row[at + OWN_COLUMNS + j] = costs[i * costNames.length + j];
}
