import { type Config, parseConfig } from "./config.ts";

interface Stored {
  readonly search?: { readonly stopGap?: unknown };
  readonly score?: { readonly kind?: unknown; readonly rescaled?: unknown };
}

/**
 * The configuration of a run as its archive holds it, which is of this version or an earlier one: what it says nothing of is as it was when the run
 * began. A run then bred all its children, and measured scores took weights as they were drawn.
 * @param where begins messages
 * @throws UserError where it is not one
 */
export function parseStoredConfig(text: string, where: string): Config {
  const stored = JSON.parse(text) as Stored;
  const parsed = parseConfig(stored, where);
  const search = stored.search?.stopGap === undefined ? { ...parsed.search, stopGap: "off" as const } : parsed.search;
  const drawn = parsed.score.kind === "forward" && stored.score?.rescaled === undefined;
  return { ...parsed, search, score: drawn ? { ...parsed.score, rescaled: false } : parsed.score } as Config;
}
