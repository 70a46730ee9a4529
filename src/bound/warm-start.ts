import type { BlockChoice } from "./graph/path.ts";
import { measurePath } from "./graph/path.ts";
import { bestPaths } from "./labels/best-first.ts";
import { labelFronts } from "./labels/label-setting.ts";
import type { ColumnGeneration } from "./lagrange/column-generation.ts";
import type { Relaxation } from "./lagrange/relaxation.ts";
import { relaxedPath } from "./lagrange/relaxed-path.ts";

/** First layers among which multipliers and networks are looked for. */
const NARROW = 6000;
/** Times that they are chosen anew, at better multipliers. */
const ROUNDS = 4;
const STEPS = 40;
/** What is left to gain, as a part of the bound, where multipliers of few layers are good enough, and where all layers agree with them. */
const CONVERGED = 1e-5;
const AGREED = 2e-4;
/** Passes that look for networks: how far below the bound, as a part of it, and the labels that a state keeps. */
const BEAMS = [
  { share: 2e-4, beam: 20 },
  { share: 8e-4, beam: 60 },
];

/** Who is told what a warm start finds. */
interface Listener {
  /** A bound of the whole chain. @returns whether it closes the chain */
  bounded(bound: number, multipliers: readonly number[]): boolean;
  /** A network of the chain, within the budgets or not. */
  found(path: readonly BlockChoice[]): void;
  /** Forgets the layers of the relaxation of the whole chain, which is solved with prefixes, that no better network has than those known. */
  discard(): void;
  /** Score of the best network known. */
  readonly best: number;
}

/**
 * Moves multipliers and networks that were good under other limits to where they are good now, most of the time among the most promising first layers
 * alone: what it finds has to be bounded by all of them afterwards.
 * @param relaxation is to be solved again afterwards
 * @param first multipliers to begin with
 * @returns multipliers to go on from; undefined where the chain is closed
 */
export function* warmStart(
  relaxation: Relaxation,
  columns: ColumnGeneration,
  first: readonly number[],
  listener: Listener,
): Generator<void, readonly number[] | undefined> {
  let narrow = relaxation;
  let near = { multipliers: first, bound: Number.POSITIVE_INFINITY };
  for (let round = 0; round < ROUNDS; round++) {
    yield* relaxation.solving(near.multipliers);
    if (listener.bounded(relaxation.bound, near.multipliers)) return undefined;
    if (round > 0 && relaxation.bound - near.bound <= AGREED * Math.abs(near.bound)) break;
    relaxation.solvePrefixes();
    listener.discard();
    narrow = relaxation.narrowed(NARROW);
    near = yield* converged(narrow, columns, near.multipliers, listener);
  }
  yield* narrow.solving(near.multipliers);
  narrow.solvePrefixes();
  for (const { share, beam } of BEAMS) {
    const threshold = near.bound - share * Math.abs(near.bound);
    if (listener.best >= threshold) break;
    narrow.select(threshold);
    const fronts = yield* labelFronts(narrow, threshold, { labels: Number.POSITIVE_INFINITY, beam });
    for (const { path } of bestPaths(narrow, fronts, 1)) {
      listener.found(path);
      break;
    }
  }
  return near.multipliers;
}

/** The multipliers of the lowest bound of a relaxation. */
function* converged(
  relaxation: Relaxation,
  columns: ColumnGeneration,
  first: readonly number[],
  listener: Listener,
): Generator<void, { readonly multipliers: readonly number[]; readonly bound: number }> {
  let lowest = { multipliers: first, bound: Number.POSITIVE_INFINITY };
  let multipliers = first;
  for (let step = 0; step < STEPS; step++) {
    yield* relaxation.solving(multipliers);
    if (relaxation.bound < lowest.bound) lowest = { multipliers, bound: relaxation.bound };
    const path = relaxedPath(relaxation);
    if (path === undefined) break;
    listener.found(path);
    const next = columns.propose(measurePath(relaxation.chain, path), lowest.multipliers);
    if (lowest.bound - next.least <= CONVERGED * Math.abs(lowest.bound)) break;
    multipliers = next.multipliers;
  }
  return lowest;
}
