import type { BoundStep } from "../bound/trace.ts";
import type { Structure } from "../network/structure.ts";
import { refuseDamage } from "./connection.ts";
import type { OpenFile } from "./open-file.ts";
import { guard } from "./sqlite-errors.ts";
import { equalBytes, Seal } from "./sums.ts";

/**
 * What is proven of problems: a problem is a configuration without what only its search heeds, named by a hash; the optima of one are those of the problem
 * without the budget that was swept, at values of that budget.
 */
export const boundTables = `
  CREATE TABLE bound (
    problem TEXT NOT NULL, upper REAL, network TEXT, proven INTEGER NOT NULL, steps TEXT NOT NULL, seconds REAL NOT NULL, seal BLOB NOT NULL
  );
  CREATE TABLE optimum (
    problem TEXT NOT NULL, budget TEXT NOT NULL, value REAL NOT NULL, upper REAL, network TEXT, proven INTEGER NOT NULL, seal BLOB NOT NULL
  );
`;

/** A network that a bound found. */
export interface OptimalNetwork {
  readonly score: number;
  readonly resolution: number;
  readonly structure: Structure;
}

/** What is proven: no network scores more than `upper`, and the best known is `network`. */
export interface Proven {
  /** Null where no network is within the budgets. */
  readonly upper: number | null;
  readonly network: OptimalNetwork | null;
  /** Whether no network scores more than the best known. */
  readonly proven: boolean;
}

export interface StoredBound extends Proven {
  readonly steps: readonly BoundStep[];
  readonly seconds: number;
}

/** What is proven at one value of a budget. */
export interface Optimum extends Proven {
  readonly value: number;
}

/** All that is proven of a problem. */
export interface ProvenOfProblem {
  /** Its name: a hash. */
  readonly problem: string;
  readonly bound?: StoredBound | undefined;
  readonly optima?: readonly { readonly budget: string; readonly optima: readonly Optimum[] }[];
}

/** What an archive keeps of bounds. */
export class ProvenRecords {
  readonly #file: OpenFile;
  readonly #write: (use: () => void) => void;

  /** @param write runs what writes, as a whole or not at all */
  constructor(file: OpenFile, write: (use: () => void) => void) {
    this.#file = file;
    this.#write = write;
  }

  /** Keeps what is proven of a problem, as far as it is more than what is known. */
  put({ problem, bound, optima = [] }: ProvenOfProblem): void {
    this.#write(() => {
      if (bound !== undefined) putBound(this.#file, problem, bound);
      for (const { budget, optima: points } of optima) putOptima(this.#file, problem, budget, points);
    });
  }

