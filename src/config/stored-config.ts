import { type Config, parseConfig, parseScoring, type ScoreConfig } from "./config.ts";

interface Stored {
  readonly runtime?: unknown;
  readonly search?: { readonly stopGap?: unknown };
  readonly score?: { readonly rescaled?: unknown };
}

/**
 * The configuration of a run as its archive holds it, which is of this version or an earlier one: what it says nothing of is as it was when the run
 * began. A run then bred all its children, measured scores took weights as they were drawn, and no runtime deployed the networks of a device.
 * @param where begins messages
 * @throws UserError where it is not one
 */
export function parseStoredConfig(text: string, where: string): Config {
  const stored = JSON.parse(text) as Stored;
  const parsed = parseConfig(asWritten(stored), where);
  const search = stored.search?.stopGap === undefined ? { ...parsed.search, stopGap: "off" as const } : parsed.search;
  return { ...parsed, search, score: asStored(parsed.score, stored.score) };
}

/**
 * A way of scoring as results hold it, which is of this version or an earlier one.
 * @param where begins messages
 * @throws UserError where it is not one
 */
export function parseStoredScoring(value: unknown, where: string): ScoreConfig {
  return asStored(parseScoring(value, where), value as Stored["score"]);
}

function asStored(score: ScoreConfig, stored: Stored["score"]): ScoreConfig {
  return score.kind === "forward" && stored?.rescaled === undefined ? { ...score, rescaled: false } : score;
}

/**
 * A configuration that was filled in when it was written: one that names no runtime has none, whatever its device would have now.
 * @param value raw
 */
export function asWritten<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || "runtime" in value) return value;
  return { ...value, runtime: "none" };
}
