import { type Costs, costNames, costs, emptyCosts, publishedForm } from "../costs/costs.ts";
import { liveForm } from "../costs/live-sram.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { Network } from "../network/network.ts";
import { AnalyticScore } from "../score/analytic.ts";
import { decode } from "../space/genome.ts";
import { ConvGene, type Space, SuperGene } from "../space/space.ts";
import { type BitChoice, type BitLayer, type BitProblem, solveBits, TOLERANCE } from "./refine-chain.ts";

/** What refinement found for one network. */
export interface Refinement {
  /** Bit pair (a << 4 | w) of every inner layer. */
  readonly pairs: Uint8Array;
  /** Analytic scores of the network as it was and with these bits. */
  readonly scoreBefore: number;
  readonly score: number;
  /** No bits within the budgets score more than this. */
  readonly bound: number;
  readonly proven: boolean;
  /** Whether the network was within the budgets as it was. */
  readonly fitted: boolean;
}

/**
 * The best bits of every inner layer for fixed widths, within all budgets, by the analytic score: exact, with a proof (`proven`) unless
 * the search for it grew beyond its limits. Bits already optimal come back as they were.
 * @param network keeps the new bits
 * @param legal bit pairs (a << 4 | w) that a layer may take
 * @param limits in the order of `costNames`, infinite where there is no budget
 * @returns undefined where no bits are within the budgets
 */
export function refineNetwork(
  network: Network,
  legal: (layer: number) => ArrayLike<number>,
  score: AnalyticScore,
  classes: number,
  limits: Float64Array,
): Refinement | undefined {
  const before = costs(network, classes, emptyCosts());
  const scoreBefore = score.score(network);
  const own = ownGain(network, score);
  const ownPairs = Uint8Array.from({ length: network.layers }, (_, layer) => pairOf(network, layer));
  const fitted = costNames.every((name, i) => before[name] <= limits[i]) && isLegal(network, legal);
  const problem = bitProblem(network, legal, score, before, limits);
  const solution = problem && solveBits(problem, fitted ? own : Number.NEGATIVE_INFINITY);
  if (solution === undefined) {
    setPairs(network, ownPairs);
    if (!fitted) return undefined;
    return { pairs: ownPairs, scoreBefore, score: scoreBefore, bound: scoreBefore + TOLERANCE, proven: true, fitted };
  }
  const pairs = Uint8Array.from(ownPairs, (_, layer) => legal(layer)[solution.choices[layer]]);
  setPairs(network, pairs);
  const after = score.score(network);
  return {
    pairs,
    scoreBefore,
    score: after,
    bound: after + solution.bound - solution.gain + TOLERANCE,
    proven: solution.proven,
    fitted,
  };
}

/**
 * The operator of the search: sets the best bits of the genome at `at` for its widths, in place.
 * @param network scratch of the space's capacity
 * @returns whether the genome changed; it is left alone where no bits are within the limits
 */
export function refineBits(
  space: Space,
  genomes: Uint8Array,
  at: number,
  score: AnalyticScore,
  classes: number,
  limits: Float64Array,
  network: Network,
): boolean {
  decode(space, genomes, at, network);
  const fullPrecision = [0];
  const legal = (layer: number) => {
    const { pairs } = space.blocks[network.block[layer]].bits;
    return pairs.length === 0 ? fullPrecision : pairs;
  };
  const found = refineNetwork(network, legal, score, classes, limits);
  if (found === undefined) return false;
  let changed = false;
  let layer = 0;
  for (const { family, offset } of space.blocks) {
    const bits = at + offset + (family.isSuper ? SuperGene.bits : ConvGene.bits);
    const depth = family.isSuper ? genomes[at + offset + SuperGene.depth] : 1;
    for (let i = bits; i < bits + depth; i++, layer++) {
      changed ||= genomes[i] !== found.pairs[layer];
      genomes[i] = found.pairs[layer];
    }
  }
  return changed;
}

/** `refineBits` for many genomes of one space; undefined where there are no bits to choose. */
export function bitRefiner(
  space: Space,
  score: { stageWeights: readonly number[]; sigmaActivation: number; sigmaWeight: number },
  classes: number,
  limits: Float64Array,
): ((genomes: Uint8Array, at: number) => void) | undefined {
  if (space.blocks.every(({ bits }) => bits.pairs.length < 2)) return undefined;
  const analytic = new AnalyticScore(score);
  const network = new Network(space.convCapacity);
  return (genomes, at) => refineBits(space, genomes, at, analytic, classes, limits, network);
}

/** Gives every conv of a layer, its projection included, the layer's pair. */
export function setPairs(network: Network, pairs: Uint8Array): void {
  let conv = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    for (; conv < network.layerEnd[layer]; conv++) {
      network.bitsA[conv] = pairs[layer] >> 4;
      network.bitsW[conv] = pairs[layer] & 15;
    }
  }
}

