/** Candidates as typed arrays: genome i is bytes i * genomeLength onwards, its score is scores[i]. */
export interface Candidates {
  readonly count: number;
  readonly genomes: Uint8Array;
  readonly scores: Float64Array;
}

/** The best distinct genomes so far, best first, ties broken by genome bytes; at most `capacity`. */
export class Population {
  readonly capacity: number;
  readonly genomeLength: number;
  count = 0;
  genomes: Uint8Array;
  scores: Float64Array;
  #nextGenomes: Uint8Array;
  #nextScores: Float64Array;

  /** @param room for twice as many genomes as the population may have */
  constructor(capacity: number, genomeLength: number, room: Uint8Array = new Uint8Array(2 * capacity * genomeLength)) {
    const bytes = capacity * genomeLength;
    this.capacity = capacity;
    this.genomeLength = genomeLength;
    this.genomes = room.subarray(0, bytes);
    this.scores = new Float64Array(capacity);
    this.#nextGenomes = room.subarray(bytes, 2 * bytes);
    this.#nextScores = new Float64Array(capacity);
  }

  /** Copies member `i` to `at`. */
  copy(i: number, genomes: Uint8Array, at: number): void {
    const from = i * this.genomeLength;
    for (let j = 0; j < this.genomeLength; j++) genomes[at + j] = this.genomes[from + j];
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
    let old = 0;
    let young = 0;
    let count = 0;
    while (count < this.capacity && (old < this.count || young < entering.length)) {
      const candidate = entering[young];
      const keepsOld =
        young === entering.length ||
        (old < this.count &&
          (this.scores[old] > scores[candidate] ||
            (this.scores[old] === scores[candidate] &&
              compareBytes(this.genomes, old * length, genomes, candidate * length, length) < 0)));
      const source = keepsOld ? this.genomes : genomes;
      const from = (keepsOld ? old++ : entering[young++]) * length;
      for (let j = 0; j < length; j++) this.#nextGenomes[count * length + j] = source[from + j];
      this.#nextScores[count] = keepsOld ? this.scores[old - 1] : scores[candidate];
      count++;
    }
    this.count = count;
    [this.genomes, this.#nextGenomes] = [this.#nextGenomes, this.genomes];
    [this.scores, this.#nextScores] = [this.#nextScores, this.scores];
  }
}

function compareBytes(a: Uint8Array, i: number, b: Uint8Array, j: number, length: number): number {
  for (let n = 0; n < length; n++) {
    const difference = a[i + n] - b[j + n];
    if (difference !== 0) return difference;
  }
  return 0;
}
