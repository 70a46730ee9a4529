import type Database from "better-sqlite3";

/** What an archive of each schema holds, and the columns that reading relies on. */
const required: Readonly<Record<string, readonly string[]>> = {
  context: ["id", "key"],
  run: ["id", "context", "name", "config", "started", "seconds", "status", "checkpoint"],
  candidate: ["context", "run", "generation", "genome", "score", "failure"],
  reused: ["run", "generation", "keys"],
  writer: ["id", "pid", "host", "run", "since"],
};
/** What schema 2 adds. */
const checksums: Readonly<Record<string, readonly string[]>> = {
  context: ["seal"],
  run: ["digest", "seal"],
  generation: ["run", "generation", "count", "sum"],
};

/** What schema 3 adds. */
const pictures: Readonly<Record<string, readonly string[]>> = {
  reused: ["places"],
  progress: ["run", "generation", "children", "best", "mean", "seconds", "first"],
  bound: ["problem", "upper", "network", "proven", "steps", "seconds", "seal"],
  optimum: ["problem", "budget", "value", "upper", "network", "proven", "seal"],
};
/** What every schema adds to the one before, from the first on. */
const additions = [required, checksums, pictures];

/** A table whose columns are stored as they are: nothing in it is computed, so that reading and checking it takes what its size says. */
const column =
  /^(?!rowid |oid |_rowid_ )\w+ (?:INTEGER|TEXT|REAL|BLOB|NUMERIC)(?: PRIMARY KEY)?(?: NOT NULL)?(?: UNIQUE)?(?: REFERENCES \w+)?(?: DEFAULT (?:\d+|'\w+'))?(?: CHECK \(id = 1\))?$/i;
const tableKey = /^PRIMARY KEY \(run, generation\)$/;
/** Left by SQLite's own ANALYZE; never read here. */
const statistics = /^CREATE TABLE sqlite_stat\d\([\w,]+\)$/;

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

/**
 * What of a file is not a plain table of the schema that it says it has, told before anything is read from it: a view or a trigger may
 * compute without end, and a table that is missing may be a checksum that is missing. Undefined where all is as it should be.
 */
export function foreignPart(db: Database.Database, version: number): string | undefined {
  const rows = db.prepare("SELECT type, name, sql FROM sqlite_master").all() as SchemaRow[];
  const found = new Map<string, readonly string[]>();
  for (const { type, name, sql } of rows) {
    // Of a UNIQUE column.
    if (type === "index" && sql === null) continue;
    if (type === "table" && sql !== null && statistics.test(sql)) continue;
    const columns = type === "table" && sql !== null ? plainColumns(sql) : undefined;
    if (columns === undefined || !additions.some((tables) => Object.hasOwn(tables, name))) {
      return `the ${type} ${JSON.stringify(name)} is no table of an archive`;
    }
    found.set(name, columns);
  }
  const lacking = (tables: typeof required) =>
    Object.entries(tables).flatMap(([table, columns]) =>
      columns.filter((name) => !found.get(table)?.includes(name)).map((name) => `${table}.${name}`),
    );
  const [missing] = additions.slice(0, version).flatMap(lacking);
  if (missing !== undefined) return `schema ${version} has ${missing}, which is missing`;
  for (let later = version; later < additions.length; later++) {
    const all = Object.entries(additions[later]).flatMap(([table, names]) =>
      names.map((name) => [table, name] as const),
    );
    const extra = all.find(([table, name]) => found.get(table)?.includes(name));
    if (extra !== undefined) return `it says schema ${version}, but has ${extra.join(".")} of schema ${later + 1}`;
  }
  return undefined;
}

/** Names of the columns, or undefined where the table is more than a list of stored columns. */
function plainColumns(sql: string): string[] | undefined {
  const text = sql
    .replace(/^\s*--.*$/gm, "")
    .replace(/\s+/g, " ")
    .trim();
  const inner = /^CREATE TABLE "?\w+"? ?\((.*)\)(?: WITHOUT ROWID)?$/.exec(text)?.[1];
  const parts = inner?.split(/,(?![^(]*\))/).map((part) => part.trim());
  if (parts === undefined || !parts.every((part) => column.test(part) || tableKey.test(part))) return undefined;
  return parts.filter((part) => !tableKey.test(part)).map((part) => part.split(" ")[0]);
}
