import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { firstConv, lastMainConvOf, type Network } from "../network/network.ts";
import { Shortcut } from "../network/shortcut.ts";

/*
 * What one layer adds to the costs that are sums over layers, by the formulas of the published program (spec section 6). Every figure is an
 * exact double: sums of whole numbers, or of eighths.
 */

/** BN (2) and ReLU or addition (1) on every output value, in 8-bit-equivalent MACs. */
const ELEMENTWISE = 3;

/** Weights of a conv. */
export function weightsOf({ kernel, depthwise, inChannels, outChannels }: Network, conv: number): number {
  return (depthwise[conv] === 1 ? 1 : inChannels[conv]) * outChannels[conv] * kernel[conv] * kernel[conv];
}

/** Weights of a layer's squeeze-excite: from as many channels as its last conv reads to the squeezed ones, and back. */
function squeezeWeights({ squeeze, inChannels }: Network, layer: number, conv: number): number {
  return 2 * squeeze[layer] * inChannels[conv];
}

/** 64 e, e = 8-bit-equivalent MACs, the published unit. A squeeze-excite is not charged. */
export function layerBitops(network: Network, layer: number): number {
  const first = firstConv(network, layer);
  let bitops = 0;
  if (network.shortcut[layer] !== Shortcut.none && network.layerStride[layer] === 2) {
    bitops = 64 * network.inChannels[first] * network.inResolution[first] * network.inResolution[first];
  }
  const { bitsA, bitsW, outChannels, outResolution } = network;
  const end = network.layerEnd[layer];
  for (let conv = first; conv < end; conv++) {
    const area = outResolution[conv] * outResolution[conv];
    const bits = (bitsA[conv] || FULL_PRECISION_BITS) * (bitsW[conv] || FULL_PRECISION_BITS);
    bitops += (weightsOf(network, conv) * bits + 64 * ELEMENTWISE * outChannels[conv]) * area;
  }
  return bitops;
}

export function layerMacs(network: Network, layer: number): number {
  let macs = 0;
  for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++) {
    macs += weightsOf(network, conv) * network.outResolution[conv] * network.outResolution[conv];
  }
  return macs;
}

/** Bytes: the weights, and two of a channel's BN; a squeeze-excite's at the weight bits of the conv that reads what it scales. */
export function layerFlash(network: Network, layer: number): number {
  const { bitsW, outChannels } = network;
  const end = network.layerEnd[layer];
  let flash = 0;
  for (let conv = firstConv(network, layer); conv < end; conv++) {
    flash += (weightsOf(network, conv) * (bitsW[conv] || FULL_PRECISION_BITS)) / 8 + 2 * outChannels[conv];
  }
  if (network.squeeze[layer] === 0) return flash;
  const last = lastMainConvOf(network, layer);
  flash += (squeezeWeights(network, layer, last) * (bitsW[last] || FULL_PRECISION_BITS)) / 8;
  return flash + 2 * network.squeeze[layer] + 2 * network.inChannels[last];
}

/** Layers as the paper counts them: main-path convs. */
export function layerMainConvs(network: Network, layer: number): number {
  let convs = 0;
  for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++) {
    if (network.projection[conv] === 0) convs++;
  }
  return convs;
}
