import { exp } from "../base/gaussian.ts";
import { firstConv, type Network } from "../network/network.ts";
import { Shortcut } from "../network/shortcut.ts";
import { type ScoreDetail, StageSum } from "./analytic.ts";
import type { ComputedScore } from "./computed.ts";
import { lnOf } from "./effectiveness.ts";

export interface DeepMadOptions {
  readonly stageWeights: readonly number[];
  /** Weights of the width and of the kernel of a conv. */
  readonly alpha1: number;
  readonly alpha2: number;
  /** Of exp(the standard deviation of the depths of super blocks). */
  readonly depthPenalty: number;
  /** Pixels of one side of the input, where it is not the network's own: the released program scores searches at 224 whatever they are for. */
  readonly resolution?: number | undefined;
  /** "released": a block with squeeze-excite passes on maps of 1x1. */
  readonly like?: "released" | undefined;
}

/**
 * The score of DeepMAD. With the value of a layer, the sum over its main-path convs of alpha1 / 2 ln cin (dense ones) + alpha2 ln k, a stage counts
 * (the sum of all values up to its end) (ln C + ln R^2), C channels and R pixels of one side behind it; the penalty is taken off once. A product of two
 * sums: it is no sum over the layers. Source: Shen et al., "DeepMAD", CVPR 2023, and its released code.
 */
export class DeepMadScore implements ComputedScore {
  readonly #options: DeepMadOptions;
  readonly #stages: StageSum;

  constructor(options: DeepMadOptions) {
    this.#options = options;
    this.#stages = new StageSum(options.stageWeights);
  }

  check(network: Network): void {
    this.#stages.check(network);
  }

  score(network: Network): number {
    const blocks = new Float64Array(network.layers);
    return this.#fill(network, blocks, new Float64Array(network.stages));
  }

  detail(network: Network): ScoreDetail {
    this.check(network);
    const blocks = new Float64Array(network.layers);
    const stages = new Float64Array(network.stages);
    return { score: this.#fill(network, blocks, stages), stages, blocks };
  }

  #fill(network: Network, blocks: Float64Array, stages: Float64Array): number {
    const { alpha1, alpha2, resolution, like } = this.#options;
    const { stageWeights } = this.#stages;
    let conv = 0;
    let layer = 0;
    let total = 0;
    let score = 0;
    let squeezed = false;
    let side = resolution ?? network.resolution;
    for (let stage = 0; stage < network.stages; stage++) {
      for (; layer < network.stageEnd[stage]; layer++) {
        let value = 0;
        for (; conv < network.layerEnd[layer]; conv++) {
          if (network.projection[conv] === 1) continue;
          if (network.depthwise[conv] === 0) value += 0.5 * alpha1 * lnOf(network.inChannels[conv]);
          value += alpha2 * lnOf(network.kernel[conv]);
        }
        blocks[layer] = value;
        total += value;
        side = Math.ceil(side / network.layerStride[layer]);
        if (network.squeeze[layer] > 0) squeezed = true;
      }
      const last = conv - 1;
      const size = lnOf(network.outChannels[last]) + 2 * lnOf(like === "released" && squeezed ? 1 : side);
      stages[stage] = stageWeights[stage] * total * size;
      score += stages[stage];
    }
    const { depthPenalty } = this.#options;
    return depthPenalty === 0 ? score : score - depthPenalty * exp(depthDeviation(network));
  }
}

/** Standard deviation of the depths of the super blocks, without the first one, and without the first two of bottlenecks with a dense middle. */
function depthDeviation(network: Network): number {
  const depths: number[] = [];
  let bottlenecks = false;
  for (let layer = 0; layer < network.layers; layer++) {
    const first = firstConv(network, layer);
    const convs = network.layerEnd[layer] - first;
    if (convs === 1) continue;
    if (layer > 0 && network.block[layer] === network.block[layer - 1]) depths[depths.length - 1]++;
    else depths.push(1);
    if (isBottleneck(network, layer, first)) bottlenecks = true;
  }
  const counted = depths.slice(bottlenecks ? 2 : 1);
  if (counted.length === 0) return 0;
  const mean = counted.reduce((sum, depth) => sum + depth, 0) / counted.length;
  return Math.sqrt(counted.reduce((sum, depth) => sum + (depth - mean) * (depth - mean), 0) / counted.length);
}

/** Whether a layer is 1x1, dense k x k, 1x1. */
function isBottleneck({ layerEnd, projection, depthwise, shortcut }: Network, layer: number, first: number): boolean {
  let main = 0;
  for (let conv = first; conv < layerEnd[layer]; conv++) {
    if (depthwise[conv] === 1) return false;
    if (projection[conv] === 0) main++;
  }
  return main === 3 && shortcut[layer] !== Shortcut.none;
}
