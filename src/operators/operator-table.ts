import { UserError } from "../base/user-error.ts";

const operatorKinds = ["regular", "depthwise"] as const;
type OperatorKind = (typeof operatorKinds)[number];

/**
 * A measured operator: its kind, the images of a batch, the channels that it reads, pixels of one side of its input, the channels that it writes, its kernel and
 * stride, 1 where it adds a shortcut as it writes, and what a batch takes, in milliseconds or millijoules.
 */
export type OperatorRow = readonly [
  kind: OperatorKind,
  batch: number,
  inChannels: number,
  side: number,
  outChannels: number,
  kernel: number,
  stride: number,
  fused: 0 | 1,
  value: number,
];

const units = ["ms", "mJ"] as const;
/** Milliseconds or millijoules. */
export type OperatorUnit = (typeof units)[number];

/** Measured operators, as a configuration holds them. */
export interface OperatorTable {
  readonly name: string;
  /** Images of the batch whose share an image is charged; absent: the smallest that was measured. */
  readonly batch?: number | undefined;
  /** What the values are in; absent: not told, so that they are in what is asked for. */
  readonly unit?: OperatorUnit | undefined;
  readonly rows: readonly OperatorRow[];
}

/** Rows of a table, at most; the released ones have about a hundred thousand. */
export const MOST_ROWS = 200_000;
/** Milliseconds or millijoules of a batch. */
const MOST_VALUE = 1e6;

const columns = [
  ["batch", 65_536],
  ["in", 16_383],
  ["side", 8191],
  ["out", 16_383],
  ["kernel", 31],
  ["stride", 3],
] as const;

/**
 * Holds a row against what a row can be.
 * @param where names it in messages
 * @throws UserError with the field, what was expected and what was got
 */
export function checkedRow(row: readonly unknown[], where: string): OperatorRow {
  const wrong = (field: string, expected: string, got: unknown): never => {
    throw new UserError(`${where}: ${field}: expected ${expected}, got ${String(got).slice(0, 40)}; measure it again`);
  };
  if (!Array.isArray(row) || row.length !== 9) {
    wrong("row", "kind, batch, in, side, out, kernel, stride, fused and a value", JSON.stringify(row));
  }
  const [kind, ...rest] = row;
  if (!operatorKinds.some((known) => known === kind)) wrong("kind", operatorKinds.join(" or "), kind);
  for (const [i, [name, most]] of columns.entries()) {
    const number = rest[i];
    if (!Number.isInteger(number) || (number as number) < 1 || (number as number) > most)
      wrong(name, `a whole number from 1 to ${most}`, number);
  }
  const [, inChannels, , outChannels] = rest as number[];
  if (rest[6] !== 0 && rest[6] !== 1) wrong("fused", "0 or 1", rest[6]);
  if (kind === "depthwise" && inChannels !== outChannels)
    wrong("out", `${inChannels}, in, of a depthwise conv`, outChannels);
  const value = rest[7];
  if (typeof value !== "number" || !(value >= 0 && value <= MOST_VALUE))
    wrong("value", `a number from 0 to ${MOST_VALUE}`, value);
  return row as unknown as OperatorRow;
}

/**
 * Checks what a configuration holds as a table.
 * @param where names it in messages
 * @throws UserError where it is none, a row is not as it should be, or an operator was measured twice with different results
 */
export function checkedTable(value: unknown, where: string): OperatorTable {
  const { name = "table", batch, unit, rows, ...others } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (typeof value !== "object" || value === null || !Array.isArray(rows) || typeof name !== "string") {
    throw new UserError(`${where}: expected a file of measured operators, or { rows: [...] }; give one of them`);
  }
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new UserError(`${where}: ${unknown.slice(0, 60)}: unknown key; known keys: name, batch, unit, rows`);
  }
  if (batch !== undefined && (!Number.isInteger(batch) || (batch as number) < 1)) {
    throw new UserError(`${where}: batch: expected a whole number of images, got ${JSON.stringify(batch)}; correct it`);
  }
  if (unit !== undefined && !units.some((known) => known === unit)) {
    throw new UserError(`${where}: unit: expected ${units.join(" or ")}, got ${String(unit).slice(0, 40)}; correct it`);
  }
  if (rows.length === 0 || rows.length > MOST_ROWS) {
    throw new UserError(`${where}: expected 1 to ${MOST_ROWS} measured operators, got ${rows.length}; give others`);
  }
  const table = {
    name: name.slice(0, 100),
    ...(batch === undefined ? {} : { batch: batch as number }),
    ...(unit === undefined ? {} : { unit: unit as OperatorUnit }),
    rows: rows.map((row, i) => checkedRow(row, `${where}: row ${i + 1}`)),
  };
  refuseContradictions(table.rows, (i) => `${where}: row ${i + 1}`);
  return table;
}

/**
 * @param expected what the figures are wanted in
 * @param remedy what to do with figures in the other unit
 * @param where names them in messages
 * @throws UserError where they say that they are in the other one
 */
export function refuseUnit(figures: object, expected: OperatorUnit, where: string, remedy: string): void {
  const { unit = expected, name } = figures as Partial<OperatorTable>;
  if (unit === expected) return;
  throw new UserError(`${where}: ${name}: expected values in ${expected}, got a table in ${unit}; ${remedy}`);
}

/** @param nameOf names a row in messages */
export function refuseContradictions(rows: readonly OperatorRow[], nameOf: (row: number) => string): void {
  const seen = new Map<string, number>();
  for (const [i, row] of rows.entries()) {
    const operator = row.slice(0, 8).join();
    const before = seen.get(operator);
    if (before !== undefined && rows[before][8] !== row[8]) {
      throw new UserError(
        `${nameOf(i)}: expected each operator once, got ${operator} again, with ${row[8]} where ${nameOf(before)} has ${rows[before][8]}; keep one`,
      );
    }
    seen.set(operator, i);
  }
}
