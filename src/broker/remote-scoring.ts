import { BatchPool } from "../pool/batch-pool.ts";
import type { BatchTimes } from "../pool/batches.ts";
import { packSetup } from "../pool/message.ts";
import type { Pool } from "../pool/pool.ts";
import type { TimeLimits } from "../pool/time-limit.ts";
import type { Problem } from "../problem/problem.ts";
import type { BatchScores } from "../problem/scorer.ts";
import type { Address } from "./address.ts";
import { Broker } from "./broker.ts";
import { scoringBuild } from "./build.ts";
import type { Trust } from "./remote-transport.ts";
import { Checks, type Verify } from "./trust.ts";

/** Long against the way there and back, short against a generation. */
const TIMES: BatchTimes = { genomes: 8, shortest: 0.05, longest: 0.5 };
/** As of threads, but with time for a broker, a network and workers that come back. */
const LIMITS: TimeLimits = { first: 3600, least: 120, factor: 20 };

export interface RemoteScoringOptions {
  /** No worker of this build has been there for 10 s. */
  readonly onLonely?: () => void;
  /** A worker gave a wrong score: it is banned, and what it scored of the generation in hand is scored again. */
  readonly onLie?: (worker: string, flaw: string) => void;
  readonly verify?: Verify | undefined;
}

/** Scores the genomes of any problems by the workers of a broker. */
export class RemoteScoring {
  readonly #broker: Broker;
  readonly #options: RemoteScoringOptions;

  private constructor(broker: Broker, options: RemoteScoringOptions) {
    this.#broker = broker;
    this.#options = options;
  }

  /** @throws UserError where the broker cannot be connected to */
  static async open(address: Address, options: RemoteScoringOptions = {}): Promise<RemoteScoring> {
    return new RemoteScoring(await Broker.open(address, { build: scoringBuild(), ...options }), options);
  }

  /** Waits for a worker. @throws UserError where there are workers of other builds alone */
  ready(signal: AbortSignal): Promise<void> {
    return this.#broker.ready(signal);
  }

  pool(problem: Problem): Pool {
    const { space, scoringContext } = problem;
    const { onLie, verify = "some" } = this.#options;
    const broker = this.#broker;
    const checks = new Checks(problem, verify);
    const trust: Trust = async (worker, request, reply) => {
      if (broker.banned.has(worker)) return false;
      const flaw = await checks.flaw(worker, request, reply);
      if (flaw === undefined) return !broker.banned.has(worker);
      if (!broker.banned.has(worker)) onLie?.(worker, flaw);
      broker.ban(worker, flaw);
      return false;
    };
    const { genomeLength } = space;
    const transport = broker.transport(packSetup(problem), trust);
    const pool = new BatchPool(transport, { genomeLength, scoringContext, times: TIMES, limits: LIMITS });
    return new CheckedPool(pool, checks, () => broker.banned.size);
  }

  close(): void {
    this.#broker.close();
  }
}

/** A pool whose workers are checked. */
class CheckedPool implements Pool {
  readonly #pool: Pool;
  readonly #checks: Checks;
  readonly #bans: () => number;

  /** @param bans how many workers were banned so far */
  constructor(pool: Pool, checks: Checks, bans: () => number) {
    this.#pool = pool;
    this.#checks = checks;
    this.#bans = bans;
  }

  get threads(): number {
    return this.#pool.threads;
  }

  get faults(): ReadonlyMap<string, number> {
    return this.#pool.faults;
  }

  /** Where a worker is banned meanwhile, earlier answers of it count no more: all is asked again, and what others answered is there already. */
  async score(genomes: Uint8Array): Promise<BatchScores> {
    for (;;) {
      const before = this.#bans();
      const scores = await this.#pool.score(genomes);
      if (this.#bans() === before) return scores;
    }
  }

  confirm(genomes: Uint8Array, scores: Float64Array): Promise<void> {
    return this.#checks.confirm(genomes, scores);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#checks.close()]);
  }
}
