import { GenomeEngine } from "../engine/engine.ts";
import { Network } from "../network/network.ts";
import type { AnalyticScore } from "../score/analytic.ts";
import type { ComputedScore } from "../score/computed.ts";
import { kindOf, type MeasuredScore } from "../score/kinds/kinds.ts";
import { decode } from "../space/genome.ts";
import type { Space } from "../space/space.ts";
import type { Problem } from "./problem.ts";

/** The scores of a batch, in its order; NaN where there is none, and then the reason. */
export interface BatchScores {
  readonly scores: Float64Array;
  /** Of a score that is the mean of several draws of noise: its standard error, NaN where it is not known. Absent of scores without noise. */
  readonly standardErrors?: Float64Array | undefined;
  /** Index in the batch, reason. */
  readonly failures: readonly (readonly [number, string])[];
}

/** A configuration's way of scoring: what runs in every worker, and inline. */
export interface Scorer {
  /** Bytes of a genome. */
  readonly genomeLength: number;
  /** Scores `genomes.length / space.genomeLength` genomes; a pure function of the configuration and the genomes. */
  score(genomes: Uint8Array): BatchScores;
}

/** @param engine of the space, where there is one already */
export function createScorer({ config: { score }, space }: Problem, engine?: GenomeEngine): Scorer {
  const { layerSum, expected, deepmad, computed, measured } = kindOf(score);
  if (measured !== undefined) return measuringScorer(measured(score), space);
  if (computed !== undefined && deepmad === undefined) return computingScorer(computed(score), space);
  const own = engine ?? new GenomeEngine(space, 0);
  if (layerSum !== undefined) setLayerSum(own, layerSum(score));
  else if (deepmad !== undefined) own.setDeepMadScore(deepmad(score));
  else own.setExpectedScore(expected!(score).tables);
  return engineScorer(own);
}

function setLayerSum(engine: GenomeEngine, score: AnalyticScore): void {
  const gains = Float64Array.from({ length: 256 }, (_, pair) => score.bitsGain(pair >> 4, pair & 15));
  engine.setScore(score.stageWeights, gains);
}

function engineScorer(engine: GenomeEngine): Scorer {
  return {
    genomeLength: engine.space.genomeLength,
    score(genomes) {
      const scores = engine.scores(genomes);
      return withFailures(scores, (i) => `the score is ${scores[i]}`);
    },
  };
}

function computingScorer(score: ComputedScore, space: Space): Scorer {
  const network = new Network(space.convCapacity);
  const { genomeLength } = space;
  return {
    genomeLength,
    score(genomes) {
      const scores = Float64Array.from({ length: genomes.length / genomeLength }, (_, i) => {
        decode(space, genomes, i * genomeLength, network);
        return score.score(network);
      });
      return withFailures(scores, (i) => `the score is ${scores[i]}`);
    },
  };
}

/** Networks whose common leading convs are looked for together; bounds the memory of a batch. */
const SHARED_NETWORKS = 64;

function measuringScorer(score: MeasuredScore, space: Space): Scorer {
  const networks = Array.from({ length: SHARED_NETWORKS }, () => new Network(space.convCapacity));
  const length = space.genomeLength;
  return {
    genomeLength: length,
    score(genomes) {
      const scores = new Float64Array(genomes.length / length);
      const standardErrors = new Float64Array(scores.length);
      const reasons: (string | undefined)[] = [];
      for (let first = 0; first < scores.length; first += SHARED_NETWORKS) {
        const part = networks.slice(0, Math.min(SHARED_NETWORKS, scores.length - first));
        for (const [i, network] of part.entries()) decode(space, genomes, (first + i) * length, network);
        const end = first + part.length;
        score.scoreBatch(part, scores.subarray(first, end), standardErrors.subarray(first, end));
        for (let i = 0; i < part.length; i++) reasons.push(score.reason(i));
      }
      return { ...withFailures(scores, (i) => reasons[i] ?? `the score is ${scores[i]}`), standardErrors };
    },
  };
}

function withFailures(scores: Float64Array, reason: (i: number) => string): BatchScores {
  const failures: [number, string][] = [];
  for (let i = 0; i < scores.length; i++) {
    if (Number.isFinite(scores[i])) continue;
    failures.push([i, reason(i)]);
    scores[i] = Number.NaN;
  }
  return { scores, failures };
}
