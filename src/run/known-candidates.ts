import type { Archive, RunRow } from "../archive/archive.ts";
import type { Problem } from "../problem/problem.ts";
import { Seen, SeenSet } from "../search/seen-set.ts";

/** @throws UserError where the checkpoint or the scoring context is not that of the configuration */
export function checkState(archive: Archive, { id, context, checkpoint }: RunRow, problem: Problem): void {
  if (archive.contexts().find((known) => known.id === context)?.key !== problem.scoringContext) {
    archive.refuse(`run ${id}: its configuration is not that of its candidates`);
  }
  if (checkpoint !== undefined && checkpoint.genomes.length !== checkpoint.scores.length * problem.space.genomeLength) {
    archive.refuse(`run ${id}: the genomes of its checkpoint do not fit its space`);
  }
}

/** Genomes that a seen-set is given room for at once; with more it grows. */
const MAX_EXPECTED = 1 << 22;

/** Which candidates a run knows, and how many it must find. */
export interface KnownTo {
  readonly context: number;
  readonly run: number;
  /** Generations that the run's checkpoint says are there. */
  readonly closed: number;
  /** Children that the run may still breed. */
  readonly evaluations: number;
}

/**
 * All that the archive knows of a context, with what this run has seen marked.
 * @param length bytes of a genome
 * @throws UserError where something is damaged or missing
 */
export function loadSeen(archive: Archive, { context, run, closed, evaluations }: KnownTo, length: number): SeenSet {
  const seen = new SeenSet(Math.min(MAX_EXPECTED, archive.count(context) + evaluations));
  let found = 0;
  archive.eachGeneration(context, ({ run: owner, genomes, genomeLength, scores }) => {
    if (owner === run) found++;
    if (genomeLength !== 0 && genomeLength !== length)
      archive.refuse(`run ${owner}: genomes of ${genomeLength} bytes, not ${length}`);
    for (let i = 0; i < scores.length; i++) {
      const slot = seen.find(genomes, i * length, length);
      const failed = Number.isNaN(scores[i]);
      const flags = Seen.archived | (owner === run ? Seen.inRun : 0) | (failed ? Seen.failed : 0);
      if (slot < 0) seen.add(slot, flags, failed ? 0 : scores[i]);
    }
  });
  if (found !== closed) archive.refuse(`run ${run}: expected ${closed} generations, got ${found}`);
  archive.eachReused(run, (low, high) => {
    const slot = seen.findHash(low, high);
    if (slot >= 0) seen.mark(slot, Seen.inRun);
  });
  return seen;
}
