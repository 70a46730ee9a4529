import type { Traffic } from "./traffic.ts";

/** So many that the slots end a generation nearly together, */
const BATCHES_A_SLOT = 16;
/** but each with so many times more scoring than its message takes, as measured. */
const WORK_A_MESSAGE = 20;
/** Genomes that a message carries at most. */
export const MESSAGE_GENOMES = 1024;

/** What a batch is to take where messages travel far. */
export interface BatchTimes {
  /** Neighbours that share their first layers, at least, unless slots would be left without. */
  readonly genomes: number;
  /** Seconds. */
  readonly shortest: number;
  readonly longest: number;
}

/** A range of the genomes of one call of `score`. */
export interface Batch {
  readonly first: number;
  readonly end: number;
  /** How often scoring it alone threw or ended what scored it, and how often it took too long. */
  readonly faults: number;
  readonly timeouts: number;
}

/**
 * Splits genomes into batches; the last one is to be scored first.
 * @param most genomes of a batch
 * @param traffic of an earlier call, where there was one
 */
export function splitInBatches(count: number, slots: number, most: number, traffic: Traffic | undefined): Batch[] {
  const even = Math.ceil(count / (slots * BATCHES_A_SLOT));
  const share = Math.min(most, Math.ceil(count / slots));
  const size = Math.max(1, Math.min(share, Math.max(even, worthOf(traffic))));
  return split(count, size);
}

/** Likewise, by the time that a batch takes: two a slot, so that slots end a generation nearly together, where that is neither too short nor too long. */
export function splitByTime(
  count: number,
  slots: number,
  most: number,
  { genomes, shortest, longest }: BatchTimes,
  traffic: Traffic | undefined,
): Batch[] {
  const share = Math.ceil(count / slots);
  const each = traffic === undefined ? undefined : Math.max(1e-9, traffic.figures.score);
  const least = each === undefined ? genomes : Math.max(genomes, shortest / each);
  const longestOf = each === undefined ? most : Math.max(genomes, longest / each);
  const size = Math.min(most, share, longestOf, Math.max(least, share / 2));
  return split(count, Math.max(1, Math.ceil(size)));
}

function split(count: number, size: number): Batch[] {
  const batches: Batch[] = [];
  for (let end = count; end > 0; end -= size) {
    batches.push({ first: Math.max(0, end - size), end, faults: 0, timeouts: 0 });
  }
  return batches;
}

/** Fewest genomes that are worth a message. */
function worthOf(traffic: Traffic | undefined): number {
  if (traffic === undefined) return 1;
  return Math.ceil((WORK_A_MESSAGE * traffic.message) / Math.max(1e-9, traffic.figures.score));
}
