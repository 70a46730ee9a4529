import { setImmediate as nextTurn } from "node:timers/promises";
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
const MAX_KNOWN = 1 << 24;
const MAX_EXPECTED = 1 << 22;
/** Candidates between two looks at what else the process has to do: a few hundredths of a second. */
const TURN = 1 << 14;

/** Which candidates a run knows, and how many it must find. */
export interface KnownTo {
  readonly context: number;
  readonly run: number;
  /** Generations that the run's checkpoint says are there. */
  readonly closed: number;
  /** Children that the run may still breed. */
  readonly evaluations: number;
  /** Bytes of a genome. */
  readonly length: number;
}

/** What a reading of many candidates heeds and tells. */
export interface Loading {
  /** Ends it. */
  readonly stop?: AbortSignal | undefined;
  readonly onLoad?: ((loaded: number, candidates: number) => void) | undefined;
}

/**
 * All that the archive knows of a context, with what this run has seen marked; undefined where it was stopped.
 * @throws UserError where something is damaged or missing
 */
export async function loadSeen(archive: Archive, known: KnownTo, loading: Loading): Promise<SeenSet | undefined> {
  const { context, run, closed, evaluations, length } = known;
  const candidates = archive.recorded(context);
  const seen = new SeenSet(Math.min(MAX_KNOWN, candidates) + Math.min(MAX_EXPECTED, evaluations));
  let found = 0;
  let loaded = 0;
  let turns = 0;
  for (const { run: owner, genomes, genomeLength, scores, first } of archive.generations(context)) {
    if (owner === run) found++;
    if (genomeLength !== 0 && genomeLength !== length)
      archive.refuse(`run ${owner}: genomes of ${genomeLength} bytes, not ${length}`);
    for (let i = 0; i < scores.length; i++) {
      const slot = seen.find(genomes, i * length, length);
      if (slot >= 0) continue;
      const failed = Number.isNaN(scores[i]) ? Seen.failed : 0;
      // What this run has bred is never scored again: its score stays out of the cache.
      if (owner === run) seen.add(slot, Seen.archived | Seen.inRun | failed);
      else seen.add(slot, Seen.archived | failed, failed ? 0 : scores[i], first + i);
    }
    loaded += scores.length;
    if (loaded < turns * TURN) continue;
    turns = Math.floor(loaded / TURN) + 1;
    loading.onLoad?.(loaded, candidates);
    await nextTurn();
    if (loading.stop?.aborted) return undefined;
  }
  if (found !== closed) archive.refuse(`run ${run}: expected ${closed} generations, got ${found}`);
  archive.eachReused(run, (low, high) => {
    const slot = seen.findHash(low, high);
    if (slot >= 0) seen.mark(slot, Seen.inRun);
  });
  return seen;
}
