import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import type { BatchScores } from "../problem/scorer.ts";
import { SLICE } from "./inline.ts";
import { neighbours } from "./neighbours.ts";
import type { Pool } from "./pool.ts";
import type { Figures } from "./traffic.ts";

/** Seconds that scoring here is tried for at most: as long as threads take to start. */
const LONGEST_TRIAL = 0.2;
/** The first call fills tables and starts threads; in the second, threads learn how long their messages should be. */
const COLD_CALLS = { inline: 1, threads: 2 } as const;
/** Genomes that are sent to nobody, to measure what that takes. */
const SAMPLE = 32;
const ROUNDS = 4;

export type Place = "inline" | "threads";

/**
 * Where scoring a generation takes least. Sending a genome costs this thread time too: threads pay where it is less than the time that
 * scoring it here would take. A single CPU gains nothing by a thread, whatever is measured, except that signals come through while a
 * network is scored: there a thread is right only where one takes longer than signals may wait.
 */
export function placeFor({ score, send }: Figures, cpus: number): Place {
  return score > (cpus === 1 ? SLICE / 1000 : send) ? "threads" : "inline";
}

/** Seconds a genome that sending takes at least: what of it happens in this thread, without the waking of another. The least of some rounds. */
export function sendSeconds(genomes: Uint8Array, length: number): number {
  const sample = genomes.subarray(0, SAMPLE * length);
  const answer = new Uint8Array((8 * sample.length) / length);
  const { port1, port2 } = new MessageChannel();
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    port1.postMessage(neighbours(sample, length).genomes);
    receiveMessageOnPort(port2);
    port2.postMessage(answer);
    receiveMessageOnPort(port1);
    least = Math.min(least, performance.now() - began);
  }
  port1.close();
  return (least * length) / (1000 * sample.length);
}

/** A pool of threads, which knows what its messages took. */
export interface MeasuringPool extends Pool {
  readonly figures: Figures | undefined;
}

export interface Places {
  inline(): Pool;
  threads(): MeasuringPool;
}

export interface MeasuredPoolOptions {
  /** Where the first genomes are scored. Not inline where one may take seconds: no signal comes through until it is done. */
  readonly begin: Place;
  readonly genomeLength: number;
  readonly cpus: number;
  /** Monotonic seconds. */
  readonly clock?: () => number;
  readonly sendSeconds?: typeof sendSeconds;
}

/**
 * Scores its first generations in one place while it measures, and the others where that takes least. What is measured is what has to be
 * scored anyhow, so that measuring costs nothing, and pools give the same scores, so that it never shows in them. It moves once at most.
 */
export class MeasuredPool implements Pool {
  readonly #places: Places;
  readonly #options: MeasuredPoolOptions;
  readonly #clock: () => number;
  /** Where it began in threads. */
  readonly #threads: MeasuringPool | undefined;
  #pool: Pool;
  #left: Pool | undefined;
  #settled = false;
  #calls = 0;
  #inHand = 0;
  /** Genomes scored inline so far, and the least seconds that one took. */
  #genomes = 0;
  #score = Number.POSITIVE_INFINITY;
  #send: number | undefined;
  #closed = false;

  constructor(places: Places, options: MeasuredPoolOptions) {
    this.#places = places;
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now() / 1000);
    this.#threads = options.begin === "threads" ? places.threads() : undefined;
    this.#pool = this.#threads ?? places.inline();
  }

  get threads(): number {
    return this.#pool.threads;
  }

  get faults(): ReadonlyMap<string, number> {
    if (this.#left === undefined) return this.#pool.faults;
    const faults = new Map(this.#left.faults);
    for (const [reason, count] of this.#pool.faults) faults.set(reason, (faults.get(reason) ?? 0) + count);
    return faults;
  }

  async score(genomes: Uint8Array): Promise<BatchScores> {
    if (this.#settled || genomes.length === 0) return this.#pool.score(genomes);
    this.#inHand++;
    const began = this.#clock();
    try {
      const scores = await this.#pool.score(genomes);
      this.#calls++;
      if (this.#inHand === 1) this.#settle(this.#measured(genomes, this.#clock() - began));
      return scores;
    } finally {
      this.#inHand--;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#pool.close(), this.#left?.close()]);
  }

  /** Moves, where the place is known and another; nothing is in hand. */
  #settle(place: Place | undefined): void {
    if (place === undefined || this.#settled || this.#closed) return;
    this.#settled = true;
    if (place === this.#options.begin) return;
    this.#left = this.#pool;
    this.#pool = this.#places[place]();
    // What goes wrong in it goes wrong again in `close`.
    this.#left.close().catch(() => {});
  }

  /** Undefined while it is not known. */
  #measured(genomes: Uint8Array, seconds: number): Place | undefined {
    const { begin, cpus } = this.#options;
    if (begin === "inline") return this.#afterInline(genomes, seconds);
    const figures = this.#threads?.figures;
    return figures === undefined || this.#calls <= COLD_CALLS.threads ? undefined : placeFor(figures, cpus);
  }

  /**
   * The least of the calls counts, since others were cold or had to wait for a CPU. Cheap is known at once; dear only where so many
   * genomes at the least figure would have taken as long as threads take to start.
   */
  #afterInline(genomes: Uint8Array, seconds: number): Place | undefined {
    const { genomeLength: length, cpus } = this.#options;
    const count = genomes.length / length;
    this.#genomes += count;
    this.#score = Math.min(this.#score, seconds / count);
    const over = this.#score * this.#genomes >= LONGEST_TRIAL;
    if (this.#calls <= COLD_CALLS.inline && !over) return undefined;
    this.#send ??= (this.#options.sendSeconds ?? sendSeconds)(genomes, length);
    const place = placeFor({ score: this.#score, send: this.#send }, cpus);
    return place === "inline" || over ? place : undefined;
  }
}
