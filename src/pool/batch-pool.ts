import { UserError } from "../base/user-error.ts";
import type { BatchScores } from "../problem/scorer.ts";
import { type Batch, type BatchTimes, MESSAGE_GENOMES, splitByTime, splitInBatches } from "./batches.ts";
import type { MeasuringPool } from "./measured.ts";
import { contextKey, packRequest, readReply } from "./message.ts";
import { inOldOrder, neighbours } from "./neighbours.ts";
import { OutOfTime, Retries } from "./retry.ts";
import { TimeLimit, type TimeLimits, timeLimits } from "./time-limit.ts";
import { type Figures, Traffic } from "./traffic.ts";
import { type Transport, TransportDown } from "./transport.ts";

export interface BatchPoolOptions {
  readonly genomeLength: number;
  readonly scoringContext: string;
  /** Most genomes a message carries. */
  readonly most?: number | undefined;
  /** Has batches of that long, where messages travel far; absent: by what messages take here. */
  readonly times?: BatchTimes | undefined;
  readonly limits?: TimeLimits | undefined;
}

/** One call of `score`. */
interface Call {
  /** In the order of their bytes. */
  readonly genomes: Uint8Array;
  readonly batches: Batch[];
  readonly scores: Float64Array;
  /** NaN where a genome has none. Undefined until a reply has some. */
  standardErrors: Float64Array | undefined;
  readonly failures: [number, string][];
  readonly traffic: Traffic;
}

/** Scores in batches that a transport carries; what is lost on the way is scored again by the rules of `Retries`. */
export class BatchPool implements MeasuringPool {
  readonly #transport: Transport;
  readonly #genomeLength: number;
  readonly #context: string;
  readonly #most: number;
  readonly #times: BatchTimes | undefined;
  readonly #limit: TimeLimit;
  readonly #retries: Retries;
  /** Of the last call; the first one starts what scores and says nothing. */
  #traffic: Traffic | undefined;
  #started = false;
  #scoringSeconds = 0;
  #closed = false;

  constructor(transport: Transport, options: BatchPoolOptions) {
    this.#transport = transport;
    this.#retries = new Retries(transport);
    this.#genomeLength = options.genomeLength;
    this.#context = contextKey(options.scoringContext);
    this.#most = options.most ?? MESSAGE_GENOMES;
    this.#times = options.times;
    this.#limit = new TimeLimit(options.limits ?? timeLimits);
  }

  get threads(): number {
    return this.#transport.slots;
  }

  get faults(): ReadonlyMap<string, number> {
    return this.#retries.faults;
  }

  async score(genomes: Uint8Array): Promise<BatchScores> {
    const count = genomes.length / this.#genomeLength;
    const { genomes: sorted, order } = neighbours(genomes, this.#genomeLength);
    const batches =
      this.#times === undefined
        ? splitInBatches(count, this.threads, this.#most, this.#traffic)
        : splitByTime(count, this.threads, this.#most, this.#times, this.#traffic);
    const scores = new Float64Array(count).fill(Number.NaN);
    const call: Call = {
      genomes: sorted,
      batches,
      scores,
      standardErrors: undefined,
      failures: [],
      traffic: new Traffic(),
    };
    try {
      await this.#scoreAll(call);
    } finally {
      // After an error the others have nothing to go on with.
      batches.length = 0;
    }
    const { traffic, failures, standardErrors } = call;
    if (this.#started && traffic.count > 0) this.#traffic = traffic;
    this.#started ||= traffic.count > 0;
    return inOldOrder(order, { scores, standardErrors, failures });
  }

  /** What a genome took in the last call; undefined while only one was made. */
  get figures(): Figures | undefined {
    return this.#traffic?.figures;
  }

  /** That all slots together scored so far. */
  get scoringSeconds(): number {
    return this.#scoringSeconds;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#transport.close();
  }

  /** One batch a slot at a time: what is on its way is being scored, not waiting, and its time can be limited. Slots may come and go meanwhile. */
  #scoreAll(call: Call): Promise<void> {
    return new Promise((resolve, reject) => {
      let inHand = 0;
      const fill = () => {
        if (inHand === 0 && call.batches.length === 0) resolve();
        while (inHand < this.threads && call.batches.length > 0) {
          inHand++;
          this.#scoreBatch(call, call.batches.pop()!)
            .finally(() => inHand--)
            .then(fill, reject);
        }
      };
      fill();
    });
  }

  async #scoreBatch(call: Call, batch: Batch): Promise<void> {
    const { genomes, batches, scores, failures, traffic } = call;
    const { first, end } = batch;
    const count = end - first;
    const began = performance.now();
    const request = packRequest(this.#context, genomes.subarray(first * this.#genomeLength, end * this.#genomeLength));
    let reply: Uint8Array;
    try {
      reply = await this.#carry(request, batch);
    } catch (error) {
      if (this.#closed || error instanceof UserError) throw error;
      if (error instanceof TransportDown) this.#transport.restart();
      const next = this.#retries.lost(batch, error);
      if (typeof next === "string") failures.push([first, next]);
      else for (const batch of next) batches.push(batch);
      return;
    }
    const scored = readReply(reply, this.#context, count);
    scores.set(scored.scores, first);
    if (scored.standardErrors !== undefined) {
      call.standardErrors ??= new Float64Array(scores.length).fill(Number.NaN);
      call.standardErrors.set(scored.standardErrors, first);
    }
    for (const [index, reason] of scored.failures) failures.push([first + index, reason]);
    this.#limit.measured(scored.seconds, count);
    traffic.measured((performance.now() - began) / 1000, scored.seconds, count);
    this.#scoringSeconds += scored.seconds;
    this.#retries.scored();
  }

  /** @throws OutOfTime after a time that doubles with every such try */
  async #carry(request: Uint8Array, { first, end, timeouts }: Batch): Promise<Uint8Array> {
    const abort = new AbortController();
    const seconds = this.#limit.seconds(end - first) * 2 ** timeouts;
    const timer = setTimeout(() => abort.abort(new OutOfTime(seconds)), 1000 * seconds);
    try {
      return await this.#transport.run(request, abort.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}
