/** Partial networks that share a border state: their score, reduced value and additive costs, in order of falling reduced value. */
export interface Labels {
  readonly count: number;
  readonly value: Float64Array;
  readonly reduced: Float64Array;
  readonly costs: readonly Float64Array[];
}

/** What one more inner layer adds to a label. */
export interface Step {
  value: number;
  reduced: number;
  readonly costs: Float64Array;
}

/** A step with the multipliers by which its costs are taken off its value. */
export interface PricedStep extends Step {
  readonly multipliers: readonly number[];
}

export function emptyStep(multipliers: readonly number[]): PricedStep {
  return { value: 0, reduced: 0, costs: new Float64Array(multipliers.length), multipliers };
}

const GRID_CELLS = 4096;
/** Cells into which a third and fourth cost are sorted; within a cell labels are not compared in that cost, which only keeps more of them. */
const COARSE_CELLS = 16;

/**
 * Collects labels of one state and drops the dominated: those for which another has at least their score at no more cost.
 * The arrays grow, are compacted when they have doubled, and are used again for the next state.
 */
export class LabelCollector {
  readonly #limits: readonly number[];
  #count = 0;
  #compactAt = 1 << 14;
  #value: Float64Array;
  #reduced: Float64Array;
  #costs: Float64Array[];
  /** Best value among the kept labels of cells up to this one, cells of the first cost; only where it is the only one. */
  readonly #grid = new Float64Array(GRID_CELLS + 1);

  constructor(limits: readonly number[]) {
    this.#limits = limits;
    this.#value = new Float64Array(1 << 12);
    this.#reduced = new Float64Array(1 << 12);
    this.#costs = limits.map(() => new Float64Array(1 << 12));
    this.clear();
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
    this.#compactAt = 1 << 14;
    this.#grid.fill(Number.NEGATIVE_INFINITY);
  }

