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
