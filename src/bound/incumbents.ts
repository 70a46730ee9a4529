import { budgetNames } from "../costs/cost-table.ts";
import { type Costs, costs, emptyCosts, overLimits } from "../costs/costs.ts";
import { networkOf, type Structure } from "../network/structure.ts";
import type { Chain } from "./graph/chain.ts";
import { type BlockChoice, structureOfPath } from "./graph/path.ts";
import type { SpaceChain } from "./graph/space-chain.ts";
import { type Budgets, deploymentOf } from "./graph/space-description.ts";

/** Where a bound puts the networks that it finds. */
export interface Incumbents<C extends Chain> {
  /** Score of the best, -Infinity where there is none. */
  readonly best: number;
  /** Score of the last that is wanted, -Infinity while there are fewer. */
  readonly least: number;
  /**
   * Scores and measures the network of a path by the ordinary code, and keeps it where it is among the best.
   * @returns its score, or undefined where it breaks a budget
   */
  offer(chain: C, path: readonly BlockChoice[]): number | undefined;
}

/** A network of the space that keeps all budgets, scored and measured by the ordinary code. */
export interface BoundNetwork {
  /** Pixels of one side of the input. */
  readonly resolution: number;
  readonly structure: Structure;
  readonly score: number;
  readonly costs: Readonly<Costs>;
}

/** Scores and measures a network of a space by the ordinary code; undefined where it breaks a budget. */
export function measuredNetwork(
  { space, scorer }: Pick<SpaceChain, "space" | "scorer">,
  structure: Structure,
  budgets: Budgets,
): BoundNetwork | undefined {
  const network = networkOf(structure, space.resolution);
  const measured = costs(network, space.classes, emptyCosts(), deploymentOf(space));
  const limits = budgetNames.map((name) => budgets[name] ?? Number.POSITIVE_INFINITY);
  if (overLimits(measured, limits).length > 0) return undefined;
  scorer.check(network);
  return { resolution: space.resolution, structure, score: scorer.score(network), costs: measured };
}

/** The best distinct networks found so far, best first; ties in the order of their JSON, so that the order is no accident. */
export class SpaceIncumbents implements Incumbents<SpaceChain> {
  readonly #budgets: Budgets;
  readonly #most: number;
  /** A new list whenever it changes. */
  #networks: readonly BoundNetwork[] = [];
  readonly #list: { readonly key: string; readonly network: BoundNetwork }[] = [];

  constructor(budgets: Budgets, most: number) {
    this.#budgets = budgets;
    this.#most = most;
  }

  get networks(): readonly BoundNetwork[] {
    return this.#networks;
  }

  get best(): number {
    return this.#list[0]?.network.score ?? Number.NEGATIVE_INFINITY;
  }

  get least(): number {
    return this.#list[this.#most - 1]?.network.score ?? Number.NEGATIVE_INFINITY;
  }

  offer(chain: SpaceChain, path: readonly BlockChoice[]): number | undefined {
    return this.add(chain, structureOfPath(chain, path));
  }

  /**
   * Scores a network and keeps it if it is among the best and keeps the budgets.
   * @returns its score, or undefined where it breaks a budget
   */
  add(chain: Pick<SpaceChain, "space" | "scorer">, structure: Structure): number | undefined {
    const network = measuredNetwork(chain, structure, this.#budgets);
    if (network === undefined) return undefined;
    const { score } = network;
    const key = JSON.stringify([network.resolution, structure]);
    if (this.#list.some((entry) => entry.key === key)) return score;
    const entry = { key, network };
    const before = (e: typeof entry) => e.network.score > score || (e.network.score === score && e.key < key);
    const at = this.#list.findIndex((e) => !before(e));
    this.#list.splice(at < 0 ? this.#list.length : at, 0, entry);
    this.#list.length = Math.min(this.#list.length, this.#most);
    if (at < this.#most) this.#networks = this.#list.map((e) => e.network);
    return score;
  }
}
