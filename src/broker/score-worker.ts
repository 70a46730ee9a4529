import { setTimeout as after } from "node:timers/promises";
import { type Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { pack } from "msgpackr/pack";
import { TransportDown } from "../pool/transport.ts";
import { PREFIX } from "./connection.ts";
import {
  cancelKey,
  KEEP,
  type KeptAnswer,
  replyKey,
  type ScoreAnswer,
  type ScoreJob,
  scoreQueue,
  setupId,
  setupKey,
} from "./score-jobs.ts";
import { ScoringProcess } from "./scoring-process.ts";

/** Setups that are kept ready at once; more are started anew when they are asked for. */
const SETUPS = 4;
/** Milliseconds that a worker whose threads cannot start lets others go first. */
const DOWN_PAUSE = 500;
/** Tries, and milliseconds between them, to read a setup that was lost with a broker's memory and is on its way again. */
const SETUP_TRIES = 10;
const SETUP_PAUSE = 500;

export interface ScoreWorkerOptions {
  readonly name: string;
  readonly build: string;
  readonly threads: number;
  /** Checks a setup that the broker gave. @throws where it is none */
  readonly checked: (setup: Uint8Array) => Uint8Array;
  /** File of the threads, in the place of workers/score.cjs. */
  readonly worker?: string | undefined;
  readonly onError: (error: Error) => void;
}

/** What every worker of a queue is told: locks are renewed on its event loop, where nothing is ever scored. */
export const workerOptions = {
  prefix: PREFIX,
  lockDuration: 30_000,
  stalledInterval: 30_000,
  maxStalledCount: 0,
  drainDelay: 2,
  runRetryDelay: 500,
} as const;

/** Takes jobs of scoring from a broker and has them scored in processes of their own. */
export class ScoreWorker {
  readonly #redis: Redis;
  readonly #options: ScoreWorkerOptions;
  readonly #worker: Worker<ScoreJob, KeptAnswer>;
  /** By id of their setup, the one used last at the end. */
  readonly #processes = new Map<string, ScoringProcess>();
  readonly #inHand = new Map<string, AbortController>();
  /** When batches were done, in milliseconds; of the last minute. */
  #done: number[] = [];

  constructor(redis: Redis, options: ScoreWorkerOptions) {
    this.#redis = redis;
    this.#options = options;
    this.#worker = new Worker(scoreQueue(options.build), (job) => this.#answer(job), {
      ...workerOptions,
      connection: redis,
      concurrency: options.threads,
      name: options.name,
    });
    this.#worker.on("error", options.onError);
  }

  get inHand(): number {
    return this.#inHand.size;
  }

  get lastMinute(): number {
    const since = performance.now() - 60_000;
    this.#done = this.#done.filter((at) => at >= since);
    return this.#done.length;
  }

  /** Ends what is not wanted any more; to be called at every sign of life. */
  async look(): Promise<void> {
    const ids = [...this.#inHand.keys()];
    if (ids.length === 0) return;
    const cancelled = await this.#redis.mget(ids.map(cancelKey));
    for (const [i, id] of ids.entries()) {
      if (cancelled[i] !== null) this.#inHand.get(id)?.abort(new Error("not wanted any more"));
    }
  }

  /** Finishes what is in hand and takes nothing more. */
  async close(): Promise<void> {
    await this.#worker.close();
    await Promise.all([...this.#processes.values()].map((process) => process.close()));
  }

  async #answer(job: Job<ScoreJob, KeptAnswer>): Promise<KeptAnswer> {
    const { setup, request, session } = job.data;
    if (![setup, session].every((id) => /^[\w-]{1,40}$/.test(id)) || typeof request !== "string") {
      throw new Error("job of another kind");
    }
    const id = job.id!;
    const abort = new AbortController();
    this.#inHand.set(id, abort);
    const worker = this.#options.name;
    let reply: Uint8Array;
    let down = true;
    try {
      const process = await this.#processFor(setup);
      down = false;
      reply = await process.run(Buffer.from(request, "base64"), abort.signal);
    } catch (error) {
      if (abort.signal.aborted) throw error;
      down ||= error instanceof TransportDown;
      if (down) await after(DOWN_PAUSE);
      await this.#tell(session, { id, worker, error: (error as Error).message, down });
      throw error;
    } finally {
      this.#inHand.delete(id);
    }
    this.#done.push(performance.now());
    await this.#tell(session, { id, worker, reply });
    return { worker, reply: Buffer.from(reply).toString("base64") };
  }

  async #tell(session: string, answer: ScoreAnswer): Promise<void> {
    const key = replyKey(session);
    await Promise.all([this.#redis.rpush(key, pack(answer)), this.#redis.expire(key, KEEP)]);
  }

  async #processFor(setup: string): Promise<ScoringProcess> {
    let process = this.#processes.get(setup);
    if (process === undefined) {
      const bytes = await this.#setup(setup);
      process = this.#processes.get(setup) ?? new ScoringProcess(bytes, this.#options.threads, this.#options.worker);
    }
    this.#processes.delete(setup);
    this.#processes.set(setup, process);
    for (const [id, idle] of this.#processes) {
      if (this.#processes.size <= SETUPS) break;
      if (idle.inHand > 0 || idle === process) continue;
      this.#processes.delete(id);
      idle.close();
    }
    return process;
  }

  async #setup(id: string): Promise<Uint8Array> {
    for (let left = SETUP_TRIES; left > 0; left--) {
      const bytes = await this.#redis.getBuffer(setupKey(id));
      if (bytes !== null && setupId(bytes) === id) return this.#options.checked(bytes);
      await after(SETUP_PAUSE);
    }
    throw new Error("the broker has no such setup");
  }
}
