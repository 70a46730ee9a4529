import type Database from "better-sqlite3";
import { columnsOf, costColumns } from "./schema.ts";
import { equalBytes, generationSum, type SummedGeneration, wordsOf } from "./sums.ts";

/** A generation as it was read back. */
export interface StoredGeneration extends SummedGeneration {
  /** Bytes of a genome; 0 where the generation scored nothing. */
  readonly genomeLength: number;
  /** What is wrong with it, if anything is. */
  readonly damage: string | undefined;
}

type Row = [run: number, generation: number, genome: unknown, score: unknown, failure: unknown, ...costs: unknown[]];

/** Reads every generation of a context, each checked against its checksum; an archive of schema 1 has none. */
export function* storedGenerations(
  db: Database.Database,
  version: number,
  context: number,
): Generator<StoredGeneration> {
  const reused = reusedKeys(db, context);
  const sums = version >= 2 ? sumsOf(db, context) : undefined;
  const known = columnsOf(db, "candidate");
  const columns = costColumns()
    .filter((name) => known.includes(name))
    .map((name) => `, ${name}`);
  const rows = db
    .prepare(
      `SELECT run, generation, genome, score, failure${columns.join("")} FROM candidate WHERE context = ? ORDER BY rowid`,
    )
    .raw()
    .iterate(context) as Iterable<Row>;
  const finish = (rows: GenerationRows | undefined): StoredGeneration[] => {
    if (rows === undefined) return [];
    const key = `${rows.run} ${rows.generation}`;
    const stored = rows.read(context, reused.get(key) ?? new Uint32Array(0));
    const sum = sums?.get(key);
    sums?.delete(key);
    if (sums === undefined) reused.delete(key);
    return [{ ...stored, damage: stored.damage ?? (sums === undefined ? undefined : mismatch(stored, sum)) }];
  };
  let open: GenerationRows | undefined;
  for (const row of rows) {
    if (open?.run !== row[0] || open.generation !== row[1]) {
      yield* finish(open);
      open = new GenerationRows(row[0], row[1]);
    }
    open.add(row);
  }
  yield* finish(open);
  // What is left scored nothing, or has lost its rows.
  for (const key of (sums ?? reused).keys()) {
    const [run, generation] = key.split(" ").map(Number);
    const empty = new GenerationRows(run, generation).read(context, reused.get(key) ?? new Uint32Array(0));
    yield { ...empty, damage: sums === undefined ? undefined : mismatch(empty, sums.get(key)) };
  }
}

function mismatch(stored: SummedGeneration, sum: StoredSum | undefined): string | undefined {
  if (sum === undefined) return "it has no checksum";
  if (sum.count !== stored.scores.length) return `expected ${sum.count} candidates, got ${stored.scores.length}`;
  return equalBytes(sum.sum, generationSum(stored)) ? undefined : "its rows do not match their checksum";
}

interface StoredSum {
  readonly count: number;
  readonly sum: unknown;
}

function sumsOf(db: Database.Database, context: number): Map<string, StoredSum> {
  const rows = db
    .prepare(
      "SELECT generation.* FROM generation JOIN run ON run.id = generation.run WHERE run.context = ? ORDER BY run, generation",
    )
    .all(context) as (StoredSum & { run: number; generation: number })[];
  return new Map(rows.map(({ run, generation, count, sum }) => [`${run} ${generation}`, { count, sum }]));
}

function reusedKeys(db: Database.Database, context: number): Map<string, Uint32Array> {
  const query = "SELECT reused.* FROM reused JOIN run ON run.id = reused.run WHERE run.context = ?";
  const rows = db.prepare(query).all(context) as {
    run: number;
    generation: number;
    keys: unknown;
  }[];
  return new Map(rows.map(({ run, generation, keys }) => [`${run} ${generation}`, wordsOf(keys)]));
}

/** Collects the rows of one generation. */
class GenerationRows {
  readonly run: number;
  readonly generation: number;
  readonly #genomes: Uint8Array[] = [];
  readonly #scores: number[] = [];
  readonly #costs: number[] = [];
  readonly #failures = new Map<number, string>();
  #damage: string | undefined;

  constructor(run: number, generation: number) {
    this.run = run;
    this.generation = generation;
  }

  add([, , genome, score, failure, ...costs]: Row): void {
    const i = this.#scores.length;
    const scored = typeof score === "number" && Number.isFinite(score) && failure === null;
    const failed = score === null && typeof failure === "string";
    if (!scored && !failed) this.#damage ??= `candidate ${i} has neither a score nor a failure`;
    if (!(genome instanceof Uint8Array) || genome.length !== (this.#genomes[0] ?? genome).length) {
      this.#damage ??= `candidate ${i} has no genome`;
      return;
    }
    this.#genomes.push(genome);
    this.#scores.push(scored ? score : Number.NaN);
    if (failed) this.#failures.set(i, failure);
    for (const cost of costs) {
      if (typeof cost === "number") this.#costs.push(cost);
      else if (cost !== null) this.#damage ??= `candidate ${i} has a cost that is no number`;
    }
  }

  read(context: number, reusedKeys: Uint32Array): StoredGeneration {
    const genomeLength = this.#genomes[0]?.length ?? 0;
    const genomes = new Uint8Array(genomeLength * this.#genomes.length);
    for (let i = 0; i < this.#genomes.length; i++) genomes.set(this.#genomes[i], i * genomeLength);
    return {
      run: this.run,
      context,
      generation: this.generation,
      genomeLength,
      genomes,
      scores: Float64Array.from(this.#scores),
      costs: Float64Array.from(this.#costs),
      failures: this.#failures,
      reusedKeys,
      damage: this.#damage,
    };
  }
}
