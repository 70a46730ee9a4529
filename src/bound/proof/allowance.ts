import { UserError } from "../../base/user-error.ts";

/** What checking a certificate may take. */
export interface CheckLimits {
  /** Bytes of tables and labels; 400 MB if absent. */
  readonly bytes?: number;
  /** Answers whether the time is up; asked now and then. */
  readonly isLate?: () => boolean;
}

const DEFAULT_BYTES = 400e6;
/** Steps from one look at the clock to the next. */
const STEPS = 100_000;

/** Counts what a check takes, and ends it where that is too much. */
export class Allowance {
  readonly #most: number;
  readonly #isLate: () => boolean;
  #bytes = 0;
  /** Until the next look at the clock. */
  #steps = STEPS;

  constructor({ bytes = DEFAULT_BYTES, isLate = () => false }: CheckLimits) {
    this.#most = bytes;
    this.#isLate = isLate;
  }

  /** @throws UserError where it is more than is allowed */
  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#most) {
      throw new UserError(
        `expected a proof that is checked in ${this.#most / 1e6} MB; it needs more; bound more closely`,
        "moreMemory",
      );
    }
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** @throws UserError where the time is up */
  step(steps = 1): void {
    this.#steps -= steps;
    if (this.#steps > 0) return;
    this.#steps = STEPS;
    if (this.#isLate())
      throw new UserError("expected a proof that is checked in the time given; it needs more", "moreTime");
  }
}
