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

/** Comparisons of two labels that take as long as one step. */
const COMPARISONS = 16;

/** The labels of one state. */
export class Labels {
  readonly #allowance: Allowance;
  readonly #limited: readonly number[];
  #list: Label[] = [];
  #pruneAt = FIRST_PRUNING;

  /** @param limited indices of the costs that have a budget: of the others any may be spent */
  constructor(allowance: Allowance, limited: readonly number[]) {
    this.#allowance = allowance;
    this.#limited = limited;
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
      const at = kept.findIndex((other) => beats(other, label, this.#limited));
      this.#allowance.step(1 + Math.ceil((at < 0 ? kept.length : at) / COMPARISONS));
      if (at < 0) {
        kept.push(label);
        continue;
      }
      // One that beats many is soon found: it comes nearer to the front each time.
      const ahead = at >> 1;
      [kept[ahead], kept[at]] = [kept[at], kept[ahead]];
    }
    this.#list = kept;
    this.#allowance.giveBack((before - kept.length) * LABEL_BYTES);
  }
}

/** Given that x scores no less: whether it costs no more of anything that is limited and may be followed by whatever y may. */
function beats(x: Label, y: Label, limited: readonly number[]): boolean {
  if ((y.next & ~x.next) !== 0) return false;
  for (const d of limited) if (!(x.costs[d] <= y.costs[d])) return false;
  return true;
}
