import { brotliCompressSync, constants } from "node:zlib";
import { type Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "../config/config.ts";
import { parseStoredConfig } from "../config/stored-config.ts";
import { KEEP, replyKey } from "./score-jobs.ts";
import { workerOptions } from "./score-worker.ts";
import { type KeptSearch, type SearchAnswer, type SearchJob, searchQueue } from "./search-jobs.ts";

/** How whole searches are run here; the programs that show them have their own way. */
export interface Searches {
  /** Says which program runs them. */
  readonly program: string;
  /** What a search of that configuration is known by. @param config as JSON */
  idOf(config: string): string;
  run(search: { readonly id: string; readonly config: Config; readonly bound: boolean }): Promise<SearchAnswer>;
  /** Has those in hand end at their next checkpoint. */
  stop(): void;
}

export interface SearchWorkerOptions {
  readonly name: string;
  /** By `searchBuild`. */
  readonly build: string;
  readonly threads: number;
  readonly searches: Searches;
  readonly onError: (error: Error) => void;
  readonly onSearch: (id: string) => void;
}

/** Takes whole searches from a broker. */
export class SearchWorker {
  readonly #redis: Redis;
  readonly #options: SearchWorkerOptions;
  readonly #worker: Worker<SearchJob, KeptSearch>;
  #inHand = 0;
  #done = 0;

  constructor(redis: Redis, options: SearchWorkerOptions) {
    this.#redis = redis;
    this.#options = options;
    this.#worker = new Worker(searchQueue(options.build), (job) => this.#run(job), {
      ...workerOptions,
      connection: redis,
      concurrency: options.threads,
      name: options.name,
    });
    this.#worker.on("error", options.onError);
    this.#worker.on("failed", (_, error) => options.onError(error));
    // Once the broker has it: nobody runs it again.
    this.#worker.on("completed", ({ data }) => {
      this.#done++;
      options.onSearch(data.id);
    });
  }

  get inHand(): number {
    return this.#inHand;
  }

  get done(): number {
    return this.#done;
  }

  /** Has what is in hand end at checkpoints, and takes nothing more; whoever asked gives it to others. */
  async close(): Promise<void> {
    this.#options.searches.stop();
    await this.#worker.close();
  }

  async #run(job: Job<SearchJob, KeptSearch>): Promise<KeptSearch> {
    const { name, searches } = this.#options;
    const { id, config: text, bound, session } = job.data;
    if (typeof text !== "string" || typeof bound !== "boolean" || !/^[\w-]{1,40}$/.test(session)) {
      throw new Error("job of another kind");
    }
    const config = parseStoredConfig(text, "a search of the broker");
    if (searches.idOf(text) !== id || !job.id!.startsWith(`${id}.`)) throw new Error("job of another search");
    this.#inHand++;
    try {
      const answer = await searches.run({ id, config, bound });
      if (answer === "stopped") throw new Error("a search was stopped");
      const kept =
        "reason" in answer ? answer : { result: answer.result, archive: compressed(answer.archive).toString("base64") };
      return { worker: name, ...kept };
    } finally {
      this.#inHand--;
      const key = replyKey(session);
      // Tells that there is something to look at, once it is there.
      const tell = () => Promise.all([this.#redis.rpush(key, job.id!), this.#redis.expire(key, KEEP)]);
      setTimeout(() => tell().catch(() => {}), 50);
    }
  }
}

/** Populations take a fifth of their bytes at the quickest setting but one. */
function compressed(archive: Uint8Array): Buffer {
  return brotliCompressSync(archive, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
}
