import type { Config } from "../config/config.ts";
import type { Checkpoint } from "../search/loop.ts";
import { type Candidates, Population } from "../search/population.ts";
import { SeenSet } from "../search/seen-set.ts";
import { sizesAfter } from "../search/sizes.ts";

const FOUND = 2;

/**
 * Holds the population of a run's checkpoint against the run's candidates, taken in any order: the best of all must be its first members, as many as
 * the population had room for at its smallest, since these are never dropped; and every member must be a candidate with that score.
 */
export class PopulationCheck {
  readonly #checkpoint: Checkpoint;
  readonly #length: number;
  readonly #best: Population;
  /** Members by genome; their scores are places in the checkpoint. */
  readonly #members: SeenSet;
  #found = 0;

  constructor({ search }: Config, genomeLength: number, checkpoint: Checkpoint) {
    this.#checkpoint = checkpoint;
    this.#length = genomeLength;
    this.#best = new Population(sizesAfter(0, search).members, genomeLength);
    const { genomes, scores } = checkpoint;
    this.#members = new SeenSet(scores.length);
    for (let i = 0; i < scores.length; i++) {
      const slot = this.#members.find(genomes, i * genomeLength, genomeLength);
      if (slot < 0) this.#members.add(slot, 1, i);
    }
  }

  take(candidates: Candidates): void {
    this.#best.merge(candidates);
    const { count, genomes, scores } = candidates;
    for (let i = 0; i < count; i++) {
      const slot = this.#members.find(genomes, i * this.#length, this.#length);
      if (slot < 0 || this.#members.flags(slot) >= FOUND) continue;
      if (this.#checkpoint.scores[this.#members.score(slot)] !== scores[i]) continue;
      this.#members.mark(slot, FOUND);
      this.#found++;
    }
  }

  /** Whether the population can be what selection left of the candidates taken. */
  get passed(): boolean {
    const { genomes, scores } = this.#checkpoint;
    const best = this.#best;
    const first = genomes.subarray(0, best.count * this.#length);
    return (
      this.#found === scores.length &&
      scores.every((score, i) => i === 0 || score <= scores[i - 1]) &&
      best.scores.subarray(0, best.count).every((score, i) => Object.is(score, scores[i])) &&
      Buffer.compare(first, best.genomes.subarray(0, best.count * this.#length)) === 0
    );
  }
}
