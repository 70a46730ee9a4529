import { costNames, type OwnCost } from "../costs/cost-table.ts";
import { costs, emptyCosts } from "../costs/costs.ts";
import { Network } from "../network/network.ts";
import { decode } from "../space/genome.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";

/** Which costs the genome module computes, and where each is among its figures. */
const figures: readonly (readonly [OwnCost, number])[] = [
  ["bitops", layout.BITOPS],
  ["macs", layout.MACS],
  ["flash", layout.FLASH],
  ["sram", layout.SRAM],
  ["layers", layout.LAYERS],
  ["sramLive", layout.SRAM_LIVE],
];

/**
 * Holds a genome module against the table of costs.
 * @param count figures that the module says it computes
 * @throws Error where its figures are not the first costs of the table, in that order
 */
export function checkFigures(count: number): void {
  const expected = costNames.slice(0, count);
  const got = figures.toSorted(([, i], [, j]) => i - j).map(([name]) => name);
  if (count === figures.length && got.join() === expected.join()) return;
  throw new Error(
    `genome engine: it computes ${count} figures, of ${got.join(", ")}; expected the first ${count} costs of the table, ${expected.join(", ")}; make engine/assembly/layout.ts, engine/figures.ts and costs/cost-table.ts agree`,
  );
}

/** The costs behind the module's figures, of genomes in its memory, by the ordinary folds. */
export class MoreCosts {
  readonly #space: Space;
  readonly #classes: number;
  readonly #network: Network;
  readonly #costs = emptyCosts();
  /** Budgets in the order of `budgetNames`. */
  limits: Float64Array = new Float64Array(0);

  constructor(space: Space, classes: number) {
    this.#space = space;
    this.#classes = classes;
    this.#network = new Network(space.convCapacity);
  }

  /** Fills in what the module left open of a genome's figures, from `out[from]` on. */
  fill(genomes: Uint8Array, at: number, out: Float64Array, from: number): void {
    if (costNames.length === layout.FIGURES) return;
    decode(this.#space, genomes, at, this.#network);
    costs(this.#network, this.#classes, this.#costs);
    for (let i = layout.FIGURES; i < costNames.length; i++) out[from + i] = this.#costs[costNames[i]];
  }

  /** Whether a genome is over a budget of one of these costs. */
  exceed(genomes: Uint8Array, at: number): boolean {
    if (costNames.length === layout.FIGURES) return false;
    const figures = new Float64Array(costNames.length);
    this.fill(genomes, at, figures, 0);
    return figures.some((figure, i) => i >= layout.FIGURES && figure > this.limits[i]);
  }
}
