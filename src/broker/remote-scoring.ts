import { BatchPool } from "../pool/batch-pool.ts";
import type { BatchTimes } from "../pool/batches.ts";
import { packSetup } from "../pool/message.ts";
import type { Pool } from "../pool/pool.ts";
import type { TimeLimits } from "../pool/time-limit.ts";
import type { Problem } from "../problem/problem.ts";
import type { Address } from "./address.ts";
import { Broker } from "./broker.ts";
import { scoringBuild } from "./build.ts";

/** Long against the way there and back, short against a generation. */
const TIMES: BatchTimes = { genomes: 8, shortest: 0.05, longest: 0.5 };
/** As of threads, but with time for a broker, a network and workers that come back. */
const LIMITS: TimeLimits = { first: 3600, least: 120, factor: 20 };

export interface RemoteScoringOptions {
  /** No worker of this build has been there for 10 s. */
  readonly onLonely?: () => void;
}

/** Scores the genomes of any problems by the workers of a broker. */
export class RemoteScoring {
  readonly #broker: Broker;

  private constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** @throws UserError where the broker cannot be connected to */
  static async open(address: Address, options: RemoteScoringOptions = {}): Promise<RemoteScoring> {
    return new RemoteScoring(await Broker.open(address, { build: scoringBuild(), ...options }));
  }

  /** Waits for a worker. @throws UserError where there are workers of other builds alone */
  ready(signal: AbortSignal): Promise<void> {
    return this.#broker.ready(signal);
  }

  pool(problem: Problem): Pool {
    const { space, scoringContext } = problem;
    const transport = this.#broker.transport(packSetup(problem));
    return new BatchPool(transport, {
      genomeLength: space.genomeLength,
      scoringContext,
      times: TIMES,
      limits: LIMITS,
    });
  }

  close(): void {
    this.#broker.close();
  }
}
