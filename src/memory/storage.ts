import { FULL_PRECISION_BITS } from "../network/bits.ts";
import type { Network } from "../network/network.ts";
import type { Runtime } from "./runtime.ts";

const BIT_WIDTHS = 17;

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

/** Bytes of a conv's input tensor at some stored bits; the image has bytes and its own channels, whatever they are. */
export function inputBytes(network: Network, runtime: Runtime, conv: number, stored: number): number {
  const channels = network.inChannels[conv];
  const r = network.inResolution[conv];
  if (readsImage(network, conv)) return wholeUnits(runtime, r * r * channels);
  return tensorBytes(runtime, r, channels, stored);
}

/** Bytes of a conv's output tensor at some stored bits. */
export function outputBytes(network: Network, runtime: Runtime, conv: number, stored: number): number {
  return tensorBytes(runtime, network.outResolution[conv], network.outChannels[conv], stored);
}

/**
 * Bytes of a tensor of r x r pixels at some stored bits: a line in these. Exact: whole groups of a pixel are whole bytes where groups are of 8, and every
 * runtime of other groups stores bytes.
 */
export function tensorBytes(runtime: Runtime, r: number, channels: number, stored: number): number {
  const groups = Math.ceil(channels / runtime.channels);
  return (wholeUnits(runtime, r * r * groups) * runtime.channels * stored) / 8;
}

/** Groups of a tensor as they are stored: `alignment` of them are a unit. */
function wholeUnits({ alignment }: Runtime, groups: number): number {
  return Math.ceil(groups / alignment) * alignment;
}

/** Whether a conv reads the image. */
export function readsImage(network: Network, conv: number): boolean {
  return conv === 0 && network.readsImage;
}
