import type Database from "better-sqlite3";
import { refuseDamage } from "./connection.ts";
import { PackedRowReader } from "./packed-rows.ts";
import { columnsOf, costColumns } from "./schema.ts";
import { equalBytes, generationSum, type SummedGeneration, wordsOf } from "./sums.ts";

/** A generation as it was read back. */
export interface StoredGeneration extends SummedGeneration {
  /** Bytes of a genome; 0 where the generation scored nothing. */
  readonly genomeLength: number;
  /** Number of its first row; 0 where it has none. The others follow it. */
  readonly first: number;
  /** What is wrong with it, if anything is. */
  readonly damage: string | undefined;
}

type Row = [
  rowid: number,
  run: number,
  generation: number,
  genome: unknown,
  score: unknown,
  failure: unknown,
  ...costs: unknown[],
];

/**
 * Reads every generation of a context in the order of its rows, each checked against its checksum; an archive of schema 1 has none.
 * No statement stays open between two generations.
 */
export function* storedGenerations(
  db: Database.Database,
  version: number,
  context: number,
): Generator<StoredGeneration> {
  const reused = reusedKeys(db, context);
  const sums = version >= 2 ? sumsOf(db, context) : undefined;
  const known = columnsOf(db, "candidate");
  const columns = costColumns().filter((name) => known.includes(name));
  const packed = sums === undefined ? undefined : new PackedRowReader(db, columns);
  const rows = new RowReader(db, columns, context);
  for (let head = rows.head(Number.MIN_SAFE_INTEGER); head !== undefined; ) {
    const { rowid, run, generation } = head;
    const key = `${run} ${generation}`;
    const sum = sums?.get(key);
    const keys = reused.get(key) ?? new Uint32Array(0);
    sums?.delete(key);
    if (sums === undefined) reused.delete(key);
    const whole = sum && readPacked(packed!, head, sum, context, keys);
    if (whole !== undefined) {
      head = rows.head(rowid + whole.scores.length);
      yield whole;
      continue;
    }
    const { stored, next } = rows.read(head, keys);
    head = next;
    yield { ...stored, damage: stored.damage ?? (sums === undefined ? undefined : mismatch(stored, sum)) };
  }
  // What is left scored nothing, or has lost its rows.
  for (const key of (sums ?? reused).keys()) {
    const [run, generation] = key.split(" ").map(Number);
    const empty = new GenerationRows(run, generation, 0).read(context, reused.get(key) ?? new Uint32Array(0));
    yield { ...empty, damage: sums === undefined ? undefined : mismatch(empty, sums.get(key)) };
  }
}

/** Some of a generation's rows. @param stay their places, rising */
export function rowsOf(
  { genomes, genomeLength: length, scores, costs, failures }: StoredGeneration,
  stay: readonly number[],
): Pick<StoredGeneration, "genomes" | "scores" | "costs" | "failures"> {
  const figures = scores.length === 0 ? 0 : costs.length / scores.length;
  return {
    genomes: Buffer.concat(stay.map((i) => genomes.subarray(i * length, (i + 1) * length))),
    scores: Float64Array.from(stay, (i) => scores[i]),
    costs: Float64Array.from(stay.flatMap((i) => [...costs.subarray(i * figures, (i + 1) * figures)])),
    failures: new Map(stay.flatMap((i, at) => (failures.has(i) ? [[at, failures.get(i)!] as const] : []))),
  };
}

/** The generation that begins at a row, or undefined where it is not as its checksum says, or has failures. */
function readPacked(
  reader: PackedRowReader,
  { rowid, run, generation }: Head,
  sum: StoredSum,
  context: number,
  reusedKeys: Uint32Array,
): StoredGeneration | undefined {
  if (!Number.isSafeInteger(sum.count) || sum.count < 1) return undefined;
  const rows = reader.read(rowid, sum.count, context, run, generation);
  if (rows === undefined) return undefined;
  const stored = {
    ...rows,
    run,
    context,
    generation,
    failures: new Map(),
    reusedKeys,
    first: rowid,
    damage: undefined,
  };
  return mismatch(stored, sum) === undefined ? stored : undefined;
}

/** The first row of a generation. */
interface Head {
  readonly rowid: number;
  readonly run: number;
  readonly generation: number;
}

/** Reads generations value by value, whatever their rows hold. */
class RowReader {
  readonly #path: string;
  readonly #context: number;
  readonly #head: Database.Statement;
  readonly #rows: Database.Statement;

  constructor(db: Database.Database, costs: readonly string[], context: number) {
    this.#path = db.name;
    this.#context = context;
    this.#head = db.prepare(
      "SELECT rowid, run, generation FROM candidate WHERE rowid >= ? AND context = ? ORDER BY rowid LIMIT 1",
    );
    const columns = costs.map((name) => `, ${name}`).join("");
    const query = `SELECT rowid, run, generation, genome, score, failure${columns} FROM candidate WHERE rowid >= ? AND context = ? ORDER BY rowid`;
    this.#rows = db.prepare(query).raw();
  }

  /** The first row of the context from `rowid` on. */
  head(rowid: number): Head | undefined {
    const head = this.#head.get(rowid, this.#context) as Head | undefined;
    if (head !== undefined) this.#check(head.rowid, rowid);
    return head;
  }

  /** Rows of one run and generation, as far as they follow one another; and where the next ones begin. */
  read(
    { rowid, run, generation }: Head,
    reusedKeys: Uint32Array,
  ): { stored: StoredGeneration; next: Head | undefined } {
    const open = new GenerationRows(run, generation, rowid);
    let next: Head | undefined;
    let least = rowid;
    for (const row of this.#rows.iterate(rowid, this.#context) as Iterable<Row>) {
      this.#check(row[0], least);
      least = row[0] + 1;
      if (row[1] !== run || row[2] !== generation) {
        next = { rowid: row[0], run: row[1], generation: row[2] };
        break;
      }
      open.add(row);
    }
    return { stored: open.read(this.#context, reusedKeys), next };
  }

  /** Where pages of a file are damaged, rows may come out of order; read on from a number that fell, or was rounded, they would never end. */
  #check(rowid: number, least: number): void {
    if (!Number.isSafeInteger(rowid)) refuseDamage(this.#path, ["a row number is out of range"]);
    if (rowid < least) refuseDamage(this.#path, [`row ${rowid} is out of order`]);
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
  readonly first: number;
  readonly run: number;
  readonly generation: number;
  readonly #genomes: Uint8Array[] = [];
  readonly #scores: number[] = [];
  readonly #costs: number[] = [];
  readonly #failures = new Map<number, string>();
  #damage: string | undefined;

  constructor(run: number, generation: number, first: number) {
    this.first = first;
    this.run = run;
    this.generation = generation;
  }

  add([, , , genome, score, failure, ...costs]: Row): void {
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
      first: this.first,
      genomes,
      scores: Float64Array.from(this.#scores),
      costs: Float64Array.from(this.#costs),
      failures: this.#failures,
      reusedKeys,
      damage: this.#damage,
    };
  }
}
