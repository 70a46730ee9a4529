import type { Network } from "../network/network.ts";
import type { Runtime, Scratch } from "./runtime.ts";
import { readsImage, storedChannels } from "./storage.ts";

/*
 * Bytes of scratch beside the tensors: what a kernel unpacks, gathers or keeps of rows that it writes over. They do not depend on bits, since
 * whatever is unpacked is a byte a value or more.
 */

/** Scratch of a conv with a kernel of its own. @param adds whether it adds a shortcut as it writes */
export function convScratch(network: Network, runtime: Runtime, conv: number, adds: boolean): number {
  const { depthwise, pointwise, dense } = runtime.scratch;
  const kind = network.depthwise[conv] === 1 ? depthwise : network.kernel[conv] === 1 ? pointwise : dense;
  return scratchOf(kind, sizesOf(network, runtime, conv, conv), adds);
}

/** Scratch of the kernel that runs a depthwise conv and the expansion before it: the input is the expansion's, all else the depthwise conv's. */
export function expansionScratch(network: Network, runtime: Runtime, depthwise: number): number {
  return scratchOf(runtime.scratch.expansion, sizesOf(network, runtime, depthwise - 1, depthwise), false);
}

/** Scratch of the conv that sums its output up for the classifier. @param adds whether it adds a shortcut */
export function averageScratch(network: Network, runtime: Runtime, conv: number, adds: boolean): number {
  return scratchOf(runtime.scratch.average, sizesOf(network, runtime, conv, conv), adds);
}

interface Sizes {
  /** Channels that are stored together. */
  readonly group: number;
  readonly input: number;
  readonly output: number;
  readonly k: number;
  readonly r: number;
}

function sizesOf(network: Network, runtime: Runtime, from: number, to: number): Sizes {
  const input = network.inChannels[from];
  return {
    group: runtime.channels,
    input: readsImage(network, from) ? input : storedChannels(runtime, input),
    output: storedChannels(runtime, network.outChannels[to]),
    k: network.kernel[to],
    r: network.inResolution[to],
  };
}

function scratchOf(scratch: Scratch, { group, input, output, k, r }: Sizes, adds: boolean): number {
  const area = k * k;
  const patch = Math.ceil((area * input) / group) * group;
  return (
    scratch.constant +
    scratch.input * input +
    scratch.output * output +
    (adds ? scratch.added * output : 0) +
    scratch.kernel * area +
    scratch.patch * patch +
    scratch.weights * area * input * output +
    scratch.rows * k * r +
    scratch.plane * (r + k - 1) ** 2
  );
}
