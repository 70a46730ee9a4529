import { Archive } from "../archive/archive.ts";
import { parseStoredConfig } from "../config/stored-config.ts";
import { kindOf } from "../score/kinds/kinds.ts";

export interface PruneOptions {
  /** Drops measured scores too, which take long to measure again. */
  readonly measured?: boolean;
  /** Takes the archive over from whoever holds it. */
  readonly unlock?: boolean;
}

export interface PruneReport {
  readonly archive: string;
  /** Ids of the runs that are pruned, now or earlier. */
  readonly runs: readonly number[];
  /** Candidates that this call dropped, and those that the archive still has. */
  readonly dropped: number;
  readonly kept: number;
}

/**
 * Drops what an archive holds of finished runs beside their populations, and gives the space back. Unfinished runs stay whole, and so do
 * measured scores unless asked for. Atomic: the archive is pruned or as it was, wherever the process ends.
 * @throws UserError where the archive is damaged or held by another process
 */
export function pruneArchive(path: string, { measured = false, unlock = false }: PruneOptions = {}): PruneReport {
  Archive.openForReading(path).close();
  const archive = Archive.openForWriting(path, { unlock });
  try {
    const contexts = new Set<number>();
    for (const { id, context, config } of archive.runs()) {
      const { score } = parseStoredConfig(config, `${path}: run ${id}`);
      if (measured || kindOf(score).measured === undefined) contexts.add(context);
    }
    const report = archive.prune([...contexts]);
    return { archive: path, ...report };
  } finally {
    archive.close();
  }
}
