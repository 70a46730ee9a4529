import { greatestOf } from "../../base/extremes.ts";
import { printableLine } from "../../base/printable.ts";
import type { NamedArenaStep } from "../../costs/arena-step.ts";
import { type CostName, costTable } from "../../costs/cost-table.ts";
import type { Costs } from "../../costs/costs.ts";
import type { LargestStep, LiveStep } from "../../costs/live-sram.ts";
import type { Piece, PlacedStep } from "../../firmware/placement.ts";

/** Columns padded to their widest cell; numbers (cells that start with a digit) to the right. Cells are cut to a line that can be shown. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map((cell) => printableLine(cell)));
  const widths = rows[0].map((_, column) => greatestOf(rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (/^-?\d/.test(cell) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Costs as a person reads them: the number of layers comes last. */
const shown = costTable.toSorted((x, y) => Number(x.unit === "layers") - Number(y.unit === "layers"));
/** The costs of a deployment come before the number of layers. */
const deployed = [
  { name: "flashDeployed", title: "deployed flash", unit: "bytes" },
  { name: "arena", title: "arena", unit: "bytes" },
  { name: "latency", title: "latency", unit: "ms" },
  { name: "energy", title: "energy", unit: "mJ" },
] as const;

/** The names of the costs there are, in the order of their columns. */
export function costColumns(costs: Readonly<Partial<Costs>>): readonly CostName[] {
  const own = shown.map(({ name }) => name);
  const more = deployed.map(({ name }) => name).filter((name) => costs[name] !== undefined);
  return [...own.slice(0, -1), ...more, ...own.slice(-1)];
}

export function costHeader(costs: Readonly<Partial<Costs>>): readonly string[] {
  const titles: Readonly<Record<string, string>> = Object.fromEntries(
    [...shown, ...deployed].map(({ name, title }) => [name, title]),
  );
  return costColumns(costs).map((name) => titles[name]);
}

export function costCells(costs: Readonly<Costs>): string[] {
  return costColumns(costs).map((name) => costText(name, costs[name]!));
}

/** How much of each budget is used, in the order of `costColumns`; empty where there is none. */
export function shareCells(costs: Readonly<Costs>, limitOf: (name: CostName) => number | undefined): string[] {
  return costColumns(costs).map((name) => {
    const limit = limitOf(name) ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(limit) ? `${((100 * costs[name]!) / limit).toFixed(2)}%` : "";
  });
}

/** What the flash of a table counts. */
export function classifierLine(classes: number): string {
  return classes === 0
    ? "flash counts the convs, no classifier"
    : `flash counts the 8-bit classifier of ${classes} outputs too`;
}

/** Where the peak of live memory is. */
export function stepLine(step: LargestStep): string {
  return `largest memory step ${step.name}, ${kibibytes(step.bytes)}`;
}

/** Live memory step by step, the largest marked. */
export function memoryTable(steps: readonly LiveStep[]): string {
  const largest = steps.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  return table([
    ["step", "bits A", "input", "output", "shortcut", "live", ""],
    ...steps.map((step) => [
      step.name,
      String(step.bitsA),
      ...[step.input, step.output, step.held, step.bytes].map(kibibytes),
      step === largest ? "<- largest" : "",
    ]),
  ]);
}

/** What a runtime needs step by step, the largest marked. */
export function arenaTable(steps: readonly NamedArenaStep[]): string {
  const largest = steps.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  return table([
    ["step", "input", "output", "shortcut", "scratch", "bytes", ""],
    ...steps.map((step) => [
      step.name,
      ...[step.input, step.output, step.held, step.scratch, step.bytes].map(String),
      step === largest ? "<- largest" : "",
    ]),
  ]);
}

/** Where tensors and scratch lie, kernel by kernel. */
export function placementTable(steps: readonly PlacedStep[]): string {
  const cell = (piece: Piece | undefined) => (piece === undefined ? "" : `${piece.bytes} at ${piece.offset}`);
  return table([
    ["kernel", "input", "output", "shortcut", "scratch"],
    ...steps.map(({ kind, block, inner, input, output, held, scratch }) => [
      `block ${block} layer ${inner}: ${kind}`,
      ...[input, output, held, scratch].map(cell),
    ]),
  ]);
}

/** One cost with its unit. */
export function costText(name: CostName, value: number): string {
  const { unit } = [...costTable, ...deployed].find((cost) => cost.name === name)!;
  if (unit === "layers") return String(value);
  if (unit === "ms" || unit === "mJ") return `${Number(value.toPrecision(5))} ${unit}`;
  return unit === "bytes" ? kibibytes(value) : metric(value);
}

/** 6.976e9 -> 6.976 G. */
export function metric(value: number): string {
  for (const [unit, size] of [
    ["T", 1e12],
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(3)} ${unit}`;
  }
  return String(value);
}

/** Bytes in the unit of data sheets: KiB of 1024 bytes. */
function kibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function rate(perSecond: number): string {
  return perSecond >= 1000 ? `${Math.round(perSecond / 1000)}k/s` : `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`;
}

/** A share as per cent, with the digits it needs. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value < 1e-9 ? 0 : value < 99.5 ? value.toPrecision(2) : Math.round(value)}%`;
}
