/** Scores closer than this count as equal. */
const TOLERANCE = 1e-9;

export interface Point {
  readonly cost: number;
  readonly score: number;
}

/** What is known of a front of one cost: points of rising cost and rising score, none of which another beats. */
export class Staircase<P extends Point> {
  #points: P[];

  /** @param points in rising order, none beaten by another */
  constructor(points: readonly P[] = []) {
    this.#points = [...points];
  }

  get points(): readonly P[] {
    return this.#points;
  }

  /** Whether a point would be kept: no other has at least its score at no more cost. */
  isNew({ cost, score }: Point): boolean {
    return score > this.scoreAt(cost) + TOLERANCE;
  }

  /** Keeps a point where no other beats it, and drops those that it beats. */
  add(point: P): void {
    if (!this.isNew(point)) return;
    const at = this.#below(point.cost);
    // A point of the same cost is among the beaten, since the new one scores more.
    const from = at > 0 && this.#points[at - 1].cost === point.cost ? at - 1 : at;
    let to = from;
    while (to < this.#points.length && this.#points[to].score <= point.score + TOLERANCE) to++;
    this.#points.splice(from, to - from, point);
  }

  /** Score of the best point of at most this cost, -Infinity where there is none. */
  scoreAt(cost: number): number {
    return this.#points[this.#below(cost) - 1]?.score ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Where whatever reaches a bar is known, and a network's height is its score + price * (from - its cost): the greatest cost at or below `from` at which a network that no
   * point beats may be missing.
   * @param least difference of two costs
   */
  settledTo({ from, price, bar, least }: { from: number; price: number; bar: number; least: number }): number {
    let limit = from;
    for (let i = this.#below(from) - 1; ; i--) {
      const score = this.#points[i]?.score ?? Number.NEGATIVE_INFINITY;
      if (score + price * (from - limit) < bar) return limit;
      limit = this.#points[i].cost - least;
    }
  }

  /** Number of points of at most this cost. */
  #below(cost: number): number {
    let [low, high] = [0, this.#points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle].cost <= cost) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
