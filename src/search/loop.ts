import { type Breeding, Settled } from "../engine/breeding.ts";
import type { GenomeEngine } from "../engine/engine.ts";
import { type OperatorRates, type OperatorSet, operatorRates } from "../engine/operators.ts";
import { copyBytes, Population } from "./population.ts";
import { Seen, type SeenSet } from "./seen-set.ts";
import { type Sizes, sizesAfter } from "./sizes.ts";

export interface Counters {
  /** Children bred. */
  evaluations: number;
  generations: number;
  /** New, feasible and scored in this run. */
  scored: number;
  /** Bred before in this run. */
  duplicates: number;
  overBudget: number;
  /** Scoring failed. */
  failed: number;
  /** New in this run, score known from an earlier one. */
  reused: number;
}

/** New, feasible genomes of one generation, to be scored in order. Valid until the next `ask`. */
export interface Generation {
  readonly generation: number;
  readonly count: number;
  readonly genomes: Uint8Array;
  /** Hashes, low and high word, of genomes whose scores the archive knew. */
  readonly reusedKeys: Uint32Array;
  /** Numbers of the rows that hold them, 0 where it is not known. */
  readonly reusedPlaces: Uint32Array;
}

/** The scores of a generation, in order; NaN where there is none, with its reason. */
export interface Scores {
  readonly scores: Float64Array;
  readonly failures: ReadonlyMap<number, string>;
}

/** All that a search needs to go on from a generation border, besides its configuration and the archive. */
export interface Checkpoint {
  readonly counters: Counters;
  readonly genomes: Uint8Array;
  readonly scores: Float64Array;
}

export interface SearchOptions extends Sizes {
  /** With rooms for the population, and for a generation or the start. */
  readonly engine: GenomeEngine;
  /** One genome or more, one after another: the first generation. */
  readonly start: Uint8Array;
  readonly seed: number;
  readonly evaluations: number;
  /** A best score that ends the search. */
  readonly stopScore?: number;
  readonly operators: OperatorSet;
  /** In the place of the set's own. */
  readonly rates?: OperatorRates;
  /** In the order of `costNames`. */
  readonly limits: Float64Array;
  readonly effectiveness?: number;
  readonly seen: SeenSet;
  /** Sets the best bits for a genome's widths, in place; without it no child is refined. */
  readonly refine?: ((genomes: Uint8Array, at: number) => void) | undefined;
  /** Generations from one refined child to the next; 0 for none. */
  readonly refineEvery?: number;
}

/** A refined child is one of this many best members. */
const REFINED_RANKS = 8;

/**
 * The population-based search, pure: `ask` breeds a generation and hands out what must be scored, `tell` takes the scores and selects.
 * Nothing here depends on the clock, on threads or on what the archive knew.
 */
export class Search {
  readonly #options: SearchOptions;
  readonly #length: number;
  readonly #breeding: Breeding;
  readonly #population: Population;
  readonly #seen: SeenSet;
  readonly #genomes: Uint8Array;
  readonly #reusedGenomes: Uint8Array;
  readonly #reusedScores: Float64Array;
  #counters: Counters;
  #asked: Generation | undefined;
  #reused = 0;
  #reusedPlaces: number[] = [];
  #stopScore: number;

