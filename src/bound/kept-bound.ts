import { UserError } from "../base/user-error.ts";
import { budgetNames, type PeakName, peaksOf } from "../costs/cost-table.ts";
import { ChainBound } from "./chain-bound.ts";
import { type Budgets, deploymentOf } from "./graph/space-description.ts";
import { type KeptSpace, keptSpaces } from "./kept-space.ts";
import type { BoundProblem } from "./problem.ts";
import { type BoundState, DEFAULT_BYTES, type SolveOptions, solveBounds } from "./solve.ts";

/**
 * Solves one problem under other budgets again and again. What is compiled of its spaces is kept while only additive budgets move, and the networks of
 * one solution are where the next begins. Every solution is as exact as that of `solve`, and takes a fraction of its time.
 */
export class KeptBound {
  readonly #problem: BoundProblem;
  readonly #spaces: readonly KeptSpace[];
  readonly #maxBytes: number;

  /**
   * @param problem whose spaces, names of budgets and memory budgets stay
   * @param maxBytes that tables may take; those of spaces that have no room in it are compiled every time
   * @throws SpaceTooLarge before anything is allocated
   */
  constructor(problem: BoundProblem, maxBytes = DEFAULT_BYTES) {
    this.#problem = problem;
    this.#maxBytes = maxBytes;
    this.#spaces = keptSpaces(problem, maxBytes);
  }

  /** Compiles what is kept, which the first solution does otherwise; yields often. */
  *compile(): Generator<void, void> {
    for (const space of this.#spaces) if (space.isKept) yield* space.compile(this.#problem.budgets);
  }

  /**
   * As `solve`, of the same spaces under other values of the additive budgets. Only one solution at a time goes on; beginning another ends it.
   * @throws UserError where a budget is not among the problem's, or is of memory and not as it was
   */
  *solve(budgets: Budgets, options: Omit<SolveOptions, "maxBytes"> = {}): Generator<BoundState, BoundState> {
    this.#check(budgets);
    const { spaces } = this.#problem;
    const started = this.#spaces.map((space) => {
      space.paths.tidy();
      const bound = new ChainBound(() => space.opening(budgets), space.bytes, space.paths);
      // What is compiled already is open at once, so that the networks known of one space are there to close the others.
      if (space.isCompiled) for (const _ of bound.open());
      return { bound, promise: bound.isOpen ? space.paths.promise(bound.chain) : Number.NEGATIVE_INFINITY };
    });
    // The greatest score first.
    started.sort((x, y) => (x.promise === y.promise ? 0 : y.promise - x.promise));
    const bounds = started.map(({ bound }) => bound);
    return yield* solveBounds(bounds, { spaces, budgets }, { ...options, maxBytes: this.#maxBytes });
  }

  #check(budgets: Budgets): void {
    const { spaces, budgets: kept } = this.#problem;
    const memories: readonly string[] = peaksOf(deploymentOf(spaces[0])).map(({ name }): PeakName => name);
    for (const name of budgetNames) {
      const [was, is] = [kept[name], budgets[name]];
      const same = memories.includes(name) ? was === is : (was === undefined) === (is === undefined);
      if (same) continue;
      throw new UserError(
        `budgets.${name}: expected ${memories.includes(name) ? (was ?? "none") : was === undefined ? "none" : "a value"}, as what is kept was compiled for, got ${is ?? "none"}; compile anew for other memory or other budgets`,
      );
    }
  }
}
