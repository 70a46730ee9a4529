/**
 * The random numbers of one child: a xoroshiro64** stream whose 64-bit state is a pure function of (seed, generation, child),
 * so that any child can be bred again on its own, on any thread and after any interruption.
 */
export class RandomStream {
  #a = 0;
  #b = 0;

  /**
   * @param seed whole, 0 to 2^53 - 1
   * @param generation,child whole, 0 to 2^32 - 1
   */
  reset(seed: number, generation: number, child: number): void {
    const low = seed >>> 0;
    const high = Math.floor(seed / 4294967296) >>> 0;
    let h = mix(low ^ 0x9e3779b9);
    h = mix(h ^ high ^ 0x7f4a7c15);
    h = mix((h + generation) ^ 0x85ebca6b);
    this.#a = mix((h + Math.imul(child, 0x9e3779b1)) ^ 0x165667b1);
    this.#b = mix((Math.imul(h, 0xc2b2ae35) ^ child) + 0x27d4eb2f);
    // The all-zero state is the generator's only fixed point.
    if ((this.#a | this.#b) === 0) this.#a = 1;
  }

  /** 32 random bits. */
  next(): number {
    const a = this.#a;
    const m = Math.imul(a, 0x9e3779bb);
    const result = Math.imul((m << 5) | (m >>> 27), 5) >>> 0;
    const b = this.#b ^ a;
    this.#a = ((a << 26) | (a >>> 6)) ^ b ^ (b << 9);
    this.#b = (b << 13) | (b >>> 19);
    return result;
  }

  /** A whole number from 0 to n - 1, n up to 2^21 exactly in a double. */
  below(n: number): number {
    return Math.floor((this.next() * n) / 4294967296);
  }
}

/** A bijection of 32 bits in which every input bit reaches every output bit. */
function mix(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}
