import { pack, unpack } from "msgpackr/pack";
import { Piscina } from "piscina";
import { builtFile } from "../base/package-root.ts";
import { UserError } from "../base/user-error.ts";
import type { Config } from "../config/config.ts";
import type { BatchScores } from "../problem/scorer.ts";
import { inOldOrder, neighbours } from "./neighbours.ts";
import type { Pool } from "./pool.ts";
import { TimeLimit, type TimeLimits, timeLimits } from "./time-limit.ts";
import { type Figures, Traffic } from "./traffic.ts";

/** So many that the threads end a generation nearly together, */
const BATCHES_A_THREAD = 16;
/** but each with so many times more scoring than its message takes, as measured. */
const WORK_A_MESSAGE = 20;
/** Genomes that a message carries at most. */
export const MESSAGE_GENOMES = 1024;
/** Milliseconds between two looks at whether any thread lives. */
const THREAD_CHECK = 500;
/** How often a candidate is scored alone before it is set aside. */
const TRIES = 3;
/** Candidates set aside with no batch scored in between: then it is the machine, not they. */
const MOST_IN_A_ROW = 16;

export interface ThreadOptions {
  /**
   * Path of a worker that scores in the place of workers/score.cjs. CommonJS: piscina requires it, and Node 20 crashes where a thread is
   * ended while it requires an ES module.
   */
  readonly worker?: string;
  /** Megabytes of JavaScript heap a thread. */
  readonly heap?: number;
  readonly limits?: TimeLimits;
}

/** A range of the genomes of one call of `score`. */
interface Batch {
  readonly first: number;
  readonly end: number;
  /** How often it failed alone. */
  readonly tries: number;
}

/**
 * Scores in worker threads; a message is msgpack bytes each way.
 *
 * A thread that throws, ends, runs out of memory or takes too long loses its batch: the two halves are scored again, down to the candidate
 * that is to blame, which gets three tries and is then a failure with its reason.
 */
export class ThreadPool implements Pool {
  readonly threads: number;
  readonly faults = new Map<string, number>();
  readonly #genomeLength: number;
  readonly #batch: number;
  readonly #limit: TimeLimit;
  readonly #open: () => Piscina<Uint8Array, Uint8Array>;
  #piscina: Piscina<Uint8Array, Uint8Array>;
  /** Of the batches on their way. */
  readonly #aborts = new Set<AbortController>();
  /** Why the last thread ended that was at no batch. */
  #lastError = "it ended";
  #setAsideInARow = 0;
  /** Of the last call; the first one starts the threads and says nothing. */
  #traffic: Traffic | undefined;
  #started = false;
  #scoringSeconds = 0;
  #closed = false;

