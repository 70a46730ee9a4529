import { ROUNDING } from "../graph/chain.ts";
import type { LayerFigures } from "../graph/layer-figures.ts";
import { mayFollow } from "../graph/memory-rule.ts";
import type { BlockChoice } from "../graph/path.ts";
import type { Relaxation } from "../lagrange/relaxation.ts";
import { type Fronts, setStep } from "./label-setting.ts";
import { emptyStep, type Labels, type PricedStep } from "./labels.ts";
import { Tails } from "./tails.ts";

/** One label of a list, and the class of its first layer. */
interface Label {
  readonly labels: Labels;
  readonly at: number;
  readonly class: number;
}

/** A layer that a label may begin with. */
interface FirstLayer {
  readonly b: number;
  readonly table: LayerFigures;
  readonly shape: number;
}

/**
 * The paths that labels of a pass stand for. Labels keep no trace of what they are made of; it is found again by making every longer label that could be it,
 * with the same operations in the same order, so that sums compare as equal.
 */
export class LabelPaths {
  readonly #relaxation: Relaxation;
  readonly #tails: Tails;
  readonly #step: PricedStep;
  /** First layers of every block, by the width they begin at. */
  readonly #shapes: readonly ReadonlyMap<number, readonly number[]>[];
  /** More than what the order of a sum moves it by. */
  readonly #rounding: number;

  /** @param relaxation,fronts of the pass */
  constructor(relaxation: Relaxation, fronts: Fronts) {
    const { chain, blocks } = relaxation;
    this.#relaxation = relaxation;
    this.#tails = new Tails(relaxation, fronts);
    this.#step = emptyStep(relaxation.multipliers);
    this.#rounding = (chain.magnitude + relaxation.offset) * ROUNDING;
    this.#shapes = chain.blocks.map(({ outs, variants }, b) => {
      const byWidth = new Map<number, number[]>();
      for (const shape of blocks[b].alive) {
        const width = Math.floor(shape / (outs.length * variants));
        const list = byWidth.get(width);
        if (list === undefined) byWidth.set(width, [shape]);
        else list.push(shape);
      }
      return byWidth;
    });
  }

  /**
   * Of a label of the first border.
   * @param state width * classes + class
   */
  of(state: number, labels: Labels, at: number): BlockChoice[] {
    const { chain } = this.#relaxation;
    const classes = chain.activations.length;
    const path: BlockChoice[] = [];
    let width = Math.floor(state / classes);
    let label: Label = { labels, at, class: state % classes };
    for (const [b, { variants }] of chain.blocks.entries()) {
      const begun = this.#begun(b, width, label);
      width = Math.floor(begun.r / variants);
      path.push({ out: width, variant: begun.r % variants, pairs: begun.pairs });
      label = begun.rest;
    }
    return path;
  }

  /** The inner layers of a block that a label begins with, and what is left of it. */
  #begun(b: number, width: number, label: Label): { r: number; pairs: number[]; rest: Label } {
    const { outs, variants, first, rest: table } = this.#relaxation.chain.blocks[b];
    for (const shape of this.#shapes[b].get(width) ?? []) {
      const r = shape % (outs.length * variants);
      const levels = this.#tails.of(b, r);
      for (const [left, followers] of levels.entries()) {
        let one = this.#without({ b, table: first, shape }, label, followers);
        if (one === undefined) continue;
        const pairs = [one.pair];
        for (let n = left - 1; n >= 0; n--) {
          one = this.#without({ b, table, shape: r }, one.rest, levels[n]);
          if (one === undefined) throw new Error(`front: no inner layer of block ${b} leads to a label`);
          pairs.push(one.pair);
        }
        return { r, pairs, rest: one.rest };
      }
    }
    throw new Error(`front: no layer of block ${b} leads to a label`);
  }

  /** A label without its first layer; undefined where it does not begin with that. */
  #without(
    { b, table, shape }: FirstLayer,
    label: Label,
    followers: readonly (Labels | undefined)[],
  ): { pair: number; rest: Label } | undefined {
    const { chain } = this.#relaxation;
    const block = chain.blocks[b];
    for (const pair of block.goodPairs) {
      if (block.pairClass[pair] !== label.class) continue;
      setStep(this.#step, block, table, shape, pair);
      for (const [next, labels] of followers.entries()) {
        if (labels === undefined || !mayFollow(chain, table, shape, label.class, next)) continue;
        const at = this.#indexOf(labels, label);
        if (at >= 0) return { pair, rest: { labels, at, class: next } };
      }
    }
    return undefined;
  }

  /** Where the label is that the step makes into another; -1 where none is. */
  #indexOf({ count, value, reduced, costs }: Labels, { labels, at }: Label): number {
    const step = this.#step;
    const most = labels.reduced[at] - step.reduced + this.#rounding;
    const least = most - 2 * this.#rounding;
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (reduced[middle] > most) low = middle + 1;
      else high = middle;
    }
    search: for (let j = low; j < count && reduced[j] >= least; j++) {
      if (value[j] + step.value !== labels.value[at]) continue;
      for (let d = 0; d < costs.length; d++) if (costs[d][j] + step.costs[d] !== labels.costs[d][at]) continue search;
      return j;
    }
    return -1;
  }
}
