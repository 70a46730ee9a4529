/** Seconds, and a factor over what was measured. */
export interface TimeLimits {
  /** For the first batch, of which nothing is known. */
  readonly first: number;
  /** Never less: a busy machine, a thread that starts. */
  readonly least: number;
  readonly factor: number;
}

export const timeLimits: TimeLimits = { first: 3600, least: 30, factor: 20 };

/** How long a batch may take before its thread counts as hung: a multiple of the slowest scoring so far. */
export class TimeLimit {
  readonly #limits: TimeLimits;
  #slowest = 0;
  #seconds = 0;
  #count = 0;

  constructor(limits: TimeLimits) {
    this.#limits = limits;
  }

  /** Mean seconds of scoring one genome; infinite while nothing is known. */
  get secondsEach(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#seconds / this.#count;
  }

  measured(seconds: number, count: number): void {
    this.#seconds += seconds;
    this.#count += count;
    this.#slowest = Math.max(this.#slowest, seconds / count);
  }

  /** For a batch of `count` genomes; below 24 days, the longest that a timer can wait. */
  seconds(count: number): number {
    const { first, least, factor } = this.#limits;
    return Math.min(2e6, this.#count === 0 ? first : Math.max(least, factor * this.#slowest * count));
  }
}
