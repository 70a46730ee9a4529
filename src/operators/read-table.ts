import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import {
  checkedRow,
  MOST_ROWS,
  type OperatorRow,
  type OperatorTable,
  type OperatorUnit,
  refuseContradictions,
} from "./operator-table.ts";

/** Characters of a file, at most: of so many rows. */
const MOST_CHARACTERS = 100 * MOST_ROWS;

/** What the column of the values may be called beside `value`, by what it says of their unit. */
const unitNames: Readonly<Record<OperatorUnit, readonly string[]>> = {
  ms: ["ms", "latency", "latencyms"],
  mJ: ["mj", "energy", "energymj"],
};
/** Columns of a plain file, each with what else it may be called; the last is what a batch takes. */
const columns: Readonly<Record<string, readonly string[]>> = {
  kind: ["type"],
  batch: [],
  in: ["inchannels", "cin"],
  side: ["height", "resolution"],
  width: [],
  out: ["outchannels", "cout"],
  kernel: ["k"],
  stride: ["s"],
  fused: [],
  value: [...unitNames.ms, ...unitNames.mJ],
};
const needed = ["kind", "in", "side", "out", "kernel", "stride", "value"];

/**
 * Reads measured operators: rows as the released program has them, `{Regular,128,3,480,480,192,7,2,1} 30.9881`, where -1 says that it was not measured; or
 * comma-separated values under a header with the columns kind, in, side, out, kernel, stride, and `ms` or `mJ`, which says
 * the unit; batch, 1, and fused, 0, may be left out. Rows in any order.
 * @param where names the file in messages
 * @throws UserError with the line, what was expected and what was got
 */
export function readOperatorTable(text: string, where: string, name: string): OperatorTable {
  if (text.length > MOST_CHARACTERS) {
    throw new UserError(
      `${where}: expected a table of at most ${MOST_CHARACTERS / 1e6} MB, got ${(text.length / 1e6).toFixed(1)}; keep the operators of your networks`,
    );
  }
  const lines = text.split(/\r?\n/);
  const first = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("#"));
  if (first < 0) throw new UserError(`${where}: expected measured operators, got an empty file; give one with rows`);
  const released = /^\s*\{/.test(lines[first]);
  const rowOf = released ? releasedRow : plainRow(lines[first], `${where}: line ${first + 1}`);
  const unit = released ? undefined : unitOf(lines[first]);
  const rows: OperatorRow[] = [];
  const numbers: number[] = [];
  for (let i = released ? first : first + 1; i < lines.length; i++) {
    const line = lines[i].trim();
    if (line === "" || line.startsWith("#")) continue;
    const row = rowOf(line, `${where}: line ${i + 1}`);
    if (row === undefined) continue;
    rows.push(row);
    numbers.push(i + 1);
    if (rows.length > MOST_ROWS) {
      throw new UserError(`${where}: expected at most ${MOST_ROWS} operators; keep those of your networks`);
    }
  }
  if (rows.length === 0) throw new UserError(`${where}: expected measured operators, got none; give a file with rows`);
  refuseContradictions(rows, (i) => `${where}: line ${numbers[i]}`);
  return { name, ...(unit === undefined ? {} : { unit }), rows };
}

function releasedRow(line: string, where: string): OperatorRow | undefined {
  const match = /^\{\s*([A-Za-z]+)\s*,([^{}]*)\}\s*(\S+)$/.exec(line);
  if (match === null) {
    throw new UserError(
      `${where}: expected {kind,batch,in,height,width,out,kernel,stride,fused} and a time, got ${line.slice(0, 80)}; correct it`,
    );
  }
  const fields = match[2].split(",").map(Number);
  const time = Number(match[3]);
  // It was not measured.
  if (time === -1) return undefined;
  const [batch, inChannels, height, width, out, kernel, stride, fused] = fields;
  refuseOblong(height, width, where);
  if (fields.length !== 8) {
    throw new UserError(`${where}: expected 9 fields between the braces, got ${fields.length + 1}; correct it`);
  }
  const kind = match[1].toLowerCase();
  return checkedRow([kind, batch, inChannels, height, out, kernel, stride, fused, time], where);
}

/** A heading without what may be written in several ways. */
function plainName(cell: string): string {
  return cell
    .trim()
    .replace(/^"|"$/g, "")
    .replace(/[\s_-]/g, "")
    .toLowerCase();
}

/** What a header says that the values are in. */
function unitOf(header: string): OperatorUnit | undefined {
  const names = header.split(",").map(plainName);
  return (["ms", "mJ"] as const).find((unit) => names.some((name) => unitNames[unit].includes(name)));
}

function plainRow(header: string, where: string): (line: string, where: string) => OperatorRow {
  const names = header.split(",").map((cell) => {
    const plain = plainName(cell);
    const name = Object.keys(columns).find((known) => known === plain || columns[known].includes(plain));
    if (name !== undefined) return name;
    const near = suggestion(plain, Object.keys(columns));
    throw new UserError(
      `${where}: unknown column ${JSON.stringify(cell.trim().slice(0, 40))}; ${near ?? `expected ${[...needed.slice(0, -1), "ms"].join(",")}`}`,
    );
  });
  const missing = needed.filter((name) => !names.includes(name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (missing.length > 0 || twice !== undefined) {
    throw new UserError(
      missing.length > 0
        ? `${where}: expected the columns ${needed.slice(0, -1).join(", ")} and ms, got none of ${missing.join(", ")}; add them`
        : `${where}: expected each column once, got two of ${twice}; remove one`,
    );
  }
  const at = (name: string) => names.indexOf(name);
  return (line, where) => {
    const cells = line.split(",").map((cell) => cell.trim().replace(/^"|"$/g, ""));
    if (cells.length !== names.length) {
      throw new UserError(`${where}: expected ${names.length} cells, got ${cells.length}; correct it`);
    }
    const number = (name: string, otherwise?: number) => {
      const cell = cells[at(name)];
      return cell === undefined ? otherwise : cell === "" ? Number.NaN : Number(cell);
    };
    if (at("width") >= 0) refuseOblong(number("side")!, number("width")!, where);
    const figures = ["in", "side", "out", "kernel", "stride"].map((name) => number(name));
    const kind = cells[at("kind")].toLowerCase();
    return checkedRow([kind, number("batch", 1), ...figures, number("fused", 0), number("value")], where);
  };
}

function refuseOblong(height: number, width: number, where: string): void {
  if (height === width) return;
  throw new UserError(`${where}: expected a square input, got ${height} x ${width}; leave the row out`);
}
