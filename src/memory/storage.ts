import { FULL_PRECISION_BITS } from "../network/bits.ts";
import type { Network } from "../network/network.ts";
import type { Runtime } from "./runtime.ts";

/** Bits of a pair, and of the image's values. */
const BIT_WIDTHS = 17;
const IMAGE_BITS = 8;

/**
 * The bits at which a value of each number of bits is stored: the fewest of `storable` that can hold it, or itself where none can; full precision as 8.
 * @param storable ascending
 */
export function storedBits(storable: readonly number[]): readonly number[] {
  return Array.from({ length: BIT_WIDTHS }, (_, bits) => {
    const charged = bits || FULL_PRECISION_BITS;
    return storable.find((stored) => stored >= charged) ?? charged;
  });
}

/** Channels as they are stored: whole groups. */
export function storedChannels({ channels: group }: Runtime, channels: number): number {
  return Math.ceil(channels / group) * group;
}

/**
 * Bytes of a conv's input tensor at some stored bits; the image has 8 bits and its own channels, whatever they are.
 * Exact: whole groups of a pixel are whole bytes where groups are of 8, and every runtime of other groups stores bytes.
 */
export function inputBytes(network: Network, runtime: Runtime, conv: number, stored: number): number {
  const r = network.inResolution[conv];
  const channels = network.inChannels[conv];
  if (readsImage(network, conv)) return (r * r * channels * IMAGE_BITS) / 8;
  return (r * r * storedChannels(runtime, channels) * stored) / 8;
}

/** Bytes of a conv's output tensor at some stored bits. */
export function outputBytes(network: Network, runtime: Runtime, conv: number, stored: number): number {
  const r = network.outResolution[conv];
  return (r * r * storedChannels(runtime, network.outChannels[conv]) * stored) / 8;
}

/** Whether a conv reads the image. */
export function readsImage(network: Network, conv: number): boolean {
  return conv === 0 && network.readsImage;
}
