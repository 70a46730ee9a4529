import { greatestOf } from "../../base/extremes.ts";
import { UserError } from "../../base/user-error.ts";
import { attainableLayers, type Budgets, type SpaceDescription } from "../graph/space-description.ts";
import { Allowance, type CheckLimits } from "./allowance.ts";
import { type BlockTables, blockTables } from "./block-tables.ts";
import { type Label, Labels } from "./labels.ts";
import { LayerMeter } from "./layer-meter.ts";

const none = Number.NEGATIVE_INFINITY;
/** Sums of costs up to it are exact; above it limits are widened by what rounding can do. */
const EXACT = 2 ** 49;
const WIDER = 1 + 2 ** -30;
/** What the argument about rounding counts on; a score holds no more. */
const MOST_LAYERS = 4096;
/** More than what the underflow of any sum or product here comes to. */
const UNDERFLOW = 2 ** -960;

/** A layer with its bits, as a label grows by it. */
interface OneLayer {
  /** Index of its activation bits. */
  readonly bits: number;
  readonly value: number;
  /** Its costs are those from `at` on. */
  readonly costs: Float64Array;
  readonly at: number;
  /** Which activation bits may follow, a bit each. */
  readonly next: number;
}

/**
 * Bounds one space at some prices: no network x within the budgets scores more than the greatest score - prices * costs of any network, plus
 * prices * limits, plus `rounding`. docs/bound.md has the argument, rounding included.
 */
export class SpaceCheck {
  /** The greatest score - prices * costs of any network, plus prices * limits; -Infinity where there is no network. */
  readonly bound: number;
  /** What rounding can hide in any sum here or in a network's score. */
  readonly rounding: number;
  /** No network's score is above it. */
  readonly magnitude: number;
  readonly #meter: LayerMeter;
  readonly #allowance: Allowance;
  readonly #prices: readonly number[];
  readonly #limits: readonly number[];
  /** Indices of the costs that have a budget. */
  readonly #limited: readonly number[];
  readonly #blocks: readonly BlockTables[];
  /** Best score - prices * costs of what follows a border, index width * bits + class of the activation bits behind it. */
  readonly #borders: readonly Float64Array[];

