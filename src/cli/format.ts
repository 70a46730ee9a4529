import type { Costs } from "../costs.ts";

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

export const costHeader = ["BitOps", "MACs", "flash", "SRAM", "layers"] as const;

export function costCells(costs: Costs): string[] {
  return [
    metric(costs.bitops),
    metric(costs.macs),
    kilobytes(costs.flash),
    kilobytes(costs.sram),
    String(costs.layers),
  ];
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
