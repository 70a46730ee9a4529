import { median } from "../base/median.ts";

/** Seconds, of one genome: scoring it, and sending it, which is all that its message takes besides. */
export interface Figures {
  readonly score: number;
  readonly send: number;
}

/** What the messages of one generation took. Medians, since a thread's first message also fills its tables. */
export class Traffic {
  readonly #scoring: number[] = [];
  readonly #sending: number[] = [];
  readonly #genomes: number[] = [];

  /**
   * @param elapsed seconds from before the message was made until after its answer was read
   * @param scoring seconds of them that its thread scored
   */
  measured(elapsed: number, scoring: number, genomes: number): void {
    this.#scoring.push(scoring / genomes);
    this.#sending.push(Math.max(0, elapsed - scoring));
    this.#genomes.push(genomes);
  }

  /** Messages so far. */
  get count(): number {
    return this.#genomes.length;
  }

  /** Seconds that a message takes besides scoring. */
  get message(): number {
    return median(this.#sending);
  }

  get figures(): Figures {
    return { score: median(this.#scoring), send: this.message / median(this.#genomes) };
  }
}
