/** What the seen-set knows of a genome; a sum of these. */
export const Seen = {
  /** Bred in this run. */
  inRun: 1,
  /** Its score is in the archive. */
  archived: 2,
  /** Scoring it failed; there is no score. */
  failed: 4,
} as const;

const FLAGS = 7;

/**
 * Every genome known to a run, by a 61-bit hash of its bytes: open addressing with linear probing, at most 60% full, hash and flags in
 * neighbouring words so that a lookup touches one cache line. Two genomes with one hash would count as one; among 10 million the odds
 * are 1 in 50,000, and the result is still repeatable.
 */
export class SeenSet {
  #mask: number;
  /** A slot is two words: the low hash word; the high one with the flags in its lowest bits, 0 where the slot is free. */
  #words: Uint32Array;
  /** Scores that came from the archive, by slot; NaN for a failure. */
  #scores: Float64Array;
  /** Numbers of the archive's rows that hold them, by slot; made for the first that has one. */
  #places: Uint32Array | undefined;
  #size = 0;
  /** What was touched: it is read by nobody, but a load whose value goes nowhere would be dropped. */
  #touched = 0;
  /** The hash of the last `find`. */
  low = 0;
  high = 0;

  constructor(capacity = 1 << 16) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, capacity / 0.6)));
    this.#mask = slots - 1;
    this.#words = new Uint32Array(2 * slots);
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
    this.high = (high & ~FLAGS) >>> 0;
    const mask = this.#mask;
    const words = this.#words;
    let slot = this.#slotOf(low, this.high);
    for (let word = words[2 * slot + 1]; word !== 0; word = words[2 * slot + 1]) {
      if (words[2 * slot] === low && (word & ~FLAGS) >>> 0 === this.high) return slot;
      slot = (slot + 1) & mask;
    }
    return ~slot;
  }

  /** Fetches the slots where a hash would be found into the caches, without waiting for them. */
  touch(low: number, high: number): void {
    this.#touched ^= this.#words[2 * this.#slotOf(low, (high & ~FLAGS) >>> 0) + 1];
  }

  /** Whether a slot, as the finders answer it, holds a genome that was bred in this run. */
  isInRun(slot: number): boolean {
    return slot >= 0 && (this.#words[2 * slot + 1] & Seen.inRun) !== 0;
  }

  flags(slot: number): number {
    return this.#words[2 * slot + 1] & FLAGS;
  }

  score(slot: number): number {
    return this.#scores[slot];
  }

  /** Number of the row that holds the genome, 0 where it is not known. */
  place(slot: number): number {
    return this.#places?.[slot] ?? 0;
  }

  mark(slot: number, flags: number): void {
    this.#words[2 * slot + 1] |= flags;
  }

  /**
   * Adds the genome of the last `find`, which must have answered ~slot.
   * @param flags not 0
   * @param place number of the archive's row that holds it
   */
  add(free: number, flags: number, score = 0, place = 0): void {
    const slot = ~free;
    this.#words[2 * slot] = this.low;
    this.#words[2 * slot + 1] = this.high | flags;
    if (score !== 0) this.#scores[slot] = score;
    if (place !== 0) {
      this.#places ??= new Uint32Array(this.#scores.length);
      this.#places[slot] = place;
    }
    if (++this.#size > this.#mask * 0.6) this.#grow();
  }

  /** Where the probing for a hash begins. */
  #slotOf(low: number, high: number): number {
    return (low ^ Math.imul(high, 0x9e3779b1)) & this.#mask;
  }

  #grow(): void {
    const words = this.#words;
    const scores = this.#scores;
    const places = this.#places;
    const slots = (this.#mask + 1) * 2;
    this.#mask = slots - 1;
    this.#words = new Uint32Array(2 * slots);
    this.#scores = new Float64Array(slots);
    this.#places = places && new Uint32Array(slots);
    const { low, high } = this;
    for (let i = 0; i < scores.length; i++) {
      const word = words[2 * i + 1];
      if (word === 0) continue;
      const slot = ~this.findHash(words[2 * i], word);
      this.#words[2 * slot] = words[2 * i];
      this.#words[2 * slot + 1] = word;
      this.#scores[slot] = scores[i];
      if (places !== undefined) this.#places![slot] = places[i];
    }
    this.low = low;
    this.high = high;
  }
}
