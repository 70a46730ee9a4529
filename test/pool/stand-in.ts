import type { Config } from "../../src/config/config.ts";
import type { Scored } from "../../src/pool/threads.ts";

/** A problem for the workers in test/fixtures/workers, whose genomes have two bytes. */
export function standIn(config: object): Scored {
  return {
    config: { score: { kind: "analytic" }, ...config } as Config,
    space: { genomeLength: 2 },
    scoringContext: "stand-in",
  };
}
