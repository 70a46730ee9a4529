import { Archive } from "../archive/archive.ts";
import type { Optimum, Proven, StoredBound } from "../archive/stored-bounds.ts";
import type { BoundNetwork } from "../bound/incumbents.ts";
import type { BoundState } from "../bound/solve.ts";
import type { BoundTrace } from "../bound/trace.ts";
import type { Config } from "../config/config.ts";
import type { CostName } from "../costs/cost-table.ts";
import { problemName } from "../problem/problem-name.ts";
import type { BoundWatch } from "./bound-watch.ts";

/** What is known at the end of a bound. */
export type Known = Pick<BoundState, "upperBound" | "proven"> & {
  readonly networks: readonly Pick<BoundNetwork, "score" | "resolution" | "structure">[];
};

/** As an archive keeps it; undefined where nothing is proven. */
function provenOf({ upperBound, proven, networks }: Known): Proven | undefined {
  if (upperBound === Number.POSITIVE_INFINITY) return undefined;
  const [best] = networks;
  const network =
    best === undefined ? null : { score: best.score, resolution: best.resolution, structure: best.structure };
  return { upper: upperBound === Number.NEGATIVE_INFINITY ? null : upperBound, network, proven };
}

/** Keeps the bound of a configuration, as far as it is known. */
export function keepBound(archive: Archive, config: Config, known: Known, trace: BoundTrace): void {
  const proven = provenOf(known);
  if (proven === undefined) return;
  const bound: StoredBound = { ...proven, steps: trace.steps, seconds: trace.seconds };
  archive.proven.put({ problem: problemName(config), bound });
}

/** As `keepBound`, of the bound that accompanies a search, if there is one. */
export function keepWatched(archive: Archive, config: Config, watch: BoundWatch | undefined): void {
  if (watch === undefined) return;
  const { report, trace } = watch;
  const { upperBound, proven, network } = report;
  const kept = archive.proven.bound(problemName(config));
  if (kept?.proven && !proven) return;
  keepBound(archive, config, { upperBound, proven, networks: network === undefined ? [] : [network] }, trace);
}

/** As `keepWatched`, where the search's archive is closed. @throws UserError where it cannot be written */
export function keepLate(path: string, config: Config, watch: BoundWatch): void {
  if (path === ":memory:") return;
  const archive = Archive.openForWriting(path);
  try {
    keepWatched(archive, config, watch);
  } finally {
    archive.close();
  }
}

/** One value of a swept budget and what is known there. */
export interface SweptValue {
  readonly value: number;
  readonly known: Known;
}

/**
 * Keeps what a sweep of a budget proves, value by value. The archive is opened before the sweep begins, as by `storeBound`.
 * @returns what the sweep gave @throws UserError where the archive cannot be written
 */
export function keepSweep<T extends { readonly known: readonly SweptValue[] }>(
  { path, unlock = false }: { readonly path: string; readonly unlock?: boolean },
  config: Config,
  budget: CostName,
  sweep: () => T,
): T {
  const archive = Archive.openForWriting(path, { unlock });
  try {
    const result = sweep();
    const optima = result.known.flatMap(({ value, known }): Optimum[] => {
      const proven = provenOf(known);
      return proven === undefined ? [] : [{ value, ...proven }];
    });
    archive.proven.put({ problem: problemName(config, budget), optima: [{ budget, optima }] });
    return result;
  } finally {
    archive.close();
  }
}