  /**
   * @param prices one for each of the space's `sumsOf`, finite, >= 0, 0 where there is no budget
   * @throws UserError where a layer has no finite value, or where it takes more than the limits allow
   */
  constructor(space: SpaceDescription, budgets: Budgets, prices: readonly number[], limits: CheckLimits) {
    this.#allowance = new Allowance(limits);
    const layers = space.blocks.reduce((sum, { maxDepth }) => sum + maxDepth, 0);
    if (layers > MOST_LAYERS) throw new UserError(`expected a space of at most ${MOST_LAYERS} layers, got ${layers}`);
    this.#meter = new LayerMeter(space, budgets);
    this.#prices = prices;
    const { sums } = this.#meter;
    this.#limits = sums.map(({ name }) => {
      const limit = budgets[name] ?? Number.POSITIVE_INFINITY;
      return name === "layers" ? attainableLayers(space, limit) : limit > EXACT ? limit * WIDER : limit;
    });
    this.#limited = sums.flatMap(({ name }, d) => (budgets[name] === undefined ? [] : [d]));
    const bits = this.#meter.bits.length;
    this.#blocks = space.blocks.map((_, b) => blockTables(space, b, this.#meter, this.#allowance));
    this.#borders = [...this.#blocks.map(({ ins }) => ins), space.blocks.at(-1)!.outs].map((widths) => {
      this.#allowance.take(8 * widths.length * bits);
      return new Float64Array(widths.length * bits).fill(none);
    });
    // Behind the last block come the first.
    for (let i = 0; i < this.#borders.at(-1)!.length; i += bits) this.#borders.at(-1)![i] = 0;
    let magnitude = 0;
    for (let b = this.#blocks.length - 1; b >= 0; b--) magnitude += this.#potentials(b);
    const offset = this.#worth(sums.map(() => 0));
    this.bound = greatestOf(this.#borders[0]) + offset;
    const roundings = layers + space.score.stageWeights.length + 2 * sums.length + 16;
    const sum = magnitude + 2 * offset;
    this.magnitude = magnitude;
    this.rounding = sum === 0 ? 0 : roundings * 2 ** -51 * sum + UNDERFLOW;
  }

  /** Fills what follows every state of a block; returns the greatest sum of the magnitudes of its layers' terms. */
  #potentials(b: number): number {
    const { ins, shapes, pairs, classes, maxDepth, rest, inside } = this.#blocks[b];
    const meter = this.#meter;
    const bits = meter.bits.length;
    const behind = this.#borders[b + 1];
    let mostRest = 0;
    shapes.forEach((shape, s) => {
      const last = ((maxDepth - 1) * shapes.length + s) * bits;
      for (let c = 0; c < bits; c++) inside[last + c] = behind[shape.o * bits + c];
      if (maxDepth === 1) return;
      meter.build(b, false, shape.out, shape);
      const reduced = pairs.map((pair, p) => {
        this.#allowance.step();
        meter.measure(pair);
        if (!this.#fits(meter.costs)) return none;
        const at = s * pairs.length + p;
        rest.value[at] = meter.value;
        rest.costs.set(meter.costs, at * meter.sums.length);
        rest.next[at] = meter.next;
        mostRest = Math.max(mostRest, meter.magnitude);
        return this.#reduced();
      });
      for (let n = maxDepth - 1; n >= 1; n--) {
        const at = ((n - 1) * shapes.length + s) * bits;
        for (let c = 0; c < bits; c++) inside[at + c] = behind[shape.o * bits + c];
        for (let p = 0; p < pairs.length; p++) {
          const sum = reduced[p] + greatest(inside, at + shapes.length * bits, bits, rest.next[s * pairs.length + p]);
          inside[at + classes[p]] = Math.max(inside[at + classes[p]], sum);
        }
      }
    });
    let mostFirst = 0;
    const border = this.#borders[b];
    ins.forEach((from, i) => {
      shapes.forEach((shape, s) => {
        if (b > 0 && shape.out < from) return;
        meter.build(b, true, from, shape);
        for (let p = 0; p < pairs.length; p++) {
          this.#allowance.step();
          meter.measure(pairs[p]);
          if (!this.#fits(meter.costs)) continue;
          mostFirst = Math.max(mostFirst, meter.magnitude);
          const sum = this.#reduced() + greatest(inside, s * bits, bits, meter.next);
          const at = i * bits + classes[p];
          border[at] = Math.max(border[at], sum);
        }
      });
    });
    return mostFirst + (maxDepth - 1) * mostRest;
  }

  /** Whether a network with a part of these costs may be within the budgets. */
  #fits(costs: ArrayLike<number>): boolean {
    for (let d = 0; d < costs.length; d++) if (!(costs[d] <= this.#limits[d])) return false;
    return true;
  }

  /** Score - prices * costs of the layer last measured. */
  #reduced(): number {
    const { value, costs } = this.#meter;
    let sum = value;
    for (let d = 0; d < costs.length; d++) sum -= this.#prices[d] * costs[d];
    return sum;
  }

  /** What is left of the limits, at the prices. */
  #worth(costs: readonly number[]): number {
    let sum = 0;
    for (let d = 0; d < costs.length; d++)
      if (this.#prices[d] > 0) sum += this.#prices[d] * (this.#limits[d] - costs[d]);
    return sum;
  }

  /**
   * Follows all beginnings of networks that the bound does not prove to end at the claim or below.
   * @returns a score, rounding included, that no network is above unless it is at or below the claim; -Infinity where there is no such network
   */
  greatestAbove(claim: number): number {
    const bits = this.#meter.bits.length;
    let labels = [this.#noLabels()];
    const keep = (list: Labels, potential: Float64Array, at: number, label: Label) => {
      const most = greatest(potential, at, bits, label.next);
      if (most === none || label.value + this.#worth(label.costs) + most + this.rounding <= claim) return;
      list.add(label);
    };
    keep(labels[0], this.#borders[0], 0, { value: 0, costs: this.#meter.sums.map(() => 0), next: -1 });
    for (let b = 0; b < this.#blocks.length; b++) labels = this.#through(b, labels, keep);
    let most = none;
    for (const list of labels) for (const { value } of list.takeUndominated()) most = Math.max(most, value);
    return most + this.rounding;
  }

  /** From the labels at a border, by width, to those at the next. */
  #through(
    b: number,
    labels: readonly Labels[],
    keep: (list: Labels, potential: Float64Array, at: number, label: Label) => void,
  ): Labels[] {
    const { ins, shapes, pairs, classes, maxDepth, rest, inside } = this.#blocks[b];
    const meter = this.#meter;
    const bits = meter.bits.length;
    const behind = this.#borders[b + 1];
    const ends = Array.from({ length: behind.length / bits }, () => this.#noLabels());
    let now = shapes.map(() => this.#noLabels());
    ins.forEach((from, i) => {
      const kept = labels[i].takeUndominated();
      if (kept.length === 0) return;
      shapes.forEach((shape, s) => {
        if (b > 0 && shape.out < from) return;
        meter.build(b, true, from, shape);
        pairs.forEach((pair, p) => {
          meter.measure(pair);
          const { value, costs, next } = meter;
          const layer = { bits: classes[p], value, costs, at: 0, next };
          for (const label of kept) {
            this.#allowance.step();
            const grown = this.#grown(label, layer);
            if (grown !== undefined) keep(now[s], inside, s * bits, grown);
          }
        });
      });
    });
    for (let n = 1; n <= maxDepth; n++) {
      const then = shapes.map(() => this.#noLabels());
      shapes.forEach(({ o }, s) => {
        const kept = now[s].takeUndominated();
        for (const label of kept) keep(ends[o], behind, o * bits, label);
        if (n === maxDepth || kept.length === 0) return;
        for (let p = 0; p < pairs.length; p++) {
          const at = s * pairs.length + p;
          if (rest.value[at] === none) continue;
          const layer = {
            bits: classes[p],
            value: rest.value[at],
            costs: rest.costs,
            at: meter.sums.length * at,
            next: rest.next[at],
          };
          for (const label of kept) {
            this.#allowance.step();
            const grown = this.#grown(label, layer);
            if (grown !== undefined) keep(then[s], inside, (n * shapes.length + s) * bits, grown);
          }
        }
      });
      now = then;
    }
    return ends;
  }

  #noLabels(): Labels {
    return new Labels(this.#allowance, this.#limited);
  }

  /** A label and one more layer; undefined where the layer may not follow, or where it breaks a budget. */
  #grown({ value, costs, next }: Label, layer: OneLayer): Label | undefined {
    if (((next >> layer.bits) & 1) === 0) return undefined;
    const sums = costs.map((cost, d) => cost + layer.costs[layer.at + d]);
    return this.#fits(sums) ? { value: value + layer.value, costs: sums, next: layer.next } : undefined;
  }
}

/** The greatest of the allowed classes' potentials. */
function greatest(potential: Float64Array, at: number, classes: number, allowed: number): number {
  let best = none;
  for (let c = 0; c < classes; c++) {
    if (((allowed >> c) & 1) === 1 && potential[at + c] > best) best = potential[at + c];
  }
  return best;
}
