import type { Network } from "../network/network.ts";

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
