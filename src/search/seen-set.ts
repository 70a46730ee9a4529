/** What the seen-set knows of a genome; a sum of these. */
export const Seen = {
  /** Bred in this run. */
  inRun: 1,
  /** Its score is in the archive. */
  archived: 2,
  /** Scoring it failed; there is no score. */
  failed: 4,
} as const;

const EMPTY = 0;

/**
 * Every genome known to a run, by the 64-bit hash of its bytes: open addressing with linear probing, at most 60% full.
 * Two genomes with one hash would count as one; among 10 million the odds are 3 in a million, and the result is still repeatable.
 */
export class SeenSet {
  #mask: number;
  #low: Uint32Array;
  #high: Uint32Array;
  #flags: Uint8Array;
  #scores: Float64Array;
  #size = 0;
  /** The hash of the last `find`. */
  low = 0;
  high = 0;

  constructor(capacity = 1 << 16) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, capacity / 0.6)));
    this.#mask = slots - 1;
    this.#low = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    this.#flags = new Uint8Array(slots);
    this.#scores = new Float64Array(slots);
  }

  get size(): number {
    return this.#size;
  }

  /** Hashes `length` bytes from `at` on; the slot that holds the genome, or ~slot of the free one. */
  find(genomes: Uint8Array, at: number, length: number): number {
    let a = 0x9e3779b9 | 0;
    let b = 0x85ebca6b | 0;
    const end = at + length;
    let i = at;
    for (; i + 4 <= end; i += 4) {
      const word = genomes[i] | (genomes[i + 1] << 8) | (genomes[i + 2] << 16) | (genomes[i + 3] << 24);
      a = Math.imul(a ^ word, 0xcc9e2d51);
      a ^= a >>> 15;
      b = Math.imul((b + word) ^ (b >>> 13), 0x1b873593);
    }
    let word = 0;
    for (; i < end; i++) word = (word << 8) | genomes[i];
    a = Math.imul(a ^ word, 0xcc9e2d51);
    b = Math.imul((b + word) ^ (b >>> 13), 0x1b873593);
    a = Math.imul(a ^ (a >>> 16) ^ b, 0x21f0aaad);
    b = Math.imul(b ^ (b >>> 15) ^ a, 0x735a2d97);
    return this.findHash((a ^ (a >>> 15)) >>> 0, (b ^ (b >>> 16)) >>> 0);
  }

  findHash(low: number, high: number): number {
    this.low = low;
    this.high = high;
    const mask = this.#mask;
    let slot = (low ^ Math.imul(high, 0x9e3779b1)) & mask;
    while (this.#flags[slot] !== EMPTY) {
      if (this.#low[slot] === low && this.#high[slot] === high) return slot;
      slot = (slot + 1) & mask;
    }
    return ~slot;
  }

  flags(slot: number): number {
    return this.#flags[slot];
  }

  score(slot: number): number {
    return this.#scores[slot];
  }

  mark(slot: number, flags: number): void {
    this.#flags[slot] |= flags;
  }

  /** Adds the genome of the last `find`, which must have answered ~slot. */
  add(free: number, flags: number, score: number): void {
    const slot = ~free;
    this.#low[slot] = this.low;
    this.#high[slot] = this.high;
    this.#flags[slot] = flags;
    this.#scores[slot] = score;
    if (++this.#size > this.#mask * 0.6) this.#grow();
  }

  #grow(): void {
    const low = this.#low;
    const high = this.#high;
    const flags = this.#flags;
    const scores = this.#scores;
    const slots = (this.#mask + 1) * 2;
    this.#mask = slots - 1;
    this.#low = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    this.#flags = new Uint8Array(slots);
    this.#scores = new Float64Array(slots);
    for (let i = 0; i < flags.length; i++) {
      if (flags[i] === EMPTY) continue;
      const slot = ~this.findHash(low[i], high[i]);
      this.#low[slot] = low[i];
      this.#high[slot] = high[i];
      this.#flags[slot] = flags[i];
      this.#scores[slot] = scores[i];
    }
  }
}