/** Bit pair of a layer's first conv; 0 at full precision. */
export function pairOf(network: Network, layer: number): number {
  const first = layer === 0 ? 0 : network.layerEnd[layer - 1];
  return (network.bitsA[first] << 4) | network.bitsW[first];
}

/** What a layer's gain is worth in the score: the sum of the weights of its stage and of all behind it. */
export function layerWeights(network: Network, stageWeights: ArrayLike<number>): Float64Array {
  const weights = new Float64Array(network.layers);
  let sum = 0;
  for (let stage = network.stages - 1; stage >= 0; stage--) {
    sum += stageWeights[stage];
    const from = stage === 0 ? 0 : network.stageEnd[stage - 1];
    weights.fill(sum, from, network.stageEnd[stage]);
  }
  return weights;
}

/** What bits cost in one layer: 8-bit work and weights of its convs, and how many of them the score counts. */
export interface LayerLoad {
  /** BitOps of the layer = work * a * w + what does not depend on bits. */
  readonly work: number;
  /** Flash bytes = weights * w / 8 + what does not depend on bits. */
  readonly weights: number;
  readonly mainConvs: number;
}

export function layerLoad(network: Network, layer: number): LayerLoad {
  let work = 0;
  let weights = 0;
  let mainConvs = 0;
  for (let conv = layer === 0 ? 0 : network.layerEnd[layer - 1]; conv < network.layerEnd[layer]; conv++) {
    const values = convWeights(network, conv);
    weights += values;
    work += values * network.outResolution[conv] * network.outResolution[conv];
    if (network.projection[conv] === 0) mainConvs++;
  }
  return { work, weights, mainConvs };
}

function convWeights(network: Network, conv: number): number {
  const k = network.kernel[conv];
  return (network.depthwise[conv] === 1 ? 1 : network.inChannels[conv]) * network.outChannels[conv] * k * k;
}

/** The knapsack of a network, which is left at 8 bits; undefined where its MACs or its layers, which bits do not change, are over budget. */
function bitProblem(
  network: Network,
  legal: (layer: number) => ArrayLike<number>,
  score: AnalyticScore,
  before: Costs,
  limits: Float64Array,
): BitProblem | undefined {
  const [bitops, macs, flash, sram, layerLimit, sramLive] = limits;
  if (before.macs > macs || before.layers > layerLimit) return undefined;
  const worth = layerWeights(network, score.stageWeights);
  const variable = variableCosts(network);
  // Memory forms are those of a layer whose convs share their bits.
  setPairs(network, new Uint8Array(network.layers).fill((FULL_PRECISION_BITS << 4) | FULL_PRECISION_BITS));
  const layers = Array.from({ length: network.layers }, (_, layer): BitLayer => {
    const { work, weights, mainConvs } = layerLoad(network, layer);
    const choices = Array.from(legal(layer), (pair): BitChoice => {
      const a = pair >> 4 || FULL_PRECISION_BITS;
      const w = pair & 15 || FULL_PRECISION_BITS;
      const gain = worth[layer] * mainConvs * score.bitsGain(pair >> 4, pair & 15);
      return { a, w, gain, bitops: work * a * w, flash: (weights * w) / 8 };
    });
    return { choices, published: publishedForm(network, layer), live: liveForm(network, layer) };
  });
  return {
    layers,
    bitops: bitops - (before.bitops - variable.bitops),
    flash: flash - (before.flash - variable.flash),
    sram,
    sramLive,
    behind: FULL_PRECISION_BITS,
  };
}

/** BitOps and flash of the network that depend on its bits. */
function variableCosts(network: Network): { bitops: number; flash: number } {
  let bitops = 0;
  let flash = 0;
  for (let conv = 0; conv < network.convs; conv++) {
    const a = network.bitsA[conv] || FULL_PRECISION_BITS;
    const w = network.bitsW[conv] || FULL_PRECISION_BITS;
    const values = convWeights(network, conv);
    bitops += values * network.outResolution[conv] * network.outResolution[conv] * a * w;
    flash += (values * w) / 8;
  }
  return { bitops, flash };
}

/** The part of the network's score that its bits make. */
function ownGain(network: Network, score: AnalyticScore): number {
  const worth = layerWeights(network, score.stageWeights);
  let gain = 0;
  let conv = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    for (; conv < network.layerEnd[layer]; conv++) {
      if (network.projection[conv] === 1) continue;
      gain += worth[layer] * score.bitsGain(network.bitsA[conv], network.bitsW[conv]);
    }
  }
  return gain;
}

/** Whether every layer has one pair, and a legal one. */
function isLegal(network: Network, legal: (layer: number) => ArrayLike<number>): boolean {
  let conv = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    const pair = pairOf(network, layer);
    if (!Array.from(legal(layer)).includes(pair)) return false;
    for (; conv < network.layerEnd[layer]; conv++) {
      if (((network.bitsA[conv] << 4) | network.bitsW[conv]) !== pair) return false;
    }
  }
  return true;
}
