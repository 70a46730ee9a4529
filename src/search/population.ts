/** Candidates as typed arrays: genome i is bytes i * genomeLength onwards, its score is scores[i]. */
export interface Candidates {
  readonly count: number;
  readonly genomes: Uint8Array;
  readonly scores: Float64Array;
}

/** The best distinct genomes so far, best first, ties broken by genome bytes; at most `capacity`. */
export class Population {
  /** May be set to less than what it was made with, and grow back to that. */
  capacity: number;
  readonly genomeLength: number;
  count = 0;
  readonly genomes: Uint8Array;
  readonly scores: Float64Array;

  /** @param genomes room for `capacity` of them */
  constructor(capacity: number, genomeLength: number, genomes: Uint8Array = new Uint8Array(capacity * genomeLength)) {
    this.capacity = capacity;
    this.genomeLength = genomeLength;
    this.genomes = genomes.subarray(0, capacity * genomeLength);
    this.scores = new Float64Array(capacity);
  }

  /** Copies member `i` to `at`. */
  copy(i: number, genomes: Uint8Array, at: number): void {
    copyBytes(genomes, at, this.genomes, i * this.genomeLength, this.genomeLength);
  }

  /** Takes in candidates that are not members yet; a NaN score never enters. */
  merge(candidates: Candidates): void {
    const { genomes, scores } = candidates;
    const full = this.count === this.capacity;
    const threshold = full ? this.scores[this.count - 1] : Number.NEGATIVE_INFINITY;
    const entering: number[] = [];
    for (let i = 0; i < candidates.count; i++) if (scores[i] >= threshold) entering.push(i);
    if (entering.length === 0) return;
    const length = this.genomeLength;
    entering.sort((x, y) => scores[y] - scores[x] || compareBytes(genomes, x * length, genomes, y * length, length));
    const memberFirst = (member: number, candidate: number) =>
      (this.scores[member] - scores[candidate] ||
        compareBytes(genomes, candidate * length, this.genomes, member * length, length)) > 0;
    const count = Math.min(this.capacity, this.count + entering.length);
    // How many of each stay; then from the last place on, so that members move to places that are free.
    let members = 0;
    let young = 0;
    while (members + young < count) {
      if (young === entering.length || (members < this.count && memberFirst(members, entering[young]))) members++;
      else young++;
    }
    this.count = count;
    for (let place = count - 1; young > 0; place--) {
      const candidate = entering[young - 1];
      const takesMember = members > 0 && !memberFirst(members - 1, candidate);
      const from = takesMember ? --members : candidate;
      if (!takesMember) young--;
      this.scores[place] = takesMember ? this.scores[from] : scores[from];
      copyBytes(this.genomes, place * length, takesMember ? this.genomes : genomes, from * length, length);
    }
  }
}

/** Copies `length` bytes. */
export function copyBytes(to: Uint8Array, i: number, from: Uint8Array, j: number, length: number): void {
  for (let n = 0; n < length; n++) to[i + n] = from[j + n];
}

function compareBytes(a: Uint8Array, i: number, b: Uint8Array, j: number, length: number): number {
  for (let n = 0; n < length; n++) {
    const difference = a[i + n] - b[j + n];
    if (difference !== 0) return difference;
  }
  return 0;
}
