import { greatestOf } from "../../base/extremes.ts";
import type { Chain } from "../graph/chain.ts";
import { bestFollowing, mayFollow } from "../graph/memory-rule.ts";
import { reducedValues } from "./reduced-values.ts";

/** Values that are sorted where a quantile is looked for. */
const SAMPLED = 8192;

/** Best sums of reduced value = value - sum over d of multiplier[d] * cost[d], inside one block. */
interface BlockSums {
  /** Shapes of the first inner layer that a network above the best known may have. */
  open: Int32Array;
  /** Those of them that a network above the threshold of the current pass may have. */
  alive: Int32Array;
  /** Reduced value of a first layer at its best pair of every class: shape * classes + class. */
  readonly first: Float64Array;
  /** The same of the other layers. */
  readonly rest: Float64Array;
  /** Best sum of everything behind the first layer: (shape of rest) * classes + class of the layer that follows the first. */
  readonly tail: Float64Array;
  /** Best sum of everything up to a layer of the block, by how many other layers it may hold: (rest * depth + layers) * classes + next class. */
  readonly head: Float64Array;
}

/**
 * The Lagrangian relaxation of a chain: budgets become prices, and the best path is found by dynamic programming over
 * (channels, class of the next layer's activation bits) at every border between blocks.
 */
export class Relaxation {
  readonly chain: Chain;
  readonly blocks: readonly BlockSums[];
  /** Best reduced value of a prefix that ends at border b, before block b: in * classes + next class. */
  readonly prefix: readonly Float64Array[];
  /** Best reduced value of what follows border b. */
  readonly suffix: readonly Float64Array[];
  multipliers: readonly number[] = [];
  /** What was looked at so far: shapes by pairs and classes, and labels. A measure of time that is the same on every machine. */
  work = 0;

  /**
   * @param kept a relaxation of the same tables under other limits, which is not used any more: this one takes its place in memory
   * @param open the first layers that a network may have, a list a block, in rising order; absent: all there are
   */
  constructor(chain: Chain, kept?: Relaxation, open?: readonly Int32Array[]) {
    this.chain = chain;
    if (kept !== undefined && open !== undefined) {
      this.blocks = kept.blocks.map((sums, b) => ({ ...sums, open: open[b], alive: open[b] }));
      this.prefix = kept.prefix;
      this.suffix = kept.suffix;
      return;
    }
    const classes = chain.activations.length;
    this.blocks = chain.blocks.map((block) => {
      const alive = new Int32Array(block.first.shapes);
      let count = 0;
      for (let s = 0; s < alive.length; s++) if (block.first.value[s] > Number.NEGATIVE_INFINITY) alive[count++] = s;
      return {
        open: alive.slice(0, count),
        alive: alive.slice(0, count),
        first: new Float64Array(block.first.shapes * classes),
        rest: new Float64Array(block.rest.shapes * classes),
        tail: new Float64Array(block.rest.shapes * classes),
        head: new Float64Array(block.rest.shapes * block.maxDepth * classes),
      };
    });
    const border = (b: number) => new Float64Array(widthsAt(chain, b) * classes);
    this.prefix = Array.from({ length: chain.blocks.length + 1 }, (_, b) => border(b));
    this.suffix = Array.from({ length: chain.blocks.length + 1 }, (_, b) => border(b));
  }

  /** Sum of multiplier * limit: what turns a reduced value into a bound of the score. */
  get offset(): number {
    return this.chain.limits.reduce((sum, limit, d) => sum + this.multipliers[d] * limit, 0);
  }

  /** Upper bound of every feasible network's score at the last multipliers; -Infinity where SRAM or the widths leave no path. */
  get bound(): number {
    return greatestOf(this.suffix[0]) + this.offset;
  }

  /** Solves the relaxation at multipliers >= 0, one an additive budget. */
  solve(multipliers: readonly number[]): void {
    for (const _ of this.solving(multipliers));
  }

  /** `solve`, yielding after every block. */
  solving(multipliers: readonly number[]): Generator<void, void> {
    return this.#solving(multipliers, 1);
  }

