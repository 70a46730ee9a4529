/**
 * Carries messages to where they are scored. Its contract, which test/pool/transport-contract.ts runs on every implementation:
 * `run` answers a request with the bytes of its reply, up to `slots` of them at once, further ones as slots become free; it rejects where
 * scoring threw or what scored died, in words that stay the same from one time to the next, and the slot is then filled anew; an aborted
 * signal ends what scores, and `run` rejects with the signal's reason; where nothing that could score lives, what is in hand rejects with
 * `TransportDown`, and so does everything until `restart`, which does nothing to a transport that lives; `close` ends everything, what is in
 * hand rejects, and it may be called twice.
 *
 * It neither reads messages nor repeats them: batches, time limits and retries are the pool's.
 */
export interface Transport {
  /** Requests that are scored at the same time. */
  readonly slots: number;
  run(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  restart(): void;
  close(): Promise<void>;
}

/** What could score a request does not live; the request is not to blame. */
export class TransportDown extends Error {}
