import { UserError } from "../base/user-error.ts";
import type { Batch } from "./batches.ts";
import { type Transport, TransportDown } from "./transport.ts";

/** How often a candidate is scored alone before it is set aside, or before its run stops. */
const TRIES = 3;
/** Candidates set aside with no batch scored in between: then it is the machine, not they. */
const MOST_IN_A_ROW = 16;

/** A batch that was not scored in its time. What that says is about the machine as much as about the batch. */
export class OutOfTime extends Error {
  /** That it got. */
  readonly seconds: number;

  constructor(seconds: number) {
    super("its thread took too long");
    this.seconds = seconds;
  }
}

/**
 * What comes of batches that are lost. The two halves are scored again, down to the candidate that is to blame. One whose scoring threw or
 * ended what scored it three times is set aside as a failure with its reason; one that only ran out of time, as often, decides nothing: a
 * busy machine or another clock would have scored it, so the run stops and may go on later.
 */
export class Retries {
  /** What went wrong so far, by reason. */
  readonly faults = new Map<string, number>();
  readonly #transport: Pick<Transport, "slots">;
  #setAsideInARow = 0;
  #downInARow = 0;

  /** @param transport of whose slots all lose their batches at once where it is down */
  constructor(transport: Pick<Transport, "slots">) {
    this.#transport = transport;
  }

  scored(): void {
    this.#setAsideInARow = 0;
    this.#downInARow = 0;
  }

  /**
   * @returns the batches to be scored in the place of a lost one, or why its only candidate is set aside
   * @throws UserError where it is not the candidates' fault
   */
  lost(batch: Batch, error: unknown): readonly Batch[] | string {
    const { first, end } = batch;
    const reason = error instanceof Error ? error.message : String(error);
    this.faults.set(reason, (this.faults.get(reason) ?? 0) + 1);
    if (error instanceof TransportDown) {
      if (++this.#downInARow < TRIES * this.#transport.slots) return [batch];
      throw new UserError(`nothing could be scored: ${reason}; mend the cause`, "resume");
    }
    if (end - first > 1) {
      const middle = (first + end) >> 1;
      const none = { faults: 0, timeouts: 0 };
      return [
        { first: middle, end, ...none },
        { first, end: middle, ...none },
      ];
    }
    const late = error instanceof OutOfTime;
    const faults = batch.faults + (late ? 0 : 1);
    const timeouts = batch.timeouts + (late ? 1 : 0);
    if (late && timeouts === TRIES) {
      throw new UserError(
        `a network was not scored in its time, ${TRIES} times, at last in ${error.seconds.toPrecision(3)} s; the machine is busy or ` +
          "was asleep, or the network takes too long; free the machine",
        "resume",
      );
    }
    if (faults < TRIES) return [{ first, end, faults, timeouts }];
    if (++this.#setAsideInARow >= MOST_IN_A_ROW) {
      throw new UserError(
        `${MOST_IN_A_ROW} candidates in a row could not be scored: ${reason}; mend the cause`,
        "resume",
      );
    }
    return `scoring failed ${TRIES} times: ${reason}`;
  }
}
