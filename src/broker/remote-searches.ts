import { randomUUID } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import { brotliDecompressSync } from "node:zlib";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { UserError } from "../base/user-error.ts";
import { BLOCK, PREFIX } from "./connection.ts";
import { REFUSALS, type Workers } from "./remote-transport.ts";
import { replyKey } from "./score-jobs.ts";
import { type KeptSearch, type SearchAnswer, type SearchJob, searchJobOptions, searchQueue } from "./search-jobs.ts";

/** Milliseconds between two looks at a search that is not finished. */
const LOOK = 2000;
/** Bytes of an archive, at most. */
const MOST = 256e6;
/** A search is sent so often before it is not looked for any more whether it was sent before. */
const RESENT = 8;

export interface RemoteSearchesOptions {
  /** By `searchBuild`. */
  readonly build: string;
  readonly workers: Workers;
  readonly shown: string;
}

/** What a worker answered. */
export interface Searched {
  readonly worker: string;
  readonly answer: Exclude<SearchAnswer, "stopped">;
}

/** Has whole searches run by workers of the same build and program. */
export class RemoteSearches {
  readonly #options: RemoteSearchesOptions;
  readonly #queue: Queue<SearchJob, KeptSearch>;
  readonly #session = randomUUID();
  /** Ends the wait for the next look, by job. */
  readonly #waiting = new Map<string, () => void>();
  readonly #replies: Redis;
  #closed = false;

  constructor(redis: Redis, options: RemoteSearchesOptions) {
    this.#options = options;
    this.#queue = new Queue(searchQueue(options.build), { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
    this.#queue.on("error", () => {});
    this.#replies = redis.duplicate({ retryStrategy: () => 500 });
    this.#replies.on("error", () => {});
    this.#receive();
  }

  /**
   * Waits until a search is finished, wherever that is. One whose worker is gone is sent once more, and the first that finishes it counts.
   * @param take keeps the answer, or says that it is not believed; only then is it forgotten there
   * @throws the signal's reason; UserError where the broker refuses
   */
  async run(
    { id, config, bound }: Pick<SearchJob, "id" | "config" | "bound">,
    take: (searched: Searched) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<void> {
    const data: SearchJob = { id, config, bound, session: this.#session };
    const suspects = new Set<string>();
    for (let sent = await this.#lastSent(id); ; ) {
      const name = `${id}.${sent}`;
      if (signal.aborted) {
        // One that a worker has in hand stays: its result is there when the sweep goes on.
        await this.#queue.remove(name).catch(() => 0);
        throw signal.reason;
      }
      try {
        const job = await this.#queue.getJob(name);
        if (job === undefined) await this.#queue.add("search", data, { ...searchJobOptions, jobId: name });
        else if (job.finishedOn !== undefined && job.returnvalue) {
          const believed = await take(searchedOf(job.returnvalue));
          if (believed) return await this.#forget(id, sent);
          await job.remove();
        } else if (job.processedBy !== undefined && !(await this.#options.workers.lives(job.processedBy))) {
          // Twice in a row: a sign of life may be late.
          if (suspects.has(name)) sent++;
          suspects.add(name);
        } else suspects.delete(name);
      } catch (error) {
        const reason = (error as Error).message.split("\n")[0];
        if (REFUSALS.test(reason)) {
          throw new UserError(`${this.#options.shown}: refused what it was given (${reason}); mend that`);
        }
        if (error instanceof UserError) throw error;
      }
      if (sent > 0 && (await this.#earlierIsFinished(id, sent))) sent--;
      else await this.#pause(name, signal);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#replies.disconnect();
    await this.#queue.close();
  }

  /** Of a sweep that was killed: the job that is finished, or the last that was sent; 0 where there is none. */
  async #lastSent(id: string): Promise<number> {
    let last = 0;
    for (let sent = 0; sent < RESENT; sent++) {
      const job = await this.#queue.getJob(`${id}.${sent}`);
      if (job?.returnvalue) return sent;
      if (job !== undefined) last = sent;
    }
    return last;
  }

  /** The worker that was given up may have finished it after all. */
  async #earlierIsFinished(id: string, sent: number): Promise<boolean> {
    const job = await this.#queue.getJob(`${id}.${sent - 1}`);
    return job?.finishedOn !== undefined && Boolean(job.returnvalue);
  }

  async #forget(id: string, sent: number): Promise<void> {
    for (let i = 0; i <= sent + 1; i++) await this.#queue.remove(`${id}.${i}`).catch(() => 0);
  }

  async #pause(name: string, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    this.#waiting.set(name, () => over.abort());
    await after(LOOK, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => {});
    this.#waiting.delete(name);
  }

  async #receive(): Promise<void> {
    while (!this.#closed) {
      try {
        const taken = await this.#replies.blpop(replyKey(this.#session), BLOCK);
        if (taken !== null) this.#waiting.get(taken[1])?.();
      } catch {
        // The looks find it as well.
        if (!this.#closed) await after(BLOCK * 1000);
      }
    }
  }
}

function searchedOf({ worker, ...kept }: KeptSearch): Searched {
  if ("reason" in kept) return { worker, answer: { reason: kept.reason } };
  const archive = brotliDecompressSync(Buffer.from(kept.archive, "base64"), { maxOutputLength: MOST });
  return { worker, answer: { result: kept.result, archive } };
}
