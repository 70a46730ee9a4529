import type { Chain } from "../graph/chain.ts";
import { type Column, priceBudgets } from "./master-program.ts";

/** Paths from which on the multipliers proposed are averaged with the best known, where there are several. */
const EARLY = 12;

/** The paths of a chain seen so far, and the multipliers they propose. */
export class ColumnGeneration {
  readonly #limits: readonly number[];
  readonly #columns: Column[] = [];

  constructor(chain: Chain) {
    this.#limits = chain.limits;
  }

  /**
   * @param value,costs of the best path at the last multipliers
   * @param center the best multipliers known
   * @returns the multipliers to try next, per unit of cost, and a value that no Lagrangian bound can be below
   */
  propose(
    { value, costs }: { readonly value: number; readonly costs: readonly number[] },
    center: readonly number[],
  ): { multipliers: number[]; least: number } {
    const units = this.#limits.map((limit) => (limit > 0 ? limit : 1));
    this.#columns.push({ value, costs: costs.map((cost, d) => cost / units[d]) });
    const { prices, value: least } = priceBudgets(this.#columns, units.length);
    const share = this.#columns.length > EARLY && units.length > 1 ? 0.5 : 0;
    return { multipliers: prices.map((price, d) => share * center[d] + ((1 - share) * price) / units[d]), least };
  }
}
