import type Database from "better-sqlite3";
import { Database as Sqlite } from "./sqlite.ts";

/** What a generation's rows hold, read whole. */
export interface PackedRows {
  readonly genomeLength: number;
  readonly genomes: Uint8Array;
  readonly scores: Float64Array;
  /** Of every candidate in turn; figures that a row does not hold are left out. */
  readonly costs: Float64Array;
}

/** Rows of one query: texts of a few hundred kilobytes. */
const ROWS = 4096;

interface Piece {
  readonly count: number;
  readonly blobs: number | null;
  readonly shortest: number | null;
  readonly longest: number | null;
  readonly genomes: string | null;
  readonly scores: string;
  readonly [cost: `cost${number}`]: string;
}

/**
 * Reads the rows of a generation in a fraction of the time that a value at a time takes: SQLite joins a column into one text. That
 * its decimals give the very numbers back is what SQLite strives for and does not promise, so this is for who holds the result against a
 * checksum, and reads row by row where it does not match.
 */
export class PackedRowReader {
  readonly #query: Database.Statement;
  readonly #costs: number;

  /** @param costs columns of figures */
  constructor(db: Database.Database, costs: readonly string[]) {
    this.#costs = costs.length;
    const figures = costs.map((name, j) => `, json_group_array(${name}) AS cost${j}`).join("");
    this.#query = db.prepare(
      `SELECT COUNT(*) AS count, SUM(typeof(genome) = 'blob') AS blobs, MIN(length(genome)) AS shortest, MAX(length(genome)) AS longest,
        group_concat(hex(genome), '') AS genomes, json_group_array(score) AS scores${figures}
      FROM candidate WHERE rowid BETWEEN ? AND ? AND context = ? AND run = ? AND generation = ? AND failure IS NULL`,
    );
  }

  /** The `count` rows from `first` on, or undefined where they are not what a generation without failures leaves. */
  read(first: number, count: number, context: number, run: number, generation: number): PackedRows | undefined {
    const pieces: PackedRows[] = [];
    for (let at = 0; at < count; at += ROWS) {
      const rows = Math.min(ROWS, count - at);
      const piece = this.#piece(first + at, rows, [context, run, generation]);
      if (piece === undefined || piece.genomeLength !== (pieces[0] ?? piece).genomeLength) return undefined;
      pieces.push(piece);
    }
    return pieces.length === 1 ? pieces[0] : joined(pieces, count);
  }

  #piece(first: number, rows: number, owner: readonly [number, number, number]): PackedRows | undefined {
    let piece: Piece;
    try {
      piece = this.#query.get(first, first + rows - 1, ...owner) as Piece;
    } catch (error) {
      // A value that JSON has no word for; damage is told by who reads row by row.
      if (error instanceof Sqlite.SqliteError) return undefined;
      throw error;
    }
    const { count, blobs, shortest, longest, genomes } = piece;
    if (count !== rows || blobs !== rows || genomes === null || shortest === null || shortest !== longest)
      return undefined;
    const scores = numbers(piece.scores);
    const columns = Array.from({ length: this.#costs }, (_, j) => JSON.parse(piece[`cost${j}`]) as unknown[]);
    const costs = interleaved(columns, rows);
    if (scores?.length !== rows || costs === undefined) return undefined;
    return { genomeLength: shortest, genomes: Buffer.from(genomes, "hex"), scores, costs };
  }
}

function numbers(json: string): Float64Array | undefined {
  const values = JSON.parse(json) as unknown[];
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "number") return undefined;
    out[i] = value;
  }
  return out;
}

/** Candidate by candidate, nulls left out; undefined where there is anything but numbers and nulls. */
function interleaved(columns: readonly (readonly unknown[])[], rows: number): Float64Array | undefined {
  const out = new Float64Array(columns.length * rows);
  let count = 0;
  for (let i = 0; i < rows; i++) {
    for (const column of columns) {
      const value = column[i];
      if (typeof value === "number") out[count++] = value;
      else if (value !== null) return undefined;
    }
  }
  return out.subarray(0, count);
}

function joined(pieces: readonly PackedRows[], count: number): PackedRows | undefined {
  const [{ genomeLength }] = pieces;
  const genomes = new Uint8Array(count * genomeLength);
  const scores = new Float64Array(count);
  const costs = new Float64Array(pieces.reduce((sum, piece) => sum + piece.costs.length, 0));
  let row = 0;
  let figure = 0;
  for (const piece of pieces) {
    genomes.set(piece.genomes, row * genomeLength);
    scores.set(piece.scores, row);
    costs.set(piece.costs, figure);
    row += piece.scores.length;
    figure += piece.costs.length;
  }
  return { genomeLength, genomes, scores, costs };
}
