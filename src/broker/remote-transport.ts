import { randomUUID } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import { type Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { median } from "../base/median.ts";
import { UserError } from "../base/user-error.ts";
import { type Transport, TransportDown } from "../pool/transport.ts";
import { PREFIX } from "./connection.ts";
import { Replies } from "./replies.ts";
import {
  cancelKey,
  contentId,
  jobOptions,
  KEEP,
  KEEP_SETUP,
  type KeptAnswer,
  type ScoreAnswer,
  type ScoreJob,
  scoreQueue,
  setupId,
  setupKey,
} from "./score-jobs.ts";

/** Milliseconds between two looks at what is pending, and the age from which on it is looked at. */
const LOOK = 500;
/** A batch that has been with a worker for this many milliseconds, and for so many times what batches take, is sent once more. */
const PATIENCE = 3000;
const FACTOR = 6;
/** One that is with a worker that gave no sign of life for so many milliseconds is sent once more too; a batch is soon scored twice, and the first answer counts. */
const QUIET = 2000;
const REJECTED_PAUSE = 200;
/** Answers whose times count. */
const REMEMBERED = 64;

/** What a broker says where waiting does not help: rights, passwords, memory, a disk, a replica. */
export const REFUSALS = /\b(?:NOPERM|NOAUTH|WRONGPASS|OOM|MISCONF|READONLY)\b/;

/** Those who answer. */
export interface Workers {
  /** Batches that they score at the same time, and one that waits for each of them. */
  readonly slots: number;
  /** Whether that worker gave a sign of life in the last so many milliseconds; absent: at all lately. */
  lives(name: string, within?: number): Promise<boolean>;
}

/** Says whether an answer may be believed; a worker that it rejects is believed no more. */
export type Trust = (worker: string, request: Uint8Array, reply: Uint8Array) => Promise<boolean>;

export interface RemoteOptions {
  readonly build: string;
  readonly workers: Workers;
  readonly trust?: Trust | undefined;
  /** Of the broker, in messages. */
  readonly shown: string;
}

/** A request that is not answered. */
interface Pending {
  readonly content: string;
  readonly request: Uint8Array;
  readonly began: number;
  /** Its jobs, the newest last. */
  readonly jobs: string[];
  /** When the newest was last known to wait for a worker. */
  waited: number;
  /** How often it was sent once more because it took too long. */
  late: number;
  looking: boolean;
  /** The job whose answer counts. */
  answered: string | undefined;
  resolve(reply: Uint8Array): void;
  reject(error: unknown): void;
}

/** Carries requests to workers of the same build, through a queue and a list of replies in a broker. */
export class RemoteTransport implements Transport {
  readonly #redis: Redis;
  readonly #options: RemoteOptions;
  readonly #queue: Queue<ScoreJob, KeptAnswer>;
  readonly #session = randomUUID();
  readonly #setup: Uint8Array;
  readonly #setupId: string;
  /** By id of a job. */
  readonly #pending = new Map<string, Pending>();
  /** How often a content was sent, where an answer to it must not be taken again. */
  readonly #sent = new Map<string, number>();
  readonly #times: number[] = [];
  /** Jobs that are about to be added. */
  readonly #outbox = new Map<string, Pending>();
  readonly #timer: NodeJS.Timeout;
  #replies: Replies | undefined;
  #closed = false;

  constructor(redis: Redis, setup: Uint8Array, options: RemoteOptions) {
    this.#redis = redis;
    this.#setup = setup;
    this.#setupId = setupId(setup);
    this.#options = options;
    this.#queue = new Queue(scoreQueue(options.build), { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
    this.#queue.on("error", () => {});
    this.#giveSetup();
    this.#timer = setInterval(() => this.#look(), LOOK);
  }

  get slots(): number {
    return this.#options.workers.slots;
  }

  async run(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    if (this.#closed) throw new Error("the transport was closed");
    this.#replies ??= new Replies(this.#redis, this.#session, {
      onAnswer: (answer) => this.#take(answer),
      onError: (error) => this.#refused(error),
    });
    const content = contentId(this.#setupId, request);
    const now = performance.now();
    let pending: Pending;
    const answered = new Promise<Uint8Array>((resolve, reject) => {
      const common = { content, request, jobs: [], looking: false, late: 0, answered: undefined };
      pending = { ...common, began: now, waited: now, resolve, reject };
    });
    const abort = () => pending.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.#send(pending!);
    try {
      const reply = await answered;
      this.#times.push(performance.now() - now);
      if (this.#times.length > REMEMBERED) this.#times.shift();
      return reply;
    } catch (error) {
      // The same content, sent again, is to be scored again.
      this.#sent.set(content, (this.#sent.get(content) ?? 0) + pending!.jobs.length);
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#forget(pending!);
    }
  }

  /** A worker whose threads could not start tries again with its next job. */
  restart(): void {
    this.#giveSetup();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { reject } of this.#pending.values()) reject(new Error("the transport was closed"));
    this.#replies?.close();
    await this.#queue.close();
  }

  #giveSetup(): void {
    this.#redis
      .set(setupKey(this.#setupId), Buffer.from(this.#setup), "EX", KEEP_SETUP)
      .catch((error) => this.#refused(error));
  }

  #send(pending: Pending): void {
    const before = this.#sent.get(pending.content) ?? 0;
    let job: string;
    let number = before + pending.jobs.length;
    do job = `${pending.content}.${number++}`;
    while (this.#pending.has(job) && this.#pending.get(job) !== pending);
    pending.jobs.push(job);
    this.#offer(job, pending);
  }

  /** What is offered in one turn of the event loop goes to the broker together: a message costs more than what it carries. */
  #offer(job: string, pending: Pending): void {
    this.#pending.set(job, pending);
    pending.waited = performance.now();
    if (this.#outbox.size === 0) queueMicrotask(() => this.#flush());
    this.#outbox.set(job, pending);
  }

  async #flush(): Promise<void> {
    const offered = [...this.#outbox];
    this.#outbox.clear();
    const jobs = offered.map(
      ([
        jobId,
        {
          request: { buffer, byteOffset, length },
        },
      ]) => {
        const request = Buffer.from(buffer, byteOffset, length).toString("base64");
        return {
          name: "score",
          data: { setup: this.#setupId, request, session: this.#session },
          opts: { ...jobOptions, jobId },
        };
      },
    );
    try {
      // Asked first, on the same connection: one that is there already is not added, and nobody is told.
      const there = this.#redis.exists(offered.map(([job]) => this.#queue.toKey(job)));
      await this.#queue.addBulk(jobs);
      if ((await there) > 0) await Promise.all(offered.map(([job, pending]) => this.#lookAt(job, pending)));
    } catch (error) {
      this.#refused(error);
    }
  }

  /** Takes an answer, unless another came first. */
  async #take({ id, worker, reply, error, down }: ScoreAnswer): Promise<void> {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (reply === undefined) {
      pending.answered = id;
      pending.reject(down ? new TransportDown(error) : new Error(error));
      return;
    }
    try {
      if (await (this.#options.trust?.(worker, pending.request, reply) ?? true)) {
        pending.answered ??= id;
        pending.resolve(reply);
      } else {
        // Whoever is not believed may be the first to take it again.
        await after(REJECTED_PAUSE);
        if (pending.jobs.at(-1) === id && this.#pending.has(id) && !this.#closed) this.#send(pending);
      }
    } catch (error) {
      pending.reject(error);
    }
  }

  #look(): void {
    const now = performance.now();
    for (const [job, pending] of this.#pending) {
      if (pending.looking || job !== pending.jobs.at(-1) || now - pending.began < LOOK) continue;
      pending.looking = true;
      this.#lookAt(job, pending)
        .catch((error) => this.#refused(error))
        .finally(() => {
          pending.looking = false;
        });
    }
  }

  /** What became of a job: its reply may be lost, or the job, or its worker. */
  async #lookAt(id: string, pending: Pending): Promise<void> {
    const asked = performance.now();
    const job: Job<ScoreJob, KeptAnswer> | undefined = await this.#queue.getJob(id);
    if (this.#pending.get(id) !== pending || pending.jobs.at(-1) !== id || this.#closed) return;
    if (job === undefined) {
      this.#giveSetup();
      this.#offer(id, pending);
    } else if (job.finishedOn !== undefined) {
      const kept = job.returnvalue;
      if (kept) await this.#take({ id, worker: kept.worker, reply: Buffer.from(kept.reply, "base64") });
      else this.#send(pending);
    } else if (job.processedOn === undefined) pending.waited = asked;
    else {
      const age = performance.now() - pending.waited;
      const patience = Math.max(PATIENCE, FACTOR * (this.#times.length > 0 ? median(this.#times) : 0));
      const gone = job.processedBy !== undefined && !(await this.#options.workers.lives(job.processedBy, QUIET));
      if (this.#pending.get(id) !== pending || pending.jobs.at(-1) !== id || this.#closed) return;
      // Every further time it gets twice as long.
      if (gone) this.#send(pending);
      else if (age > patience * 2 ** pending.late) {
        pending.late++;
        this.#send(pending);
      }
    }
  }

  /** Those of its jobs that did not answer are not wanted any more. */
  #forget({ jobs, answered }: Pending): void {
    for (const job of jobs) {
      this.#pending.delete(job);
      if (job === answered) continue;
      this.#redis.set(cancelKey(job), 1, "EX", KEEP).catch(() => {});
      this.#queue.remove(job).catch(() => {});
    }
  }

  /** What a broker refuses for good ends what is pending; anything else is tried again by the next look. */
  #refused(error: unknown): void {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    if (this.#closed || !REFUSALS.test(reason)) return;
    const refusal = new UserError(`${this.#options.shown}: refused what it was given (${reason}); mend that`, "resume");
    for (const { reject } of this.#pending.values()) reject(refusal);
  }
}
