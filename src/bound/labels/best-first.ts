import type { Chain } from "../graph/chain.ts";
import type { LayerFigures } from "../graph/layer-figures.ts";
import { mayFollow } from "../graph/memory-rule.ts";
import type { BlockChoice } from "../graph/path.ts";
import type { Relaxation } from "../lagrange/relaxation.ts";
import type { Fronts } from "./label-setting.ts";
import { setStep } from "./label-setting.ts";
import { emptyStep } from "./labels.ts";
import { Tails } from "./tails.ts";

/** Scores of the same network, summed in another order, differ by less. */
const ROUNDING = 1e-9;

/** The last layer placed, which decides what may follow it. */
interface LastLayer {
  readonly table: LayerFigures;
  readonly shape: number;
  readonly class: number;
}

/** A network's beginning, and the score of its best completion. */
interface Prefix {
  readonly best: number;
  readonly value: number;
  readonly costs: readonly number[];
  /** Block that is being built, and its shape and layers to come; rest -1 where the block is not begun. */
  readonly block: number;
  readonly rest: number;
  readonly left: number;
  readonly width: number;
  readonly last: LastLayer | undefined;
  readonly pairs: readonly number[];
  readonly done: readonly BlockChoice[];
}

/**
 * Networks in order of falling score, as paths: a best-first search whose completion bounds are exact, read from the fronts.
 * The `most` best come, distinct, as far as they are at or above the fronts' threshold; some of those below it may follow.
 */
export function* bestPaths(
  relaxation: Relaxation,
  fronts: Fronts,
  most: number,
): Generator<{ value: number; path: readonly BlockChoice[] }, void> {
  const { chain } = relaxation;
  const completions = new Completions(relaxation, fronts);
  const queue = new PrefixQueue(most);
  const start: Prefix = {
    best: Number.POSITIVE_INFINITY,
    value: 0,
    costs: chain.limits.map(() => 0),
    block: 0,
    rest: -1,
    left: 0,
    width: 0,
    last: undefined,
    pairs: [],
    done: [],
  };
  queue.push(start);
  for (let prefix = queue.pop(); prefix !== undefined; prefix = queue.pop()) {
    if (prefix.block === chain.blocks.length) yield { value: prefix.value, path: prefix.done };
    else
      for (const longer of prefix.rest < 0
        ? beginBlock(relaxation, completions, prefix)
        : extend(chain, completions, prefix))
        queue.push(longer);
  }
}

/** All ways to place the first layer of the prefix's next block. */
function* beginBlock(relaxation: Relaxation, completions: Completions, prefix: Prefix): Generator<Prefix> {
  const { chain } = relaxation;
  const { outs, variants, first, gain, maxDepth } = chain.blocks[prefix.block];
  const perIn = outs.length * variants;
  for (const s of relaxation.blocks[prefix.block].alive) {
    if (Math.floor(s / perIn) !== prefix.width) continue;
    for (let p = 0; p < gain.length; p++) {
      for (let left = 0; left < maxDepth; left++) {
        const longer = place(completions, prefix, { table: first, shape: s, rest: s % perIn, left }, p);
        if (longer !== undefined) yield longer;
      }
    }
  }
}

/** All ways to place the next layer of a block already begun. */
function* extend(chain: Chain, completions: Completions, prefix: Prefix): Generator<Prefix> {
  const { rest, gain } = chain.blocks[prefix.block];
  for (let p = 0; p < gain.length; p++) {
    const longer = place(
      completions,
      prefix,
      { table: rest, shape: prefix.rest, rest: prefix.rest, left: prefix.left - 1 },
      p,
    );
    if (longer !== undefined) yield longer;
  }
}

/** A layer that a prefix may grow by. */
interface NextLayer {
  readonly table: LayerFigures;
  readonly shape: number;
  /** Width and variant of the layers behind it in its block, and how many they are. */
  readonly rest: number;
  readonly left: number;
}

