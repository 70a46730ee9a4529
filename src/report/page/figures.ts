import type { Unit } from "../model/model.ts";

const prefixes = [
  ["T", 1e12],
  ["G", 1e9],
  ["M", 1e6],
  ["k", 1e3],
] as const;

/** Three digits at least, none that says nothing. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || value === 0) return Math.round(value).toString();
  return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(2);
}

/** 6.976e9 -> 6.98 G. */
export function metric(value: number): string {
  const found = prefixes.find(([, size]) => Math.abs(value) >= 0.9995 * size);
  if (found === undefined) return Number.isInteger(value) ? String(value) : digits(value);
  return `${digits(value / found[1])} ${found[0]}`;
}

/** A round value on an axis: 10000 -> 10 k. */
export function tick(text: string): string {
  return text.replace(/\.0+(?= |$)/, "");
}

/** In the units of data sheets, of 1024 bytes. */
export function bytes(value: number): string {
  if (Math.abs(value) >= 1023.5 * 1024) return `${digits(value / 1024 ** 2)} MiB`;
  return Math.abs(value) >= 1024 ? `${digits(value / 1024)} KiB` : `${digits(value)} B`;
}

export function figure(unit: Unit | "score" | "count", value: number): string {
  if (unit === "bytes") return bytes(value);
  if (unit === "score") return score(value);
  if (unit === "ms" || unit === "mJ") return `${digits(value)} ${unit}`;
  return unit === "layers" || unit === "count" ? String(value) : metric(value);
}

/** A score with as many digits as tell two networks of a search apart. */
export function score(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(2) : Math.abs(value) >= 1 ? value.toFixed(4) : value.toPrecision(4);
}

export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0) return "0%";
  if (value >= 99.995 && value < 100.005) return "100%";
  if (value >= 99.5)
    return value < 100 ? `${value.toFixed(2)}%` : `${value >= 1e6 ? metric(value) : Math.round(value)}%`;
  return `${Number(value.toPrecision(value >= 10 ? 3 : 2))}%`;
}

/** 91112 -> 91,112. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function seconds(value: number): string {
  if (value < 0.05) return `${value > 0 ? value.toPrecision(1) : 0} s`;
  if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  const minutes = Math.floor(value / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(value % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `a, b and c`. */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
