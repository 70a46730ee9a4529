import type { Relaxation } from "../lagrange/relaxation.ts";
import { type Fronts, tailLabels } from "./label-setting.ts";
import { LabelCollector, type Labels } from "./labels.ts";

/** What follows first layers, by width and variant: of the fronts of a pass, made when first asked for. */
export class Tails {
  readonly #relaxation: Relaxation;
  readonly #fronts: Fronts;
  readonly #scratch: LabelCollector;
  readonly #made = new Map<number, (Labels | undefined)[][]>();

  constructor(relaxation: Relaxation, fronts: Fronts) {
    this.#relaxation = relaxation;
    this.#fronts = fronts;
    this.#scratch = new LabelCollector(relaxation.chain.limits);
  }

  /** As `tailLabels`. */
  of(b: number, r: number): (Labels | undefined)[][] {
    const { chain } = this.#relaxation;
    const key = r * chain.blocks.length + b;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const { borders, least } = this.#fronts;
    const made = tailLabels(this.#relaxation, { b, r }, borders[b + 1], this.#scratch, least);
    this.#made.set(key, made);
    return made;
  }
}
