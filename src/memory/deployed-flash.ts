import { firstConv, type Network } from "../network/network.ts";
import type { Runtime } from "./runtime.ts";
import { readsImage, storedChannels } from "./storage.ts";

/** Bytes of the weights of a conv and of its constants, as a runtime has them in flash: whole groups of channels, packed at the bits stored. */
function convFlash(network: Network, runtime: Runtime, conv: number, stored: number): number {
  const k = network.kernel[conv];
  const input = network.inChannels[conv];
  const written = storedChannels(runtime, network.outChannels[conv]);
  // What one output reads of the image is filled up as a whole.
  const patch = storedChannels(runtime, k * k * (readsImage(network, conv) ? input : storedChannels(runtime, input)));
  const weights = (network.depthwise[conv] === 1 ? k * k : patch) * written;
  return (weights * stored) / 8 + runtime.constants.channel * written + runtime.constants.conv;
}

/** Bytes of one layer in flash. @param stored `storedBits` of the runtime's weights */
export function layerDeployedFlash(
  network: Network,
  layer: number,
  runtime: Runtime,
  stored: readonly number[],
): number {
  let flash = 0;
  for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++) {
    flash += convFlash(network, runtime, conv, stored[network.bitsW[conv]]);
  }
  return flash;
}

/** Bytes of the 8-bit classifier in flash: its weights, and the constants of every output. */
export function classifierDeployedFlash(channels: number, classes: number, runtime: Runtime): number {
  const { constants } = runtime;
  return classes === 0 ? 0 : (storedChannels(runtime, channels) + constants.class) * classes + constants.classifier;
}
