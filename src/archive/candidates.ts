import type Database from "better-sqlite3";
import { wordsOf } from "./sums.ts";

type Connection = Database.Database;

/** Candidates of a context as its checksums say. */
export function recorded(db: Connection, context: number): number {
  const query = "SELECT TOTAL(count) FROM generation JOIN run ON run.id = generation.run WHERE run.context = ?";
  return db.prepare(query).pluck().get(context) as number;
}

/** Candidates of a context. */
export function count(db: Connection, context: number): number {
  return db.prepare("SELECT COUNT(*) FROM candidate WHERE context = ?").pluck().get(context) as number;
}

/** Hashes (low, high) of the genomes that a run took over from earlier ones. */
export function eachReused(db: Connection, run: number, each: (low: number, high: number) => void): void {
  const rows = db.prepare("SELECT keys FROM reused WHERE run = ?").iterate(run);
  for (const { keys } of rows as Iterable<{ keys: unknown }>) {
    const words = wordsOf(keys);
    for (let i = 0; i + 1 < words.length; i += 2) each(words[i], words[i + 1]);
  }
}

/** Scored candidates of a context from all over the archive, every n-th row of it, `most` at most: as quick in a large one. */
export function sampled(db: Connection, context: number, most: number): { genome: Uint8Array; score: number }[] {
  const last = Number(db.prepare("SELECT MAX(rowid) FROM candidate").pluck().get() ?? 0);
  const stride = Math.max(1, Math.ceil(last / most));
  const row = db.prepare("SELECT genome, score FROM candidate WHERE rowid = ? AND context = ?");
  const found: { genome: Uint8Array; score: number }[] = [];
  for (let at = stride; at <= last; at += stride) {
    const one = row.get(at, context) as { genome: unknown; score: unknown } | undefined;
    if (one?.genome instanceof Uint8Array && typeof one.score === "number")
      found.push({ genome: one.genome, score: one.score });
  }
  return found;
}

/** How many candidates of a run failed, by reason. */
export function failures(db: Connection, run: number): Map<string, number> {
  const rows = db
    .prepare("SELECT failure, COUNT(*) AS count FROM candidate WHERE run = ? AND failure NOT NULL GROUP BY failure")
    .all(run) as { failure: string; count: number }[];
  return new Map(rows.map(({ failure, count }) => [failure, count]));
}

/** The generation in which a run scored a genome; undefined where it did not. */
export function generationOf(db: Connection, run: number, genome: Uint8Array): number | undefined {
  const query = "SELECT generation FROM candidate WHERE run = ? AND genome = ?";
  return db.prepare(query).pluck().get(run, genome) as number | undefined;
}
