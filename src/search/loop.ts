import { Evaluator } from "../space/evaluator.ts";
import type { Space } from "../space/space.ts";
import { type Breeding, createBreeding, type OperatorRates, type OperatorSet } from "./breeding.ts";
import { Population } from "./population.ts";
import { RandomStream } from "./random.ts";
import { Seen, type SeenSet } from "./seen-set.ts";

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

export interface SearchOptions {
  readonly space: Space;
  /** One genome or more, one after another: the first generation. */
  readonly start: Uint8Array;
  readonly seed: number;
  readonly population: number;
  /** Children a generation. */
  readonly generation: number;
  readonly evaluations: number;
  /** A best score that ends the search. */
  readonly stopScore?: number;
  readonly operators: OperatorSet;
  /** Of the standard operators; theirs by default. */
  readonly rates?: OperatorRates;
  /** In the order of `costNames`. */
  readonly limits: Float64Array;
  readonly classes: number;
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
  readonly #random = new RandomStream();
  readonly #evaluator: Evaluator;
  readonly #breeding: Breeding;
  readonly #population: Population;
  readonly #seen: SeenSet;
  readonly #genomes: Uint8Array;
  readonly #reusedGenomes: Uint8Array;
  readonly #reusedScores: Float64Array;
  #counters: Counters;
  #asked: Generation | undefined;
  #reused = 0;

  constructor(options: SearchOptions, checkpoint?: Checkpoint) {
    this.#options = options;
    const { space, generation } = options;
    this.#evaluator = new Evaluator(space, options.classes);
    this.#breeding = createBreeding(options.operators, space, this.#evaluator, options.limits, options.rates);
    this.#population = new Population(options.population, space.genomeLength);
    this.#seen = options.seen;
    const most = Math.max(generation, options.start.length / space.genomeLength);
    // One genome more than a generation: children are bred in place and overwritten where they are not new.
    this.#genomes = new Uint8Array((most + 1) * space.genomeLength);
    this.#reusedGenomes = new Uint8Array(most * space.genomeLength);
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
    const { evaluations, stopScore = Number.POSITIVE_INFINITY } = this.#options;
    return (
      this.#counters.generations > 0 &&
      (this.#counters.evaluations >= evaluations || this.#population.scores[0] >= stopScore)
    );
  }

  get counters(): Readonly<Counters> {
    return this.#counters;
  }

  get population(): Population {
    return this.#population;
  }

  /** The first generation is the start networks, which are not counted as children; every later one is bred. */
  ask(): Generation {
    const { space, generation: size, evaluations, start, seed, refine, refineEvery = 0 } = this.#options;
    const generation = this.#counters.generations;
    const reusedKeys: number[] = [];
    this.#reused = 0;
    let count = 0;
    if (generation === 0) {
      const length = space.genomeLength;
      for (let i = 0; i < start.length; i += length) {
        this.#genomes.set(start.subarray(i, i + length), count * length);
        count += this.#admit(count, reusedKeys);
      }
    } else {
      const children = Math.min(size, evaluations - this.#counters.evaluations);
      for (let child = 0; child < children; child++) {
        this.#random.reset(seed, generation, child);
        const at = count * space.genomeLength;
        if (child === 0 && refine !== undefined && refineEvery > 0 && generation % refineEvery === 0) {
          this.#population.copy(this.#random.below(Math.min(REFINED_RANKS, this.#population.count)), this.#genomes, at);
          refine(this.#genomes, at);
        } else {
          this.#breeding.breed(this.#population, this.#genomes, at, this.#random);
        }
        count += this.#admit(count, reusedKeys);
      }
      this.#counters.evaluations += children;
    }
    this.#asked = {
      generation,
      count,
      genomes: this.#genomes.subarray(0, count * space.genomeLength),
      reusedKeys: Uint32Array.from(reusedKeys),
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
   * Whether the genome at index `count` is new, within budget and to be scored: 1, or 0. One that is new but over budget gets a second
   * look if the operators can repair it.
   */
  #admit(count: number, reusedKeys: number[]): 0 | 1 {
    const { space, limits } = this.#options;
    const length = space.genomeLength;
    const at = count * length;
    const seen = this.#seen;
    let slot = seen.find(this.#genomes, at, length);
    for (let repaired = false; ; repaired = true) {
      if (slot >= 0 && (seen.flags(slot) & Seen.inRun) !== 0) {
        this.#counters.duplicates++;
        return 0;
      }
      if (!this.#evaluator.exceeds(this.#genomes, at, limits)) break;
      if (repaired || !this.#breeding.repair(this.#genomes, at, this.#random)) {
        this.#counters.overBudget++;
        return 0;
      }
      slot = seen.find(this.#genomes, at, length);
    }
    if (slot >= 0) {
      seen.mark(slot, Seen.inRun);
      reusedKeys.push(seen.low, seen.high);
      this.#counters.reused++;
      if ((seen.flags(slot) & Seen.failed) === 0) {
        this.#reusedGenomes.set(this.#genomes.subarray(at, at + length), this.#reused * length);
        this.#reusedScores[this.#reused++] = seen.score(slot);
      }
      return 0;
    }
    seen.add(slot, Seen.inRun);
    return 1;
  }
}
