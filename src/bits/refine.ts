import { ChainBound, type OpenChain } from "../bound/chain-bound.ts";
import type { Chain } from "../bound/graph/chain.ts";
import type { BlockChoice } from "../bound/graph/path.ts";
import type { Incumbents } from "../bound/incumbents.ts";
import { Relaxation } from "../bound/lagrange/relaxation.ts";
import { closeGap } from "../bound/solve.ts";
import { costs, emptyCosts, withinLimits } from "../costs/costs.ts";
import { Network } from "../network/network.ts";
import type { Problem } from "../problem/problem.ts";
import { AnalyticScore } from "../score/analytic.ts";
import { decode } from "../space/genome.ts";
import { ConvGene, SuperGene } from "../space/space.ts";
import { type BitsProblem, bitChain } from "./bit-chain.ts";
import { pairOf, setPairs } from "./layer-bits.ts";

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

/** Scores closer than this count as equal. */
const TOLERANCE = 1e-9;
/** Labels that a border may hold before the proof is given up. */
const MAX_LABELS = 400_000;

/**
 * The best bits of every inner layer for fixed widths, within all budgets, by the analytic score: the bound of a space in which only bits vary, so
 * exact, with a proof (`proven`) unless that grew beyond its limits. Bits already optimal come back as they were.
 * @param network keeps the new bits
 * @param legal bit pairs (a << 4 | w) that a layer may take
 * @returns undefined where no bits are within the budgets
 */
export function refineNetwork(
  network: Network,
  legal: (layer: number) => ArrayLike<number>,
  problem: BitsProblem,
): Refinement | undefined {
  const { score, classes, limits, deployment } = problem;
  const before = costs(network, classes, emptyCosts(), deployment);
  const scoreBefore = score.score(network);
  const ownPairs = Uint8Array.from({ length: network.layers }, (_, layer) => pairOf(network, layer));
  const fitted = withinLimits(before, limits) && isLegal(network, legal);
  const best = new BestBits(network, legal, problem, fitted ? scoreBefore + TOLERANCE : Number.NEGATIVE_INFINITY);
  const chain = bitChain(network, legal, problem);
  const bound = chain && new ChainBound(() => opened(chain), 0);
  if (bound !== undefined) for (const _ of closeGap([bound], best, { top: 1, maxLabels: MAX_LABELS }));
  setPairs(network, best.pairs ?? ownPairs);
  if (bound === undefined || (best.pairs === undefined && !fitted)) return undefined;
  const found = { pairs: best.pairs ?? ownPairs, score: score.score(network) };
  const most = Math.max(found.score, bound.upperBound) + TOLERANCE;
  return { ...found, scoreBefore, bound: most, proven: bound.isClosed(best), fitted };
}

// biome-ignore lint/correctness/useYield: a chain this small is there in one step.
function* opened(chain: Chain): Generator<void, OpenChain<Chain>> {
  return { chain, relaxation: new Relaxation(chain), fitted: false };
}

/** The best bits found so far, above a floor. */
class BestBits implements Incumbents<Chain> {
  pairs: Uint8Array | undefined;
  best: number;
  readonly #network: Network;
  readonly #legal: (layer: number) => ArrayLike<number>;
  readonly #problem: BitsProblem;
  readonly #costs = emptyCosts();

  constructor(network: Network, legal: (layer: number) => ArrayLike<number>, problem: BitsProblem, floor: number) {
    this.#network = network;
    this.#legal = legal;
    this.#problem = problem;
    this.best = floor;
  }

  get least(): number {
    return this.best;
  }

  offer(_: Chain, path: readonly BlockChoice[]): number | undefined {
    const network = this.#network;
    const { score, classes, limits, deployment } = this.#problem;
    const pairs = Uint8Array.from(path, (choice, layer) => this.#legal(layer)[choice.pairs[0]]);
    setPairs(network, pairs);
    if (!withinLimits(costs(network, classes, this.#costs, deployment), limits)) return undefined;
    const found = score.score(network);
    if (found > this.best) [this.best, this.pairs] = [found, pairs];
    return found;
  }
}

/**
 * The operator of the search: sets the best bits of a genome for its widths, in place, and leaves it alone where no bits are within the budgets.
 * @returns a function that answers whether the genome at `at` changed; undefined where the space has no bits to choose
 */
export function bitRefiner({
  config,
  space,
  classes,
  limits,
  deployment,
}: Problem): ((genomes: Uint8Array, at: number) => boolean) | undefined {
  if (space.blocks.every(({ bits }) => bits.pairs.length < 2)) return undefined;
  const problem = { score: new AnalyticScore(config.score), classes, limits, deployment };
  const network = new Network(space.convCapacity);
  const fullPrecision = [0];
  const legal = (layer: number) => {
    const { pairs } = space.blocks[network.block[layer]].bits;
    return pairs.length === 0 ? fullPrecision : pairs;
  };
  return (genomes, at) => {
    decode(space, genomes, at, network);
    const found = refineNetwork(network, legal, problem);
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
  };
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
