import type { Allowance } from "./allowance.ts";

/** A network's beginning: its score, its additive costs, and the mask of activation bits that may come next. */
export interface Label {
  readonly value: number;
  readonly costs: readonly number[];
  readonly next: number;
}

/** A label with its list of four costs, in V8. */
const LABEL_BYTES = 160;
const FIRST_PRUNING = 64;

/** The labels of one state. */
export class Labels {
  readonly #allowance: Allowance;
  #list: Label[] = [];
  #pruneAt = FIRST_PRUNING;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  add(label: Label): void {
    this.#allowance.take(LABEL_BYTES);
    this.#list.push(label);
    if (this.#list.length < this.#pruneAt) return;
    this.#prune();
    this.#pruneAt = Math.max(FIRST_PRUNING, 2 * this.#list.length);
  }

  /** The labels that no other beats in everything; they are forgotten here. */
  takeUndominated(): readonly Label[] {
    this.#prune();
    const list = this.#list;
    this.#allowance.giveBack(list.length * LABEL_BYTES);
    this.#list = [];
    return list;
  }

  #prune(): void {
    const before = this.#list.length;
    const kept: Label[] = [];
    for (const label of this.#list.sort((x, y) => y.value - x.value)) {
      this.#allowance.step();
      if (!kept.some((other) => beats(other, label))) kept.push(label);
    }
    this.#list = kept;
    this.#allowance.giveBack((before - kept.length) * LABEL_BYTES);
  }
}

/** Given that x scores no less: whether it costs no more of anything and may be followed by whatever y may. */
function beats(x: Label, y: Label): boolean {
  if ((y.next & ~x.next) !== 0) return false;
  for (let d = 0; d < x.costs.length; d++) if (!(x.costs[d] <= y.costs[d])) return false;
  return true;
}
