/** How far a bound was behind a number of its steps; null where a side was not known. */
export type BoundStep = readonly [step: number, upper: number | null, best: number | null];

/** Writes down how the two sides of a bound came together: its first step, every one that changed a side, and its last. */
export class BoundTrace {
  readonly #steps: BoundStep[] = [];
  #last: BoundStep | undefined;
  /** Of the bound so far. */
  seconds = 0;

  /**
   * @param step how many steps the bound has taken
   * @param seconds that it has taken
   */
  add(step: number, upperBound: number, best: number | undefined, seconds: number): void {
    const row = [step, Number.isFinite(upperBound) ? upperBound : null, best ?? null] as const;
    const before = this.#steps.at(-1);
    if (before === undefined || before[1] !== row[1] || before[2] !== row[2]) this.#steps.push(row);
    this.#last = row;
    this.seconds = seconds;
  }

  get steps(): readonly BoundStep[] {
    const last = this.#last;
    return last === undefined || this.#steps.at(-1) === last ? this.#steps : [...this.#steps, last];
  }
}