  /** Adds every label one step longer whose reduced value is at least `least` and whose costs keep the limits. */
  extend(from: Labels, step: Step, least: number): void {
    const { reduced, value, costs } = from;
    const dimensions = costs.length;
    const cellsPerUnit = dimensions === 1 ? GRID_CELLS / this.#limits[0] : 0;
    next: for (let j = 0; j < from.count; j++) {
      const r = reduced[j] + step.reduced;
      if (r < least) break;
      const v = value[j] + step.value;
      for (let d = 0; d < dimensions; d++) if (costs[d][j] + step.costs[d] > this.#limits[d]) continue next;
      if (dimensions === 1) {
        const cell = Math.floor((costs[0][j] + step.costs[0]) * cellsPerUnit);
        if (cell > 0 && this.#grid[cell - 1] >= v) continue;
      }
      if (this.#count === this.#value.length) this.#grow();
      const at = this.#count++;
      this.#value[at] = v;
      this.#reduced[at] = r;
      for (let d = 0; d < dimensions; d++) this.#costs[d][at] = costs[d][j] + step.costs[d];
      if (this.#count >= this.#compactAt) {
        this.#compact();
        this.#compactAt = Math.max(1 << 14, 2 * this.#count);
      }
    }
  }

  /** Adds labels as they are. */
  append(from: Labels): void {
    this.extend(from, { value: 0, reduced: 0, costs: new Float64Array(this.#limits.length) }, Number.NEGATIVE_INFINITY);
  }

  /** The undominated labels, in order of falling reduced value, those that `keep` lets through, at most `most`; the collector is empty afterwards. */
  finish(most?: number, keep?: (value: number, costs: readonly Float64Array[], at: number) => boolean): Labels {
    if (keep !== undefined) this.#filter(keep);
    this.#compact();
    const order = sortedBy(this.#reduced, this.#count)
      .reverse()
      .subarray(0, most ?? this.#count);
    const pick = (column: Float64Array) => Float64Array.from(order, (i) => column[i]);
    const labels = {
      count: order.length,
      value: pick(this.#value),
      reduced: pick(this.#reduced),
      costs: this.#costs.map(pick),
    };
    this.clear();
    return labels;
  }

  #filter(keep: (value: number, costs: readonly Float64Array[], at: number) => boolean): void {
    let count = 0;
    for (let i = 0; i < this.#count; i++) if (keep(this.#value[i], this.#costs, i)) this.#move(i, count++);
    this.#count = count;
  }

  #move(from: number, to: number): void {
    this.#value[to] = this.#value[from];
    this.#reduced[to] = this.#reduced[from];
    for (const column of this.#costs) column[to] = column[from];
  }

  #grow(): void {
    const longer = (column: Float64Array) => {
      const copy = new Float64Array(column.length * 2);
      copy.set(column);
      return copy;
    };
    this.#value = longer(this.#value);
    this.#reduced = longer(this.#reduced);
    this.#costs = this.#costs.map(longer);
  }

  #compact(): void {
    const kept = markUndominated(this.#value, this.#costs, this.#count);
    let count = 0;
    for (let i = 0; i < this.#count; i++) if (kept[i] === 1) this.#move(i, count++);
    this.#count = count;
    if (this.#costs.length === 1) this.#fillGrid();
  }

  #fillGrid(): void {
    const cost = this.#costs[0];
    const grid = this.#grid.fill(Number.NEGATIVE_INFINITY);
    const cellsPerUnit = GRID_CELLS / this.#limits[0];
    for (let i = 0; i < this.#count; i++) {
      const cell = Math.floor(cost[i] * cellsPerUnit);
      if (this.#value[i] > grid[cell]) grid[cell] = this.#value[i];
    }
    for (let cell = 1; cell <= GRID_CELLS; cell++) if (grid[cell - 1] > grid[cell]) grid[cell] = grid[cell - 1];
  }
}

/** The one label of the empty suffix. */
export function rootLabel(dimensions: number): Labels {
  return {
    count: 1,
    value: Float64Array.of(0),
    reduced: Float64Array.of(0),
    costs: Array.from({ length: dimensions }, () => Float64Array.of(0)),
  };
}

/** Indices in rising order of keys. */
function sortedBy(keys: Float64Array, count: number): Int32Array {
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order.sort((i, j) => keys[i] - keys[j] || i - j);
}

/**
 * Marks the labels that no other beats. Labels are visited in rising order of the first cost; the best value seen so far for every
 * rank of the second cost is in a Fenwick tree (prefix maxima), one tree a cell of the other costs.
 */
function markUndominated(value: Float64Array, costs: readonly Float64Array[], count: number): Uint8Array {
  const kept = new Uint8Array(count);
  const order = costs.length === 0 ? sortedBy(value, count).reverse() : visitOrder(value, costs, count);
  const second = costs.length > 1 ? ranks(costs[1], count) : undefined;
  const size = second === undefined ? 1 : second.distinct;
  const coarse = costs.slice(2).map((column) => cells(column, count));
  const trees = coarse.reduce((product, c) => product * c.count, 1);
  const tree = new Float64Array(trees * (size + 1)).fill(Number.NEGATIVE_INFINITY);
  for (let n = 0; n < count; n++) {
    const i = order[n];
    const rank = second === undefined ? 1 : second.rank[i] + 1;
    let beaten = false;
    for (let t = 0; t < trees && !beaten; t++) {
      if (!treeBelow(coarse, t, i)) continue;
      for (let r = rank; r > 0 && !beaten; r -= r & -r) beaten = tree[t * (size + 1) + r] >= value[i];
    }
    if (beaten) continue;
    kept[i] = 1;
    let t = 0;
    for (const c of coarse) t = t * c.count + c.cell[i];
    for (let r = rank; r <= size; r += r & -r) {
      const at = t * (size + 1) + r;
      if (value[i] > tree[at]) tree[at] = value[i];
    }
  }
  return kept;
}

interface Cells {
  readonly count: number;
  readonly cell: Uint8Array;
  /** 1 where all labels of the cell have the same cost, so that its own labels may be compared. */
  readonly uniform: Uint8Array;
}

/** Whether every label of tree t costs no more than label i in the costs behind the second. */
function treeBelow(coarse: readonly Cells[], t: number, i: number): boolean {
  let rest = t;
  for (let k = coarse.length - 1; k >= 0; k--) {
    const { count, cell, uniform } = coarse[k];
    const of = rest % count;
    rest = (rest - of) / count;
    if (of > cell[i] || (of === cell[i] && uniform[of] === 0)) return false;
  }
  return true;
}

function cells(column: Float64Array, count: number): Cells {
  const { rank, distinct } = ranks(column, count);
  const cellCount = Math.min(distinct, COARSE_CELLS);
  const cell = new Uint8Array(count);
  const members = new Int32Array(cellCount);
  for (let r = 0; r < distinct; r++) members[Math.floor((r * cellCount) / distinct)]++;
  for (let i = 0; i < count; i++) cell[i] = Math.floor((rank[i] * cellCount) / distinct);
  return { count: cellCount, cell, uniform: Uint8Array.from(members, (m) => (m === 1 ? 1 : 0)) };
}

function ranks(column: Float64Array, count: number): { rank: Int32Array; distinct: number } {
  const order = sortedBy(column, count);
  const rank = new Int32Array(count);
  let distinct = 0;
  for (let n = 0; n < count; n++) {
    if (n > 0 && column[order[n]] !== column[order[n - 1]]) distinct++;
    rank[order[n]] = distinct;
  }
  return { rank, distinct: count === 0 ? 0 : distinct + 1 };
}

/** Rising order of all costs in turn, then falling value: whoever may beat a label comes before it. */
function visitOrder(value: Float64Array, costs: readonly Float64Array[], count: number): Int32Array {
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  if (costs.length === 1) {
    const cost = costs[0];
    return order.sort((i, j) => cost[i] - cost[j] || value[j] - value[i] || i - j);
  }
  return order.sort((i, j) => {
    for (const column of costs) if (column[i] !== column[j]) return column[i] - column[j];
    return value[j] - value[i] || i - j;
  });
}
