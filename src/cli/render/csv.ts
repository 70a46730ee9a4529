import type { Costs } from "../../costs/costs.ts";
import type { Structure } from "../../network/structure.ts";
import { costColumns } from "./format.ts";

/** What a cell holds; lists and objects are written as JSON, null stays empty. */
type Cell = string | number | boolean | null | object;
type Row = Readonly<Record<string, Cell>>;

/** Rows as CSV (RFC 4180 with LF): the keys of the row that has most, the first of equals, are the header. */
export function csv(rows: readonly Row[]): string {
  const fullest = rows.reduce<Row>(
    (most, row) => (Object.keys(row).length > Object.keys(most).length ? row : most),
    {},
  );
  const columns = Object.keys(fullest);
  return [columns, ...rows.map((row) => columns.map((column) => row[column] ?? null))]
    .map((cells) => `${cells.map(cellText).join(",")}\n`)
    .join("");
}

function cellText(cell: Cell): string {
  if (cell === null) return "";
  const text = typeof cell === "object" ? JSON.stringify(cell) : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The columns of one network; memory in bytes. */
export function networkCells(
  network: { score: number; resolution: number; costs: Readonly<Costs>; structure: Structure } | null,
): Row {
  return {
    score: network?.score ?? null,
    resolution: network?.resolution ?? null,
    ...Object.fromEntries(costColumns(network?.costs ?? {}).map((name) => [name, network?.costs[name] ?? null])),
    structure: network?.structure ?? null,
  };
}
