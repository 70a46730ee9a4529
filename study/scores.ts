import type { Network } from "../src/network/network.ts";
import { networkOf, type Structure } from "../src/network/structure.ts";
import { AnalyticScore, StageSum } from "../src/score/analytic.ts";
import { ExpectedScore } from "../src/score/expected/expected.ts";
import { Random } from "./random.ts";
import type { Row } from "./rows.ts";
import type { Sampled } from "./sampler.ts";
import { RESOLUTION, scoring } from "./space.ts";
import { meanOf } from "./statistics.ts";

/** A figure of every network that may rank their accuracies. */
export interface Predictor {
  readonly name: string;
  /** One value a network, in their order. */
  readonly values: readonly number[];
}

/** The score itself, which others are compared with. */
export const SCORE = "score (analytic)";

/** Its tables take most of the time. */
const expected = new ExpectedScore(scoring);

/** What costs alone say. */
export function costPredictors(rows: readonly Row[]): Predictor[] {
  const of = (name: string, value: (row: Row) => number) => ({ name, values: rows.map(value) });
  return [
    of("parameters", ({ weights }) => weights),
    of("MACs", ({ macs }) => macs),
    of("BitOps", ({ bitops }) => bitops),
    of("flash", ({ flash }) => flash),
    of("convs", ({ convs }) => convs),
  ];
}

/** The scores of part d, the published one first. */
export function scorePredictors(networks: readonly Sampled[], rows: readonly Row[]): Predictor[] {
  const flat = networks.map(({ structure }) => networkOf(structure, RESOLUTION));
  const analytic = (change: Partial<typeof scoring>) => {
    const score = new AnalyticScore({ ...scoring, ...change });
    return flat.map((network) => score.score(network));
  };
  const published = analytic({});
  const sparse = standardised(flat.map(effectiveness));
  const uneven = standardised(networks.map(({ structure }) => Math.exp(deviation(depths(structure)))));
  const less = (penalty: readonly number[]) => standardised(published).map((value, i) => value - penalty[i]);
  const random = new Random(99);
  return [
    { name: SCORE, values: published },
    { name: "expected (padding, small maps)", values: flat.map((network) => expected.score(network)) },
    { name: "measured, 32 draws", values: rows.map(({ measured }) => measured) },
    { name: "less DeepMAD's effectiveness", values: less(sparse) },
    { name: "less DeepMAD's uneven depths", values: less(uneven) },
    { name: "DeepMAD", values: networks.map(({ structure }, i) => deepmad(flat[i], structure)) },
    { name: "stage weights 1, 1, 1", values: analytic({ stageWeights: [1, 1, 1] }) },
    { name: "stage weights 0, 0, 1", values: analytic({ stageWeights: [0, 0, 1] }) },
    { name: "sigmas halved", values: analytic({ sigmaActivation: 2.5, sigmaWeight: 2 }) },
    { name: "sigmas doubled", values: analytic({ sigmaActivation: 10, sigmaWeight: 8 }) },
    { name: "bits without effect", values: flat.map((network) => withBits(network, () => 0)) },
    { name: "bits that do not saturate", values: flat.map((network) => withBits(network, levels)) },
    { name: "a random number", values: flat.map(() => random.next()) },
  ];
}

/** Logarithm of the levels of both, in the place of what quantising leaves of a Gaussian. */
const levels = (a: number, w: number) => Math.log(2 ** a - 1) + Math.log(2 ** w - 1);

/** The closed form with another gain of bits. */
function withBits(network: Network, gain: (bitsA: number, bitsW: number) => number): number {
  const blocks = new Float64Array(network.layers);
  let conv = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    for (; conv < network.layerEnd[layer]; conv++) {
      blocks[layer] += 0.5 * Math.log(fanIn(network, conv)) + gain(network.bitsA[conv], network.bitsW[conv]);
    }
  }
  return new StageSum(scoring.stageWeights).sum(network, blocks);
}

/** The networks of the study have no projections: every conv is on the main path. */
const fanIn = (network: Network, conv: number) =>
  (network.depthwise[conv] === 1 ? 1 : network.inChannels[conv]) * network.kernel[conv] ** 2;

/** Depth by width, greatest over the stages: exp(ln depth - lw / depth), lw the sum of the logarithms of fan-ins. Shen et al., "DeepMAD", CVPR 2023. */
function effectiveness(network: Network): number {
  let [depth, logWidth, most] = [0, 0, 0];
  for (let stage = 0; stage < network.stages; stage++) {
    const end = network.layerEnd[network.stageEnd[stage] - 1];
    for (; depth < end; depth++) logWidth += Math.log(fanIn(network, depth));
    most = Math.max(most, Math.exp(Math.log(depth) - logWidth / depth));
  }
  return most;
}

/** The score of the same paper, alpha 1 and 1, penalty 10 of uneven depths; a stage's sum times the logarithms of its channels and pixels. */
function deepmad(network: Network, structure: Structure): number {
  let [conv, sum, score] = [0, 0, 0];
  for (let stage = 0; stage < network.stages; stage++) {
    const end = network.layerEnd[network.stageEnd[stage] - 1];
    for (; conv < end; conv++) {
      if (network.depthwise[conv] === 0) sum += 0.5 * Math.log(network.inChannels[conv]);
      sum += Math.log(network.kernel[conv]);
    }
    const size = Math.log(network.outChannels[end - 1]) + 2 * Math.log(network.outResolution[end - 1]);
    score += scoring.stageWeights[stage] * sum * size;
  }
  return score - 10 * Math.exp(deviation(depths(structure)));
}

const depths = (structure: Structure) => structure.flatMap(({ L }) => (L === undefined ? [] : [L]));

/** Of a whole population. */
function deviation(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((x) => (x - mean) ** 2)));
}

/** Mean 0 and deviation 1 over the networks compared; 0 where all are equal. */
function standardised(values: readonly number[]): number[] {
  const [mean, spread] = [meanOf(values), deviation(values)];
  return values.map((x) => (spread === 0 ? 0 : (x - mean) / spread));
}
