import type { Chain } from "../graph/chain.ts";
import { type Column, priceBudgets } from "./master-program.ts";

/** Paths from which on the multipliers proposed are averaged with the best known, where there are several. */
const EARLY = 12;

/** A path's score, and its costs in the order of the chain's budgets. */
export interface PathFigures {
  readonly value: number;
  readonly costs: readonly number[];
}

/** The paths of a chain seen so far, and the multipliers they propose. */
export class ColumnGeneration {
  readonly #units: readonly number[];
  readonly #columns: Column[] = [];

  /** @param known paths of the chain, from other limits perhaps */
  constructor({ limits }: Chain, known: readonly PathFigures[] = []) {
    this.#units = limits.map((limit) => (limit > 0 ? limit : 1));
    for (const path of known) this.#add(path);
  }

  /** The multipliers that the known paths propose; there is one at least. */
  first(): readonly number[] {
    return this.#price().multipliers;
  }

  /** What no Lagrangian bound can be below; -Infinity where no path is known. */
  get least(): number {
    return this.#columns.length === 0 ? Number.NEGATIVE_INFINITY : this.#price().least;
  }

  /**
   * @param path the best at the last multipliers
   * @param center the best multipliers known
   * @returns the multipliers to try next, per unit of cost, and a value that no Lagrangian bound can be below
   */
  propose(path: PathFigures, center: readonly number[]): { multipliers: number[]; least: number } {
    this.#add(path);
    const { multipliers, least } = this.#price();
    const share = this.#columns.length > EARLY && this.#units.length > 1 ? 0.5 : 0;
    return { multipliers: multipliers.map((price, d) => share * center[d] + (1 - share) * price), least };
  }

  #add({ value, costs }: PathFigures): void {
    this.#columns.push({ value, costs: costs.map((cost, d) => cost / this.#units[d]) });
  }

  #price(): { multipliers: number[]; least: number } {
    const { prices, value } = priceBudgets(this.#columns, this.#units.length);
    return { multipliers: prices.map((price, d) => price / this.#units[d]), least: value };
  }
}
