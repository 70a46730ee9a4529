import type Database from "better-sqlite3";
import { costNames } from "../costs.ts";
import { digestOf } from "../digest.ts";
import type { Checkpoint } from "../search/loop.ts";
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
  readonly checkpoint: Checkpoint;
  readonly seconds: number;
  readonly done: boolean;
}

const insertCandidate =
  `INSERT INTO candidate (context, run, generation, genome, score, failure, ${costColumns.join(", ")}) ` +
  `VALUES (?, ?, ?, ?, ?, ?${", ?".repeat(costNames.length)})`;

/** Writes generations: their candidates, their checksum and the state of the run behind them. */
export class GenerationWriter {
  readonly #insert: Database.Statement;
  readonly #reused: Database.Statement;
  readonly #sum: Database.Statement;
  readonly #run: Database.Statement;
  readonly #state: Database.Statement;
  /** The fixed part of the checksum of the run that was written last. */
  #sealing: { readonly run: number; readonly fixed: Seal } | undefined;

  constructor(db: Database.Database) {
    this.#insert = db.prepare(insertCandidate);
    this.#reused = db.prepare("INSERT INTO reused VALUES (?, ?, ?)");
    this.#sum = db.prepare("INSERT INTO generation VALUES (?, ?, ?, ?)");
    this.#run = db.prepare("SELECT * FROM run WHERE id = ?");
    this.#state = db.prepare(
      "UPDATE run SET checkpoint = ?, seconds = ?, status = ?, digest = ?, seal = ? WHERE id = ?",
    );
  }

  /** Inside a transaction of the caller's. */
  add(record: GenerationRecord): void {
    const { run, context, generation, genomes, genomeLength, scores, costs, failures, reusedKeys } = record;
    const width = costNames.length;
    const row = new Array<unknown>(6 + width);
    row[0] = context;
    row[1] = run;
    row[2] = generation;
    for (let i = 0; i < scores.length; i++) {
      row[3] = genomes.subarray(i * genomeLength, (i + 1) * genomeLength);
      row[4] = Number.isNaN(scores[i]) ? null : scores[i];
      row[5] = failures.get(i) ?? null;
      for (let j = 0; j < width; j++) row[6 + j] = costs[i * width + j];
      this.#insert.run(...row);
    }
    if (reusedKeys.length > 0) {
      this.#reused.run(run, generation, bytesOf(reusedKeys));
    }
    // Of what the rows hold, not of what else the caller's arrays and map may.
    const sum = generationSum({
      ...record,
      costs: costs.subarray(0, scores.length * width),
      failures: new Map([...failures].filter(([i]) => i < scores.length)),
    });
    this.#sum.run(run, generation, scores.length, sum);
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