function place(completions: Completions, prefix: Prefix, layer: NextLayer, pair: number): Prefix | undefined {
  const { table, shape, rest, left } = layer;
  const { chain } = completions;
  const b = prefix.block;
  const block = chain.blocks[b];
  const layerClass = block.pairClass[pair];
  const before = prefix.last;
  if (before !== undefined && !mayFollow(chain, before.table, before.shape, before.class, layerClass)) return undefined;
  const step = emptyStep(chain.limits.map(() => 0));
  setStep(step, block, table, shape, pair);
  const value = prefix.value + step.value;
  const costs = prefix.costs.map((cost, d) => cost + step.costs[d]);
  const last = { table, shape, class: layerClass };
  const completion = completions.best(b, rest, left, last, costs);
  if (completion === Number.NEGATIVE_INFINITY) return undefined;
  const pairs = [...prefix.pairs, pair];
  const grown = { best: value + completion, value, costs, last };
  if (left > 0) return { ...grown, block: b, rest, left, width: prefix.width, pairs, done: prefix.done };
  const out = Math.floor(rest / block.variants);
  const choice = { out, variant: rest % block.variants, pairs };
  return { ...grown, block: b + 1, rest: -1, left: 0, width: out, pairs: [], done: [...prefix.done, choice] };
}

/** Exact best completions, from the fronts of the borders and, between layers of a block, from tails made when first asked for. */
class Completions {
  readonly chain: Chain;
  readonly #relaxation: Relaxation;
  readonly #tails: Tails;

  constructor(relaxation: Relaxation, fronts: Fronts) {
    this.chain = relaxation.chain;
    this.#relaxation = relaxation;
    this.#tails = new Tails(relaxation, fronts);
  }

  /** Score of the best `left` layers and blocks behind them that fit what `costs` leave of the budgets; -Infinity where none is covered. */
  best(b: number, rest: number, left: number, last: LastLayer, costs: readonly number[]): number {
    const { chain } = this.#relaxation;
    const tails = this.#tails.of(b, rest)[left];
    let best = Number.NEGATIVE_INFINITY;
    tails.forEach((labels, next) => {
      if (labels === undefined || !mayFollow(chain, last.table, last.shape, last.class, next)) return;
      for (let j = 0; j < labels.count; j++) {
        if (labels.value[j] <= best) continue;
        if (costs.every((cost, d) => cost + labels.costs[d][j] <= chain.limits[d])) best = labels.value[j];
      }
    });
    return best;
  }
}

/**
 * Greatest `best` first; among equals the one that is further along, then the older. The prefixes in it have no network in common and each has one
 * that scores its `best`, so no more than the `most` best of them are ever needed.
 */
class PrefixQueue {
  readonly #most: number;
  #heap: { prefix: Prefix; order: number }[] = [];
  #pushed = 0;
  /** What the last of the `most` best scores, as far as known. */
  #floor = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  push(prefix: Prefix): void {
    if (prefix.best < this.#floor) return;
    if (this.#heap.length >= 2 * this.#most + 64) this.#shorten();
    const heap = this.#heap;
    let i = heap.length;
    heap.push({ prefix, order: this.#pushed++ });
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) break;
      [heap[i], heap[parent]] = [heap[parent], heap[i]];
      i = parent;
    }
  }

  pop(): Prefix | undefined {
    const heap = this.#heap;
    if (heap.length === 0) return undefined;
    const top = heap[0].prefix;
    const tail = heap.pop()!;
    if (heap.length === 0) return top;
    heap[0] = tail;
    for (let i = 0; ; ) {
      const left = 2 * i + 1;
      if (left >= heap.length) return top;
      const child = left + 1 < heap.length && this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(child, i)) return top;
      [heap[i], heap[child]] = [heap[child], heap[i]];
      i = child;
    }
  }

  #shorten(): void {
    this.#heap = this.#heap.sort((a, b) => this.#compare(a, b)).slice(0, this.#most);
    this.#floor = this.#heap[this.#most - 1].prefix.best - ROUNDING;
  }

  #before(i: number, j: number): boolean {
    return this.#compare(this.#heap[i], this.#heap[j]) < 0;
  }

  #compare(a: { prefix: Prefix; order: number }, b: { prefix: Prefix; order: number }): number {
    if (a.prefix.best !== b.prefix.best) return b.prefix.best - a.prefix.best;
    if (a.prefix.block !== b.prefix.block) return b.prefix.block - a.prefix.block;
    return a.order - b.order;
  }
}
