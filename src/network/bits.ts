/** Bits that a full-precision conv is charged for. */
export const FULL_PRECISION_BITS = 8;

/** Bits of a conv's input activations and of its weights. */
export interface BitPair {
  readonly a: number;
  readonly w: number;
}

export function packBits(pair: BitPair): number {
  return (pair.a << 4) | pair.w;
}

/** The legal bit pairs of a conv as bytes (a << 4 | w, 0 is full precision), and the pair one step up or down from each. */
export class BitSteps {
  readonly pairs: Uint8Array;
  /** next[kind * 256 + pair], kind 0: a down, 1: a up, 2: w down, 3: w up; the pair itself where there is no such step. */
  readonly next = new Uint8Array(1024);
  readonly #legal = new Uint8Array(256);

  constructor(pairs: readonly BitPair[]) {
    this.pairs = Uint8Array.from(new Set(pairs.map(packBits))).sort();
    for (const pair of this.pairs) this.#legal[pair] = 1;
    for (const pair of this.pairs) {
      for (let kind = 0; kind < 4; kind++) this.next[kind * 256 + pair] = this.step(pair, kind);
    }
  }

  has(pair: number): boolean {
    return this.#legal[pair] === 1 || (pair === 0 && this.pairs.length === 0);
  }

  /**
   * The nearest legal pair in one direction: first the other member stays, then the closest that has the nearest value.
   * @param pair legal or not
   * @param kind as of `next`
   * @returns the pair itself where there is no such step
   */
  step(pair: number, kind: number): number {
    const up = kind % 2 === 1;
    const ofA = kind < 2;
    const member = (p: number) => (ofA ? p >> 4 : p & 15);
    const other = (p: number) => (ofA ? p & 15 : p >> 4);
    let best = pair;
    let bestKey = Number.POSITIVE_INFINITY;
    for (const candidate of this.pairs) {
      const distance = up ? member(candidate) - member(pair) : member(pair) - member(candidate);
      if (distance <= 0) continue;
      const change = Math.abs(other(candidate) - other(pair));
      const key = (change === 0 ? 0 : 1000) + distance * 16 + change;
      if (key < bestKey) {
        bestKey = key;
        best = candidate;
      }
    }
    return best;
  }
}
