import type { CostName, Costs } from "../../costs/costs.ts";
import type { LargestStep, LiveStep } from "../../costs/live-sram.ts";

/** Columns padded to their widest cell; numbers (cells that start with a digit) to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (/^-?\d/.test(cell) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The order of the columns of `costHeader`. */
export const costColumns: readonly CostName[] = ["bitops", "macs", "flash", "sram", "sramLive", "layers"];
export const costHeader = ["BitOps", "MACs", "flash", "SRAM", "live SRAM", "layers"] as const;

export function costCells(costs: Costs): string[] {
  return [
    metric(costs.bitops),
    metric(costs.macs),
    kilobytes(costs.flash),
    kilobytes(costs.sram),
    kilobytes(costs.sramLive),
    String(costs.layers),
  ];
}

/** Where the peak of live memory is. */
export function stepLine(step: LargestStep): string {
  return `largest memory step ${step.name}, ${kilobytes(step.bytes)}`;
}

/** Live memory step by step, the largest marked. */
export function memoryTable(steps: readonly LiveStep[]): string {
  const largest = steps.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  return table([
    ["step", "bits A", "input", "output", "shortcut", "live", ""],
    ...steps.map((step) => [
      step.name,
      String(step.bitsA),
      ...[step.input, step.output, step.held, step.bytes].map(kilobytes),
      step === largest ? "<- largest" : "",
    ]),
  ]);
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

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
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
  return `${value < 1e-9 ? 0 : value.toPrecision(2)}%`;
}
