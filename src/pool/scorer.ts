import type { Config } from "../config.ts";
import { spaceOf } from "../config.ts";
import type { Network } from "../network.ts";
import { AnalyticScore } from "../score/analytic.ts";
import { bitsGains, Evaluator } from "../space/evaluator.ts";
import type { Space } from "../space/space.ts";

/** The scores of a batch, in its order; NaN where there is none, and then the reason. */
export interface BatchScores {
  readonly scores: Float64Array;
  /** Index in the batch, reason. */
  readonly failures: readonly (readonly [number, string])[];
}

/** A configuration's way of scoring: what runs in every worker, and inline. */
export interface Scorer {
  /** Scores `genomes.length / space.genomeLength` genomes; a pure function of the configuration and the genomes. */
  score(genomes: Uint8Array): BatchScores;
  /** @throws UserError where no network of this shape can be scored */
  check(network: Network): void;
}

export function createScorer(config: Config, space: Space = spaceOf(config)): Scorer {
  const score = new AnalyticScore(config.score);
  const evaluator = new Evaluator(space, 0);
  const gains = bitsGains(score);
  const weights = Float64Array.from(config.score.stageWeights);
  const length = space.genomeLength;
  return {
    check: (network) => score.check(network),
    score(genomes) {
      const count = genomes.length / length;
      const scores = new Float64Array(count);
      const failures: [number, string][] = [];
      for (let i = 0; i < count; i++) {
        const value = evaluator.score(genomes, i * length, weights, gains);
        scores[i] = Number.isFinite(value) ? value : Number.NaN;
        if (!Number.isFinite(value)) failures.push([i, `the score is ${value}`]);
      }
      return { scores, failures };
    },
  };
}
