import { layerBitops, weightsOf } from "../costs/layer-sums.ts";
import { firstConv, lastMainConvOf, type Network } from "../network/network.ts";
import type { ScoreDetail } from "./analytic.ts";
import type { ComputedScore } from "./computed.ts";

/** What a score has to beat: a figure of the network that knows nothing of entropy. Its layers add up to it; it has no stages. */
class LayerFigure implements ComputedScore {
  readonly #ofLayer: (network: Network, layer: number) => number;

  constructor(ofLayer: (network: Network, layer: number) => number) {
    this.#ofLayer = ofLayer;
  }

  check(): void {}

  score(network: Network): number {
    let sum = 0;
    for (let layer = 0; layer < network.layers; layer++) sum += this.#ofLayer(network, layer);
    return sum;
  }

  detail(network: Network): ScoreDetail {
    const blocks = Float64Array.from({ length: network.layers }, (_, layer) => this.#ofLayer(network, layer));
    return { score: this.score(network), stages: new Float64Array(0), blocks };
  }
}

/** Weights of all convs, in thousands; those of projections and of a squeeze-excite included. */
export function parametersScore(): ComputedScore {
  return new LayerFigure((network, layer) => {
    let weights = 2 * network.squeeze[layer] * network.inChannels[lastMainConvOf(network, layer)];
    for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++) {
      weights += weightsOf(network, conv);
    }
    return weights / 1e3;
  });
}

/** Millions of BitOps. */
export function bitopsScore(): ComputedScore {
  return new LayerFigure((network, layer) => layerBitops(network, layer) / 1e6);
}

/** A uniform number of 0 to 1, a function of the network and a seed: the search that learns nothing. */
export class RandomScore implements ComputedScore {
  readonly #seed: number;

  /** @param seed a whole number from 0 on */
  constructor(seed: number) {
    this.#seed = seed;
  }

  check(): void {}

  score(network: Network): number {
    let low = 0x9e3779b9 ^ this.#seed;
    let high = 0x85ebca6b ^ Math.floor(this.#seed / 2 ** 32);
    const add = (x: number) => {
      low = Math.imul(low ^ x, 0xcc9e2d51);
      low ^= low >>> 15;
      high = Math.imul((high + x) ^ (high >>> 13), 0x1b873593) ^ low;
    };
    add(network.resolution);
    for (let conv = 0; conv < network.convs; conv++) {
      add(network.inChannels[conv] | (network.kernel[conv] << 17));
      add(network.outChannels[conv] | (network.stride[conv] << 17) | (network.depthwise[conv] << 20));
      add((network.bitsA[conv] << 8) | network.bitsW[conv]);
    }
    add(network.layers);
    const top = Math.imul(low ^ (low >>> 16) ^ high, 0x21f0aaad) >>> 0;
    const rest = Math.imul(high ^ (high >>> 15) ^ top, 0x735a2d97) >>> 0;
    return ((top ^ (top >>> 15)) >>> 0) / 2 ** 32 + (rest >>> 12) / 2 ** 52;
  }

  detail(network: Network): ScoreDetail {
    const empty = new Float64Array(0);
    return { score: this.score(network), stages: empty, blocks: empty };
  }
}