  /** @param batch most genomes a message carries */
  constructor(config: Config, genomeLength: number, threads: number, batch: number, options: ThreadOptions = {}) {
    this.threads = threads;
    this.#genomeLength = genomeLength;
    this.#batch = batch;
    this.#limit = new TimeLimit(options.limits ?? timeLimits);
    this.#open = () => {
      const piscina = new Piscina<Uint8Array, Uint8Array>({
        filename: options.worker ?? builtFile("workers/score.cjs"),
        minThreads: threads,
        maxThreads: threads,
        workerData: { config: pack(config) },
        ...(options.heap === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: options.heap } }),
      });
      // Without a listener the event would end the process.
      piscina.on("error", (error: Error) => {
        this.#lastError = error.message;
      });
      return piscina;
    };
    this.#piscina = this.#open();
  }

  async score(genomes: Uint8Array): Promise<BatchScores> {
    const length = this.#genomeLength;
    const count = genomes.length / length;
    const { genomes: sorted, order } = neighbours(genomes, length);
    const found = new Float64Array(count).fill(Number.NaN);
    const failures: [number, string][] = [];
    const batches = this.#split(count);
    const traffic = new Traffic();
    // One batch a thread at a time: what is on its way is being scored, not waiting, and its time can be limited.
    const run = async () => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
        await this.#scoreBatch(sorted, batch, batches, found, failures, traffic);
      }
    };
    const guard = setInterval(() => this.#replaceThreads(), THREAD_CHECK);
    try {
      await Promise.all(Array.from({ length: this.threads }, run));
    } finally {
      clearInterval(guard);
    }
    if (this.#started && traffic.count > 0) this.#traffic = traffic;
    this.#started ||= traffic.count > 0;
    return inOldOrder(order, { scores: found, failures });
  }

  /** What a genome took in the last call; undefined while only one was made. */
  get figures(): Figures | undefined {
    return this.#traffic?.figures;
  }

  /** That all threads together scored so far. */
  get scoringSeconds(): number {
    return this.#scoringSeconds;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#piscina.destroy();
  }

  /** Piscina replaces a thread that dies, but gives up on those that die while they start; batches would then wait for ever. */
  #replaceThreads(): void {
    if (this.#closed || this.#piscina.threads.length > 0) return;
    const dead = this.#piscina;
    this.#piscina = this.#open();
    const reason = new Error(`its thread could not start: ${this.#lastError}`);
    for (const abort of this.#aborts) abort.abort(reason);
    dead.destroy().catch(() => {});
  }

  /** The last batch is scored first. */
  #split(count: number): Batch[] {
    const even = Math.ceil(count / (this.threads * BATCHES_A_THREAD));
    const most = Math.min(this.#batch, Math.ceil(count / this.threads));
    const size = Math.max(1, Math.min(most, Math.max(even, this.#worth())));
    const batches: Batch[] = [];
    for (let end = count; end > 0; end -= size) batches.push({ first: Math.max(0, end - size), end, tries: 0 });
    return batches;
  }

  /** Fewest genomes that are worth a message. */
  #worth(): number {
    if (this.#traffic === undefined) return 1;
    return Math.ceil((WORK_A_MESSAGE * this.#traffic.message) / Math.max(1e-9, this.#traffic.figures.score));
  }

  async #scoreBatch(
    genomes: Uint8Array,
    batch: Batch,
    batches: Batch[],
    scores: Float64Array,
    failures: [number, string][],
    traffic: Traffic,
  ): Promise<void> {
    const { first, end, tries } = batch;
    let reason: string;
    try {
      const began = performance.now();
      const reply = await this.#run(genomes.slice(first * this.#genomeLength, end * this.#genomeLength), batch);
      scores.set(new Float64Array(new Uint8Array(reply.scores).buffer), first);
      for (const [index, text] of reply.failures) failures.push([first + index, text]);
      traffic.measured((performance.now() - began) / 1000, reply.seconds, end - first);
      this.#scoringSeconds += reply.seconds;
      this.#setAsideInARow = 0;
      return;
    } catch (error) {
      if (this.#closed) throw error;
      reason = reasonOf(error);
      this.faults.set(reason, (this.faults.get(reason) ?? 0) + 1);
    }
    if (end - first > 1) {
      const middle = (first + end) >> 1;
      batches.push({ first: middle, end, tries: 0 }, { first, end: middle, tries: 0 });
    } else if (tries + 1 < TRIES) {
      batches.push({ first, end, tries: tries + 1 });
    } else {
      failures.push([first, `scoring failed ${TRIES} times: ${reason}`]);
      if (++this.#setAsideInARow >= MOST_IN_A_ROW) {
        throw new UserError(
          `${MOST_IN_A_ROW} candidates in a row could not be scored: ${reason}; mend the cause and go on with qes resume`,
        );
      }
    }
  }

  async #run(genomes: Uint8Array, { first, end, tries }: Batch): Promise<Reply> {
    const abort = new AbortController();
    const count = end - first;
    this.#aborts.add(abort);
    const timer = setTimeout(
      () => abort.abort(new Error("its thread took too long")),
      1000 * this.#limit.seconds(count) * 2 ** tries,
    );
    try {
      const reply = unpack(await this.#piscina.run(genomes, { signal: abort.signal })) as Reply;
      if (reply.scores.length !== 8 * count) throw new Error(`expected ${count} scores`);
      this.#limit.measured(reply.seconds, count);
      return reply;
    } finally {
      clearTimeout(timer);
      this.#aborts.delete(abort);
    }
  }
}

/** What a worker answers. */
export interface Reply {
  /** Bytes of a Float64Array. */
  readonly scores: Uint8Array;
  readonly failures: readonly (readonly [number, string])[];
  /** That scoring took. */
  readonly seconds: number;
}

/** What happened to a thread, in words that stay the same from one time to the next. */
function reasonOf(error: unknown): string {
  const { name, code, message, cause } = error as { name?: string; code?: string; message?: string; cause?: unknown };
  if (name === "AbortError" && cause !== undefined) return reasonOf(cause);
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "its thread ran out of memory";
  if (message?.startsWith("worker exited with code")) return `its thread ended with code ${message.split(": ")[1]}`;
  return String(message ?? error).slice(0, 200);
}