  constructor(options: SearchOptions, checkpoint?: Checkpoint) {
    this.#options = options;
    this.#stopScore = options.stopScore ?? Number.POSITIVE_INFINITY;
    const { engine, generation, start, population, seed, limits, effectiveness } = options;
    const { rooms, space } = engine;
    const length = space.genomeLength;
    const most = Math.max(generation, start.length / length);
    if (rooms.members < population || rooms.children < most) {
      throw new RangeError(`engine: expected rooms for ${population} members and ${most} children`);
    }
    this.#length = length;
    this.#breeding = engine.breeding({
      ...{ seed, limits, rates: options.rates ?? operatorRates[options.operators] },
      ...(effectiveness === undefined ? {} : { effectiveness }),
    });
    this.#population = new Population(population, length, engine.members);
    this.#seen = options.seen;
    this.#genomes = engine.children;
    this.#reusedGenomes = new Uint8Array(most * length);
    this.#reusedScores = new Float64Array(most);
    this.#counters = { evaluations: 0, generations: 0, scored: 0, duplicates: 0, overBudget: 0, failed: 0, reused: 0 };
    if (checkpoint !== undefined) {
      this.#counters = { ...checkpoint.counters };
      this.#population.merge({
        count: checkpoint.scores.length,
        genomes: checkpoint.genomes,
        scores: checkpoint.scores,
      });
    }
  }

  get done(): boolean {
    const { evaluations } = this.#options;
    return (
      this.#counters.generations > 0 &&
      (this.#counters.evaluations >= evaluations || this.#population.scores[0] >= this.#stopScore)
    );
  }

  /** Ends the search at the first generation border at which its best score is this or more. */
  stopAt(score: number): void {
    this.#stopScore = score;
  }

  get counters(): Readonly<Counters> {
    return this.#counters;
  }

  get population(): Population {
    return this.#population;
  }

  /** The first generation is the start networks, which are not counted as children; every later one is bred. */
  ask(): Generation {
    const { evaluations, start, refine, refineEvery = 0 } = this.#options;
    const breeding = this.#breeding;
    const length = this.#length;
    const generation = this.#counters.generations;
    const reusedKeys: number[] = [];
    this.#reused = 0;
    this.#reusedPlaces = [];
    let count = 0;
    if (generation === 0) {
      for (let i = 0; i < start.length; i += length) {
        this.#genomes.set(start.subarray(i, i + length), count * length);
        breeding.hash(count);
        count += this.#admit(count, this.#seen.findHash(breeding.low(count), breeding.high(count)), reusedKeys);
      }
    } else {
      const population = this.#population;
      const bred = this.#counters.evaluations;
      const sizes = sizesAfter(bred, this.#options);
      const children = Math.min(sizes.children, evaluations - bred);
      population.capacity = sizes.members;
      const refined = refine !== undefined && refineEvery > 0 && generation % refineEvery === 0 ? 1 : 0;
      if (refined === 1) {
        const rank = breeding.draw(generation, 0, Math.min(REFINED_RANKS, population.count));
        population.copy(rank, this.#genomes, 0);
        refine!(this.#genomes, 0);
        breeding.hash(0);
      }
      breeding.breed(population.count, generation, refined, refined, children - refined);
      this.#settleNew(children);
      for (let child = 0; child < children; child++) count += this.#admitChild(child, count, reusedKeys);
      this.#counters.evaluations += children;
    }
    this.#asked = {
      generation,
      count,
      genomes: this.#genomes.subarray(0, count * length),
      reusedKeys: Uint32Array.from(reusedKeys),
      reusedPlaces: Uint32Array.from(this.#reusedPlaces),
    };
    return this.#asked;
  }

  /** Closes the generation: selects the next population. */
  tell({ scores, failures }: Scores): void {
    const asked = this.#asked;
    if (asked === undefined || scores.length !== asked.count) {
      throw new Error(`tell: expected ${asked?.count ?? "an ask first"} scores, got ${scores.length}`);
    }
    this.#asked = undefined;
    this.#counters.generations++;
    this.#counters.scored += asked.count - failures.size;
    this.#counters.failed += failures.size;
    this.#population.merge({ count: asked.count, genomes: asked.genomes, scores });
    this.#population.merge({ count: this.#reused, genomes: this.#reusedGenomes, scores: this.#reusedScores });
  }

  checkpoint(): Checkpoint {
    const { count, genomes, scores, genomeLength } = this.#population;
    return {
      counters: { ...this.#counters },
      genomes: genomes.slice(0, count * genomeLength),
      scores: scores.slice(0, count),
    };
  }

  /**
   * Fits a generation to the budgets, but for what was bred in an earlier one. The seen-set is larger than any cache: its slots are touched
   * ahead, many at a time, so that the memory fetches them side by side.
   */
  #settleNew(children: number): void {
    const breeding = this.#breeding;
    const seen = this.#seen;
    for (let child = 0; child < children; child++) seen.touch(breeding.low(child), breeding.high(child));
    for (let child = 0; child < children; child++) {
      if (seen.isInRun(seen.findHash(breeding.low(child), breeding.high(child)))) breeding.skip(child);
    }
    breeding.settle(0, children);
    for (let child = 0; child < children; child++) {
      if (breeding.settled(child) === Settled.fitted) seen.touch(breeding.fittedLow(child), breeding.fittedHigh(child));
    }
  }

  /** Whether a child is to be scored: 1, and it is then the genome at index `count`, or 0. */
  #admitChild(child: number, count: number, reusedKeys: number[]): 0 | 1 {
    const breeding = this.#breeding;
    const seen = this.#seen;
    let slot = seen.findHash(breeding.low(child), breeding.high(child));
    if (this.#isDuplicate(slot)) return 0;
    const settled = breeding.settled(child);
    if (settled === Settled.exceeds) {
      this.#counters.overBudget++;
      return 0;
    }
    if (settled === Settled.fitted) slot = seen.findHash(breeding.fittedLow(child), breeding.fittedHigh(child));
    if (child !== count)
      copyBytes(this.#genomes, count * this.#length, this.#genomes, child * this.#length, this.#length);
    return this.#admit(count, slot, reusedKeys);
  }

  /** Whether the genome at index `count`, which is within budget and has this slot, is new and to be scored: 1, or 0. */
  #admit(count: number, slot: number, reusedKeys: number[]): 0 | 1 {
    const length = this.#length;
    const seen = this.#seen;
    if (this.#isDuplicate(slot)) return 0;
    if (slot >= 0) {
      seen.mark(slot, Seen.inRun);
      reusedKeys.push(seen.low, seen.high);
      this.#reusedPlaces.push(seen.place(slot));
      this.#counters.reused++;
      if ((seen.flags(slot) & Seen.failed) === 0) {
        const genome = this.#genomes.subarray(count * length, (count + 1) * length);
        this.#reusedGenomes.set(genome, this.#reused * length);
        this.#reusedScores[this.#reused++] = seen.score(slot);
      }
      return 0;
    }
    seen.add(slot, Seen.inRun);
    return 1;
  }

  #isDuplicate(slot: number): boolean {
    if (!this.#seen.isInRun(slot)) return false;
    this.#counters.duplicates++;
    return true;
  }
}