  /** What is proven of a problem. @throws UserError where it is damaged */
  bound(problem: string): StoredBound | undefined {
    return guard(this.#file.path, () => boundOf(this.#file, problem));
  }

  /** What is proven of a problem without one of its budgets, at values of that. @throws UserError where something of it is damaged */
  optima(problem: string, budget: string): Optimum[] {
    return guard(this.#file.path, () => optimaOf(this.#file, problem, budget));
  }

  /** Everything that is proven. @throws UserError where something of it is damaged */
  each(use: (proven: ProvenOfProblem) => void): void {
    guard(this.#file.path, () => eachProven(this.#file, use));
  }
}

interface RawProven {
  readonly upper: number | null;
  readonly network: string | null;
  readonly proven: number;
  readonly seal: Uint8Array;
}

const none = new Uint8Array(0);
const textOf = ({ network }: Proven) => (network === null ? null : JSON.stringify(network));

/** Unless more is known already. Inside a transaction of the caller's. */
function putBound(file: OpenFile, problem: string, bound: StoredBound): void {
  const known = boundOf(file, problem);
  if (known !== undefined && !says(bound, known)) return;
  const { upper, proven, seconds } = bound;
  const text = textOf(bound);
  const steps = JSON.stringify(bound.steps);
  file.db.prepare("DELETE FROM bound WHERE problem = ?").run(problem);
  file.db
    .prepare("INSERT INTO bound VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(problem, upper, text, Number(proven), steps, seconds, boundSeal(problem, bound, text, steps));
}

function boundSeal(
  problem: string,
  { upper, proven, seconds }: Pick<StoredBound, "upper" | "proven" | "seconds">,
  network: string | null,
  steps: string,
): Uint8Array {
  return new Seal("bound", problem).of([upper, network, proven, steps, seconds], none);
}

/** Unless more is known already. Inside a transaction of the caller's. */
function putOptima(file: OpenFile, problem: string, budget: string, optima: readonly Optimum[]): void {
  const known = new Map(optimaOf(file, problem, budget).map((optimum) => [optimum.value, optimum]));
  const remove = file.db.prepare("DELETE FROM optimum WHERE problem = ? AND budget = ? AND value = ?");
  const insert = file.db.prepare("INSERT INTO optimum VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const optimum of optima) {
    const before = known.get(optimum.value);
    if (before !== undefined && !says(optimum, before)) continue;
    const { value, upper, proven } = optimum;
    const text = textOf(optimum);
    remove.run(problem, budget, value);
    insert.run(problem, budget, value, upper, text, Number(proven), optimumSeal(problem, budget, optimum, text));
  }
}

function optimumSeal(
  problem: string,
  budget: string,
  { value, upper, proven }: Pick<Optimum, "value" | "upper" | "proven">,
  network: string | null,
): Uint8Array {
  return new Seal("optimum", problem, budget).of([value, upper, network, proven], none);
}

/** Whether one says at least what the other does. */
function says(one: Proven, other: Proven): boolean {
  const upper = (proven: Proven) => proven.upper ?? Number.NEGATIVE_INFINITY;
  const best = (proven: Proven) => proven.network?.score ?? Number.NEGATIVE_INFINITY;
  return one.proven || (!other.proven && upper(one) <= upper(other) && best(one) >= best(other));
}

/** @throws UserError where it is damaged */
function boundOf(file: OpenFile, problem: string): StoredBound | undefined {
  if (file.version < 3) return undefined;
  const row = file.db.prepare("SELECT * FROM bound WHERE problem = ?").get(problem) as
    | (RawProven & { readonly steps: string; readonly seconds: number })
    | undefined;
  if (row === undefined) return undefined;
  const bound = { upper: row.upper, proven: row.proven === 1, seconds: row.seconds };
  if (!equalBytes(row.seal, boundSeal(problem, bound, row.network, row.steps))) {
    refuseDamage(file.path, ["a bound does not match its checksum"]);
  }
  return { ...bound, network: networkOf(row), steps: JSON.parse(row.steps) as BoundStep[] };
}

/** By the value of the budget. @throws UserError where one is damaged */
function optimaOf(file: OpenFile, problem: string, budget: string): Optimum[] {
  if (file.version < 3) return [];
  const rows = file.db
    .prepare("SELECT * FROM optimum WHERE problem = ? AND budget = ? ORDER BY value")
    .all(problem, budget) as (RawProven & { readonly value: number })[];
  return rows.map((row) => {
    const optimum = { value: row.value, upper: row.upper, proven: row.proven === 1 };
    if (!equalBytes(row.seal, optimumSeal(problem, budget, optimum, row.network))) {
      refuseDamage(file.path, ["an optimum does not match its checksum"]);
    }
    return { ...optimum, network: networkOf(row) };
  });
}

const networkOf = ({ network }: RawProven) => (network === null ? null : (JSON.parse(network) as OptimalNetwork));

/** @throws UserError where something is damaged */
function eachProven(file: OpenFile, use: (proven: ProvenOfProblem) => void): void {
  if (file.version < 3) return;
  const { db } = file;
  const problems = db.prepare("SELECT problem FROM bound UNION SELECT problem FROM optimum").pluck().all() as string[];
  const budgets = db.prepare("SELECT DISTINCT budget FROM optimum WHERE problem = ? ORDER BY budget").pluck();
  for (const problem of problems) {
    const optima = (budgets.all(problem) as string[]).map((budget) => ({
      budget,
      optima: optimaOf(file, problem, budget),
    }));
    use({ problem, bound: boundOf(file, problem), optima });
  }
}
