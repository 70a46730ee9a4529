import { type MemoryForm, memoryOf } from "../costs/live-sram.ts";

/** One choice of bits for a layer. */
export interface BitChoice {
  readonly a: number;
  readonly w: number;
  /** Score that it adds, over all stages. */
  readonly gain: number;
  readonly bitops: number;
  readonly flash: number;
}

/** A layer of the chain: its choices, and its memory as forms of its own and of the next layer's activation bits. */
export interface BitLayer {
  readonly choices: readonly BitChoice[];
  readonly published: MemoryForm;
  readonly live: MemoryForm;
}

/**
 * A knapsack of one choice a layer: BitOps and flash add up and stay within their room, the two SRAM figures of every layer, which
 * depend on its activation bits and the next layer's, within theirs. Infinite is no limit.
 */
export interface BitProblem {
  readonly layers: readonly BitLayer[];
  readonly bitops: number;
  readonly flash: number;
  readonly sram: number;
  readonly sramLive: number;
  /** Activation bits behind the last layer. */
  readonly behind: number;
}

export interface BitSolution {
  /** Index of a choice for every layer. */
  readonly choices: Int32Array;
  readonly gain: number;
  /** No choice of bits gains more than this (or than `gain`, where that is larger). */
  readonly bound: number;
  /** Whether the bound is met, to within `TOLERANCE`. */
  readonly proven: boolean;
  /** Labels that the search kept, a measure of its work. */
  readonly labels: number;
}

/** Gains closer than this count as equal. */
export const TOLERANCE = 1e-9;
/** Labels a layer may keep before the search gives up its proof. */
const MAX_LABELS = 400_000;
/** Labels a layer keeps in the first pass, which finds a good solution to prune against. */
const BEAM = 64;

/**
 * The best bits, by label setting over the layers: a label is a prefix with its gain, BitOps and flash; prefixes that allow the same
 * activation bits next are pruned by dominance, and all by the Lagrangian bound on their completion.
 * @param known gain of a feasible solution, -Infinity for none: only a better one is looked for
 * @returns undefined where nothing feasible gains more than `known`; `infeasible` tells the two cases apart
 */
export function solveBits(problem: BitProblem, known = Number.NEGATIVE_INFINITY): BitSolution | undefined {
  const chain = new Chain(problem);
  const multipliers = chain.bestMultipliers();
  if (multipliers === undefined) return undefined;
  const first = chain.labelSetting(multipliers, known, BEAM);
  const exact = chain.labelSetting(multipliers, Math.max(known, first.gain), MAX_LABELS);
  const { choices: best, gain } = exact.gain > first.gain ? exact : first;
  if (best === undefined) return undefined;
  const proven = exact.dropped <= gain + TOLERANCE;
  return { choices: best, gain, bound: Math.max(gain, exact.dropped), proven, labels: exact.labels };
}

/** Whether no choice of bits is within all limits. */
export function infeasible(problem: BitProblem): boolean {
  return solveBits(problem) === undefined;
}

interface Found {
  readonly choices: Int32Array | undefined;
  readonly gain: number;
  /** The largest bound of a label that the limit on labels dropped. */
  readonly dropped: number;
  readonly labels: number;
}

/** A kept prefix. `room` is the number of activation values that the next layer may take. */
interface Label {
  readonly gain: number;
  readonly bitops: number;
  readonly flash: number;
  readonly room: number;
  readonly choice: number;
  readonly before: Label | undefined;
  readonly bound: number;
}

class Chain {
  readonly #problem: BitProblem;
  /** All activation bits, ascending. */
  readonly #values: readonly number[];
  /** #rooms[layer][choice]: how many of #values the next layer may take; -1 where the layer's own memory is over. */
  readonly #rooms: readonly Int32Array[];
  /** #leastBitops[layer][room]: least BitOps of the layers from `layer` on when it may take `room` activation values. */
  readonly #leastBitops: readonly Float64Array[];
  readonly #leastFlash: readonly Float64Array[];