  /**
   * Forgets the first layers that fit no network within the SRAM budget and each additive budget by itself: with values of 0 and a multiplier of 1
   * the bound is the limit minus the least cost. Costs are whole eighths, so the comparison is exact. Yields often.
   */
  *discardMisfits(): Generator<void, void> {
    const { limits } = this.chain;
    for (let d = 0; d < Math.max(1, limits.length); d++) {
      yield* this.#solving(
        limits.map((_, e) => (e === d ? 1 : 0)),
        0,
      );
      this.solvePrefixes();
      yield;
      this.discard(0);
      yield;
    }
  }

  *#solving(multipliers: readonly number[], valueScale: number): Generator<void, void> {
    this.multipliers = multipliers;
    const { chain, blocks } = this;
    const end = this.suffix[blocks.length].fill(Number.NEGATIVE_INFINITY);
    const classes = chain.activations.length;
    for (let o = chain.endClass; o < end.length; o += classes) end[o] = 0;
    const prices = { multipliers, valueScale };
    for (let b = blocks.length - 1; b >= 0; b--) {
      const block = chain.blocks[b];
      const sums = blocks[b];
      reducedValues(block, block.rest, null, prices, sums.rest);
      reducedValues(block, block.first, sums.open, prices, sums.first);
      this.#tails(b);
      this.#suffixes(b);
      const inner = block.rest.shapes * block.maxDepth;
      this.work += (inner + sums.open.length) * (block.goodPairs.length + classes ** 2);
      yield;
    }
  }

  /** Fills `prefix` and `head`, for the multipliers last solved. */
  solvePrefixes(): void {
    this.prefix[0].fill(0);
    for (let b = 0; b < this.blocks.length; b++) this.#prefixes(b);
  }

  #tails(b: number): void {
    const { chain } = this;
    const block = chain.blocks[b];
    const { tail, rest } = this.blocks[b];
    const behind = this.suffix[b + 1];
    const classes = chain.activations.length;
    let now = new Float64Array(classes);
    let next = new Float64Array(classes);
    for (let s = 0; s < block.rest.shapes; s++) {
      const o = Math.floor(s / block.variants);
      for (let c = 0; c < classes; c++) now[c] = tail[s * classes + c] = behind[o * classes + c];
      for (let layer = 1; layer < block.maxDepth; layer++) {
        for (let c = 0; c < classes; c++) {
          next[c] = rest[s * classes + c] + bestFollowing(chain, block.rest, s * classes + c, now, 0);
          if (next[c] > tail[s * classes + c]) tail[s * classes + c] = next[c];
        }
        [now, next] = [next, now];
      }
    }
  }

  #suffixes(b: number): void {
    const { chain } = this;
    const { outs, variants, first: table } = chain.blocks[b];
    const { open, first, tail } = this.blocks[b];
    const classes = chain.activations.length;
    const perIn = outs.length * variants;
    const suffix = this.suffix[b].fill(Number.NEGATIVE_INFINITY);
    for (let j = 0; j < open.length; j++) {
      const s = open[j];
      const i = Math.floor(s / perIn);
      const restAt = (s - i * perIn) * classes;
      for (let c = 0; c < classes; c++) {
        const sum = first[s * classes + c] + bestFollowing(chain, table, s * classes + c, tail, restAt);
        if (sum > suffix[i * classes + c]) suffix[i * classes + c] = sum;
      }
    }
  }

  #prefixes(b: number): void {
    const { chain } = this;
    const block = chain.blocks[b];
    const { outs, variants, first: table } = block;
    const { open, first, rest, head } = this.blocks[b];
    const depth = block.maxDepth;
    const classes = chain.activations.length;
    const perIn = outs.length * variants;
    const before = this.prefix[b];
    const after = this.prefix[b + 1].fill(Number.NEGATIVE_INFINITY);
    head.fill(Number.NEGATIVE_INFINITY);
    for (let j = 0; j < open.length; j++) {
      const s = open[j];
      const i = Math.floor(s / perIn);
      const at = (s - i * perIn) * depth * classes;
      for (let c = 0; c < classes; c++) {
        const sum = before[i * classes + c] + first[s * classes + c];
        for (let next = 0; next < classes; next++) {
          if (sum > head[at + next] && mayFollow(chain, table, s, c, next)) head[at + next] = sum;
        }
      }
    }
    for (let r = 0; r < perIn; r++) {
      for (let layer = 1; layer < depth; layer++) {
        const at = (r * depth + layer) * classes;
        for (let c = 0; c < classes; c++) {
          const sum = head[at - classes + c] + rest[r * classes + c];
          for (let next = 0; next < classes; next++) {
            if (sum > head[at + next] && mayFollow(chain, block.rest, r, c, next)) head[at + next] = sum;
          }
        }
        for (let c = 0; c < classes; c++)
          if (head[at - classes + c] > head[at + c]) head[at + c] = head[at - classes + c];
      }
      const o = Math.floor(r / variants);
      const at = (r * depth + depth - 1) * classes;
      for (let c = 0; c < classes; c++)
        if (head[at + c] > after[o * classes + c]) after[o * classes + c] = head[at + c];
    }
  }

  /** Forgets for good the first layers through which no network can score `threshold` or more; needs `solvePrefixes`. */
  discard(threshold: number): void {
    this.select(threshold);
    for (const sums of this.blocks) sums.open = sums.alive;
  }

  /** Sets `alive` to the open first layers through which a network may score `threshold` or more; needs `solvePrefixes`. */
  select(threshold: number): void {
    const least = threshold - this.offset;
    this.blocks.forEach((sums, b) => {
      const { open } = sums;
      const alive = new Int32Array(open.length);
      let count = 0;
      for (let j = 0; j < open.length; j++) if (this.#through(b, open[j]) >= least) alive[count++] = open[j];
      sums.alive = alive.slice(0, count);
    });
  }

  /**
   * The least that a network with a first layer has of an additive cost, an entry an open first layer of every block; Infinity where none is within the memory
   * budgets. Yields often.
   * @param d index of the cost; -1 for none, where all that counts is memory
   */
  *leastCosts(d: number): Generator<void, Float64Array[]> {
    yield* this.#solving(
      this.chain.limits.map((_, e) => (e === d ? 1 : 0)),
      0,
    );
    this.solvePrefixes();
    yield;
    return this.blocks.map(({ open }, b) => Float64Array.from(open, (s) => -this.#through(b, s)));
  }

  /** The relaxation of the most promising first layers alone, about as many as said: in the memory of this one, which is to be solved again afterwards. */
  narrowed(count: number): Relaxation {
    const values = this.blocks.map(({ open }, b) => Float64Array.from(open, (s) => this.#through(b, s)));
    const stride = Math.ceil(values.reduce((sum, list) => sum + list.length, 0) / SAMPLED);
    const sample = Float64Array.from(values.flatMap((list) => [...list.filter((_, j) => j % stride === 0)])).sort();
    const least = sample[Math.max(0, sample.length - Math.ceil(count / stride))];
    const open = this.blocks.map((sums, b) => sums.open.filter((_, j) => values[b][j] >= least));
    return new Relaxation(this.chain, this, open);
  }

  /** Best reduced value of a network with a first layer. */
  #through(b: number, s: number): number {
    const { chain } = this;
    const classes = chain.activations.length;
    const { outs, variants, first: table } = chain.blocks[b];
    const { first, tail } = this.blocks[b];
    const prefix = this.prefix[b];
    const perIn = outs.length * variants;
    const i = Math.floor(s / perIn);
    const restAt = (s - i * perIn) * classes;
    let best = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) {
      const sum =
        prefix[i * classes + c] + first[s * classes + c] + bestFollowing(chain, table, s * classes + c, tail, restAt);
      if (sum > best) best = sum;
    }
    return best;
  }
}

/** Widths a network can have at border b, before block b. */
function widthsAt(chain: Chain, b: number): number {
  return b < chain.blocks.length ? chain.blocks[b].ins.length : chain.blocks[b - 1].outs.length;
}
