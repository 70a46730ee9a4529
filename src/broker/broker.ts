import { setTimeout as after } from "node:timers/promises";
import type { Redis } from "ioredis";
import { UserError } from "../base/user-error.ts";
import type { Address } from "./address.ts";
import { connect } from "./connection.ts";
import { ban, lives, liveWorkers, type WorkerInfo } from "./registry.ts";
import { RemoteSearches } from "./remote-searches.ts";
import { RemoteTransport, type Trust, type Workers } from "./remote-transport.ts";

/** Milliseconds between two looks at who is there. */
const LOOK = 1000;
/** Milliseconds after which it is told that no worker of this build is there. */
const LONELY = 10_000;

export interface BrokerOptions {
  /** By `scoringBuild`. */
  readonly build: string;
  /** By `searchBuild`, where whole searches are asked for. */
  readonly searchBuild?: string | undefined;
  /** No worker has been there for a while. */
  readonly onLonely?: () => void;
}

/** A connection to a broker, and the workers of this build that are there. */
export class Broker implements Workers {
  readonly #redis: Redis;
  readonly #shown: string;
  readonly #options: BrokerOptions;
  #live: readonly WorkerInfo[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #lastSeen = performance.now();
  #told = false;
  /** Why, by name. */
  readonly #banned = new Map<string, string>();

  private constructor(redis: Redis, { shown }: Address, options: BrokerOptions) {
    this.#redis = redis;
    this.#shown = shown;
    this.#options = options;
  }

  /** @throws UserError where it cannot be connected to */
  static async open(address: Address, options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(await connect(address), address, options);
    await broker.#look();
    broker.#timer = setInterval(() => broker.#look().catch(() => {}), LOOK);
    return broker;
  }

  get slots(): number {
    const own = this.#own;
    return Math.max(
      1,
      own.reduce((sum, { threads }) => sum + threads + 1, 0),
    );
  }

  lives(name: string, within?: number): Promise<boolean> {
    return lives(this.#redis, name, within);
  }

  /**
   * Waits until a worker of this build is there.
   * @throws UserError where after 10 s there are workers of other builds alone; the signal's reason
   */
  async ready(signal: AbortSignal): Promise<void> {
    const began = performance.now();
    while (this.#own.length === 0) {
      if (this.#live.length > 0 && performance.now() - began > LONELY) throw this.#otherBuilds();
      await after(LOOK / 4, undefined, { signal });
    }
  }

  transport(setup: Uint8Array, trust?: Trust): RemoteTransport {
    return new RemoteTransport(this.#redis, setup, {
      build: this.#options.build,
      workers: this,
      trust,
      shown: this.#shown,
    });
  }

  /** Whole searches by workers of `searchBuild`. */
  searches(): RemoteSearches {
    return new RemoteSearches(this.#redis, { build: this.#options.searchBuild!, workers: this, shown: this.#shown });
  }

  /** Workers that are believed no more. */
  get banned(): ReadonlyMap<string, string> {
    return this.#banned;
  }

  /** What it answers is not taken any more, and it is told to end. */
  ban(name: string, reason: string): void {
    this.#banned.set(name, reason);
    ban(this.#redis, name, reason).catch(() => {});
  }

  close(): void {
    clearInterval(this.#timer);
    this.#redis.disconnect();
  }

  get #own(): readonly WorkerInfo[] {
    const { build, searchBuild = null } = this.#options;
    return this.#live.filter(
      (worker) =>
        worker.build === build &&
        (searchBuild === null || worker.searchBuild === searchBuild) &&
        !this.#banned.has(worker.name),
    );
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      this.#live = await liveWorkers(this.#redis);
    } finally {
      this.#looking = false;
    }
    const now = performance.now();
    if (this.#own.length > 0) {
      this.#lastSeen = now;
      this.#told = false;
    } else if (!this.#told && now - this.#lastSeen > LONELY) {
      this.#told = true;
      this.#options.onLonely?.();
    }
  }

  #otherBuilds(): UserError {
    const { build, searchBuild } = this.#options;
    const searched = searchBuild !== undefined;
    const others = this.#live
      .slice(0, 5)
      .map(
        ({ name, version, ...builds }) => `${name} has ${version} (${searched ? builds.searchBuild : builds.build})`,
      );
    const more = this.#live.length > 5 ? ` and ${this.#live.length - 5} more` : "";
    return new UserError(
      `${this.#shown}: expected workers of build ${searchBuild ?? build}, got others, which are never asked: ${others.join(", ")}${more}; ` +
        "start workers of this version on machines that compute alike",
    );
  }
}
