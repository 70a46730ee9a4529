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
  #known = false;

  constructor(limits: TimeLimits) {
    this.#limits = limits;
  }

  measured(seconds: number, count: number): void {
    this.#known = true;
    this.#slowest = Math.max(this.#slowest, seconds / count);
  }

  /** For a batch of `count` genomes; below 24 days, the longest that a timer can wait. */
  seconds(count: number): number {
    const { first, least, factor } = this.#limits;
    return Math.min(2e6, this.#known ? Math.max(least, factor * this.#slowest * count) : first);
  }
}
