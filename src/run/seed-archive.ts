import { existsSync } from "node:fs";
import { extname } from "node:path";
import { Archive, type RunRow } from "../archive/archive.ts";
import type { Config } from "../config/config.ts";
import { parseStoredConfig } from "../config/stored-config.ts";
import { sizesAfter } from "../search/sizes.ts";
import { isBoundRun } from "./stored-bound.ts";

/** The archive of one seed of several: each has its own, since an archive has one writer at a time. */
export function seedArchive(archive: string, seed: number): string {
  const end = extname(archive);
  return `${archive.slice(0, archive.length - end.length)}-seed-${seed}${end}`;
}

/** What an archive has of a search. */
export interface SeedRun {
  readonly run: number;
  readonly status: RunRow["status"];
  /** Undefined where nothing is scored yet. */
  readonly best: number | undefined;
  readonly evaluations: number;
  /** Children bred when the best network's generation was closed; undefined where its score was taken over from another run. */
  readonly untilBest: number | undefined;
  readonly seconds: number;
  readonly digest: string | undefined;
}

/**
 * The last search of an archive with this very configuration; undefined where there is none, or no archive.
 * @throws UserError where the file is no archive, or damaged
 */
export function seedRun(path: string, config: Config): SeedRun | undefined {
  if (!existsSync(path)) return undefined;
  const archive = Archive.openForReading(path);
  try {
    const text = readBack(JSON.stringify(config), path);
    const row = archive.runs().findLast((run) => !isBoundRun(run) && readBack(run.config, path) === text);
    if (row === undefined) return undefined;
    const { id: run, status, seconds, digest, checkpoint } = row;
    const evaluations = checkpoint?.counters.evaluations ?? 0;
    const found = { run, status, seconds, digest, evaluations };
    if (checkpoint === undefined) return { ...found, best: undefined, untilBest: undefined };
    const best = checkpoint.genomes.subarray(0, checkpoint.genomes.length / checkpoint.scores.length);
    const generation = archive.generationOf(run, best);
    const untilBest = generation === undefined ? undefined : childrenAfter(generation, evaluations, config);
    return { ...found, best: checkpoint.scores[0], untilBest };
  } finally {
    archive.close();
  }
}

/** As an archive's configuration is read: with today's defaults, and the keys in the order of the schema. */
function readBack(config: string, path: string): string {
  return JSON.stringify(parseStoredConfig(config, path));
}

/** Children bred when a generation was closed; the start network is generation 0. */
function childrenAfter(generation: number, evaluations: number, { search }: Config): number {
  let bred = 0;
  for (let i = 0; i < generation; i++) bred += sizesAfter(bred, search).children;
  return Math.min(bred, evaluations);
}
