import { setTimeout as after } from "node:timers/promises";

/** Milliseconds that a generation in hand gets to be closed when the run is stopped. */
const STOP_GRACE = 3000;

/** A request to stop, and the time that the work in hand then still gets. */
export class Stopping {
  readonly #stop: AbortSignal | undefined;
  readonly #end = new AbortController();
  readonly #over: Promise<undefined>;

  constructor(stop: AbortSignal | undefined) {
    this.#stop = stop;
    const { signal } = this.#end;
    this.#over = new Promise((resolve) => {
      const grace = () =>
        after(STOP_GRACE, undefined, { signal }).then(
          () => resolve(undefined),
          () => {},
        );
      if (stop?.aborted) grace();
      else stop?.addEventListener("abort", grace, { once: true, signal });
    });
  }

  get asked(): boolean {
    return this.#stop?.aborted ?? false;
  }

  /** What the work gives, or undefined where it is still not done when the time is over. */
  race<T>(work: Promise<T>): Promise<T | undefined> {
    // Work that is left behind fails when its pool is closed.
    work.catch(() => {});
    return this.#stop === undefined ? work : Promise.race([work, this.#over]);
  }

  end(): void {
    this.#end.abort();
  }
}
