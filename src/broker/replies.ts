import { setTimeout as after } from "node:timers/promises";
import type { Redis } from "ioredis";
import { unpack } from "msgpackr/pack";
import { BLOCK } from "./connection.ts";
import { replyKey, type ScoreAnswer } from "./score-jobs.ts";

/** Milliseconds for which replies gather after some were taken: batches that began together end together, and waking up costs more than a reply. */
const TOGETHER = 2;
/** Milliseconds until a broker that refused is asked again. */
const ERROR_PAUSE = 500;
/** Replies that are taken at once, beside the first. */
const MOST = 256;

export interface RepliesOptions {
  readonly onAnswer: (answer: ScoreAnswer) => void;
  readonly onError: (error: unknown) => void;
}

/** The list of replies of a session, on a connection of its own, since waiting for one blocks it. */
export class Replies {
  readonly #redis: Redis;
  readonly #key: string;
  #closed = false;

  constructor(redis: Redis, session: string, options: RepliesOptions) {
    this.#redis = redis.duplicate({ retryStrategy: () => 500 });
    this.#redis.on("error", () => {});
    this.#key = replyKey(session);
    this.#receive(options);
  }

  close(): void {
    this.#closed = true;
    this.#redis.disconnect();
  }

  async #receive({ onAnswer, onError }: RepliesOptions): Promise<void> {
    while (!this.#closed) {
      try {
        for (const reply of await this.#next()) onAnswer(unpack(reply) as ScoreAnswer);
      } catch (error) {
        if (!this.#closed) onError(error);
        await after(ERROR_PAUSE);
      }
      await after(TOGETHER);
    }
  }

  /** Waits for a reply, and takes what else is there. */
  async #next(): Promise<Buffer[]> {
    const asked = this.#redis.pipeline().blpopBuffer(this.#key, BLOCK).lpopBuffer(this.#key, MOST);
    const [[failed, first], [, more]] = (await asked.exec()) as [
      [Error | null, [Buffer, Buffer] | null],
      [Error | null, Buffer[] | null],
    ];
    if (failed !== null) throw failed;
    return first === null ? [] : [first[1], ...(more ?? [])];
  }
}