  constructor(problem: BitProblem) {
    this.#problem = problem;
    const { layers, sram, sramLive, behind } = problem;
    this.#values = [...new Set(layers.flatMap((layer) => layer.choices.map((c) => c.a)))].sort((x, y) => x - y);
    this.#rooms = layers.map(({ choices, published, live }, l) => {
      const fits = (a: number, n: number) => memoryOf(published, a, n) <= sram && memoryOf(live, a, n) <= sramLive;
      return Int32Array.from(choices, ({ a }) => {
        if (l + 1 === layers.length) return fits(a, behind) ? this.#values.length : -1;
        // Memory grows with the next layer's bits, so the values that fit are the smallest ones.
        return this.#values.filter((n) => fits(a, n)).length || -1;
      });
    });
    this.#leastBitops = this.#suffixes((choice) => -choice.bitops).map((row) => row.map((x) => -x));
    this.#leastFlash = this.#suffixes((choice) => -choice.flash).map((row) => row.map((x) => -x));
  }

  /** suffix[layer][room]: the most that the layers from `layer` on can add up to; -Infinity where none is feasible. */
  #suffixes(value: (choice: BitChoice) => number): Float64Array[] {
    const { layers } = this.#problem;
    const values = this.#values;
    const table = Array.from({ length: layers.length + 1 }, () => new Float64Array(values.length + 1));
    for (let l = layers.length - 1; l >= 0; l--) {
      const row = table[l].fill(Number.NEGATIVE_INFINITY);
      layers[l].choices.forEach((choice, i) => {
        const next = this.#rooms[l][i];
        if (next < 0) return;
        const total = value(choice) + table[l + 1][next];
        const needs = values.indexOf(choice.a) + 1;
        if (total > row[needs]) row[needs] = total;
      });
      for (let room = 1; room < row.length; room++) row[room] = Math.max(row[room], row[room - 1]);
    }
    return table;
  }

  /** Price of a BitOp and of a byte of flash that give the least Lagrangian bound; undefined where no bits fit the memory or the rooms. */
  bestMultipliers(): readonly [number, number] | undefined {
    const { bitops, flash, layers } = this.#problem;
    const all = this.#values.length;
    if (this.#leastBitops[0][all] > bitops || this.#leastFlash[0][all] > flash) return undefined;
    if (!Number.isFinite(this.#leastBitops[0][all])) return undefined;
    const spread = layers.reduce((sum, { choices }) => {
      const gains = choices.map((choice) => choice.gain);
      return sum + Math.max(...gains) - Math.min(...gains);
    }, 1e-6);
    // A price is searched on 0 to infinity through t / (1 - t), in units of the whole gain for the whole room.
    const price = (t: number, room: number) =>
      Number.isFinite(room) ? ((t / (1 - t)) * spread) / Math.max(room, 1e-9) : 0;
    const bound = (tb: number, tf: number) => {
      const pb = price(tb, bitops);
      const pf = price(tf, flash);
      return this.#lagrangian(pb, pf)[0][all] + (pb > 0 ? pb * bitops : 0) + (pf > 0 ? pf * flash : 0);
    };
    const inner = (tb: number) =>
      Number.isFinite(flash) ? leastOf((tf) => bound(tb, tf)) : { at: 0, value: bound(tb, 0) };
    const tb = Number.isFinite(bitops) ? leastOf((t) => inner(t).value).at : 0;
    return [price(tb, bitops), price(inner(tb).at, flash)];
  }

  #lagrangian(pb: number, pf: number): Float64Array[] {
    return this.#suffixes((choice) => choice.gain - pb * choice.bitops - pf * choice.flash);
  }

  /** @param limit labels a layer keeps; the rest, those of the least bound, is dropped */
  labelSetting([pb, pf]: readonly [number, number], known: number, limit: number): Found {
    const { layers, bitops, flash } = this.#problem;
    const values = this.#values;
    const suffix = this.#lagrangian(pb, pf);
    let dropped = Number.NEGATIVE_INFINITY;
    let count = 0;
    let labels: Label[] = [
      {
        gain: 0,
        bitops: 0,
        flash: 0,
        room: values.length,
        choice: -1,
        before: undefined,
        bound: Number.POSITIVE_INFINITY,
      },
    ];
    for (let l = 0; l < layers.length; l++) {
      const { choices } = layers[l];
      const rooms = this.#rooms[l];
      const needs = choices.map((choice) => values.indexOf(choice.a) + 1);
      const grown: Label[] = [];
      for (const label of labels) {
        for (let i = 0; i < choices.length; i++) {
          const room = rooms[i];
          if (room < 0 || needs[i] > label.room) continue;
          const choice = choices[i];
          const b = label.bitops + choice.bitops;
          const f = label.flash + choice.flash;
          if (b + this.#leastBitops[l + 1][room] > bitops || f + this.#leastFlash[l + 1][room] > flash) continue;
          const gain = label.gain + choice.gain;
          const slack = (pb > 0 ? pb * (bitops - b) : 0) + (pf > 0 ? pf * (flash - f) : 0);
          // Room left behind the last layer is worth nothing: a whole path that gains no more than `known` is no better.
          const bound = l + 1 === layers.length ? gain : gain + suffix[l + 1][room] + slack;
          if (bound <= known + TOLERANCE) continue;
          grown.push({ gain, bitops: b, flash: f, room, choice: i, before: label, bound });
        }
      }
      labels = undominated(grown);
      if (labels.length > limit) {
        labels.sort((x, y) => y.bound - x.bound);
        dropped = Math.max(dropped, labels[limit].bound);
        labels.length = limit;
      }
      count += labels.length;
    }
    let best: Label | undefined;
    for (const label of labels) if (best === undefined || label.gain > best.gain) best = label;
    if (best === undefined) return { choices: undefined, gain: Number.NEGATIVE_INFINITY, dropped, labels: count };
    const path = new Int32Array(layers.length);
    let at: Label | undefined = best;
    for (let l = layers.length - 1; l >= 0; l--) {
      path[l] = at!.choice;
      at = at!.before;
    }
    return { choices: path, gain: best.gain, dropped, labels: count };
  }
}

/** The labels that no other beats: as much room, as few BitOps, as little flash and as much gain. */
function undominated(labels: Label[]): Label[] {
  labels.sort((x, y) => x.bitops - y.bitops || y.gain - x.gain || x.flash - y.flash || y.room - x.room);
  const kept: Label[] = [];
  /** One staircase a room: labels so far by rising flash, each with more gain than those before. */
  const stairs: Label[][] = [];
  for (const label of labels) {
    let beaten = false;
    for (let room = label.room; room < stairs.length && !beaten; room++) {
      const stair = stairs[room];
      if (stair === undefined) continue;
      const i = lastAtMost(stair, label.flash);
      beaten = i >= 0 && stair[i].gain >= label.gain - 1e-13 * Math.abs(label.gain);
    }
    if (beaten) continue;
    kept.push(label);
    stairs[label.room] ??= [];
    const stair = stairs[label.room];
    const at = lastAtMost(stair, label.flash) + 1;
    let end = at;
    while (end < stair.length && stair[end].gain <= label.gain) end++;
    stair.splice(at, end - at, label);
  }
  return kept;
}

/** Index of the last label whose flash is at most this, or -1. */
function lastAtMost(stair: readonly Label[], flash: number): number {
  let low = 0;
  let high = stair.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stair[middle].flash <= flash) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The least of a convex function of t / (1 - t), 0 <= t < 1, by golden section. */
function leastOf(value: (t: number) => number): { at: number; value: number } {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = 0;
  let high = 1 - 1e-9;
  let x = high - ratio * (high - low);
  let y = low + ratio * (high - low);
  let atX = value(x);
  let atY = value(y);
  for (let i = 0; i < 32; i++) {
    if (atX <= atY) {
      high = y;
      y = x;
      atY = atX;
      x = high - ratio * (high - low);
      atX = value(x);
    } else {
      low = x;
      x = y;
      atX = atY;
      y = low + ratio * (high - low);
      atY = value(y);
    }
  }
  const ends = [
    { at: 0, value: value(0) },
    { at: x, value: atX },
    { at: y, value: atY },
  ];
  return ends.reduce((best, end) => (end.value < best.value ? end : best));
}
