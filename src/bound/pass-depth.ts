/** How far below the Lagrangian bound the first pass goes, as a part of the bound. */
const FIRST_PASS = 2e-5;
/** A pass is tried again, less deep, as long as it can go further than the deepest that ended by this factor. */
const LEAST_RETRY = 1.3;
/** How many times as far the next pass goes, and which pass may as well go all the way to the least incumbent: one that gets so near. */
const COLD = { growth: 4, nearly: 2 };
/** Where incumbents are good from the beginning, going too far is dearer than going again. */
const WARM = { growth: 1.5, nearly: 1.2 };

/** How far below its Lagrangian bound the passes of a chain go. */
export class PassDepth {
  /** Of the deepest pass that ended. */
  #reached = 0;
  /** Of the last pass that had too many labels. */
  #failed = Number.POSITIVE_INFINITY;
  /** Whether passes need more labels than they may have. */
  stuck = false;

  /** Whether a pass has ended. */
  get hasPassed(): boolean {
    return this.#reached > 0;
  }

  /**
   * The next pass goes ever further, or half-way, by factors, to where one had too many labels.
   * @param gap to the least incumbent, where a pass may end
   */
  next(lagrangian: number, gap: number, isWarm: boolean): number {
    const { growth, nearly } = isWarm ? WARM : COLD;
    const depth = this.#next(lagrangian, growth);
    return depth * nearly >= gap && gap < this.#failed ? gap : depth;
  }

  passed(depth: number): void {
    this.#reached = depth;
  }

  failed(depth: number, lagrangian: number): void {
    this.#failed = depth;
    this.stuck = depth < this.#reached * LEAST_RETRY || depth < first(lagrangian) / 100;
  }

  #next(lagrangian: number, growth: number): number {
    if (this.#failed === Number.POSITIVE_INFINITY)
      return this.#reached === 0 ? first(lagrangian) : this.#reached * growth;
    return this.#reached === 0 ? this.#failed / COLD.growth : Math.sqrt(this.#reached * this.#failed);
  }
}

function first(lagrangian: number): number {
  return FIRST_PASS * Math.max(1, Math.abs(lagrangian));
}
