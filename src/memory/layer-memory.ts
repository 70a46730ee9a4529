import { firstConv, type Network, nextMainConv } from "../network/network.ts";
import { Shortcut } from "../network/shortcut.ts";
import type { Runtime, RuntimeDeployment } from "./runtime.ts";
import { averageScratch, convScratch, expansionScratch } from "./scratch.ts";
import { inputBytes, outputBytes, storedChannels, tensorBytes } from "./storage.ts";

/*
 * What a runtime holds while it runs one inner layer, moment by moment (docs/memory.md). X is the layer's input, T1 what the expansion writes, T2
 * what the depthwise conv writes, O the layer's output.
 */

/** At how many bits the tensors of a layer are stored. */
export interface StoredAt {
  /** The tensor that a conv reads. */
  readonly input: (conv: number) => number;
  /** The tensor behind the layer. */
  readonly behind: number;
  /** Whether the network ends behind the layer. */
  readonly ends: boolean;
}

/** A moment: the conv that runs, and bytes of its input, its output, what else is live, its scratch. Every one is a line in the stored bits. */
export type Moment = (conv: number, input: number, output: number, held: number, scratch: number) => void;

/** Tells `emit` every moment of a layer at which most may be live, in the order of execution. */
export function layerMoments(
  network: Network,
  layer: number,
  { runtime, classes }: RuntimeDeployment,
  stored: StoredAt,
  emit: Moment,
): void {
  const first = firstConv(network, layer);
  const end = network.layerEnd[layer];
  const shortcut = network.shortcut[layer];
  const held = shortcut === Shortcut.none ? 0 : heldBytes(network, layer, runtime, stored.input(first));
  for (let conv = first; conv < end; conv++) {
    const next = nextMainConv(network, conv);
    const output = outputBytes(network, runtime, conv, next < end ? stored.input(next) : stored.behind);
    if (network.projection[conv] === 1) {
      // Behind the main path, whose output is as large as the projection's.
      emit(
        conv,
        inputBytes(network, runtime, conv, stored.input(conv)),
        output,
        output,
        convScratch(network, runtime, conv, true),
      );
      if (runtime.addition === "separate") emit(conv, output, output, output, 0);
      continue;
    }
    // What a fused kernel expands is never there.
    if (expandsInto(network, runtime, conv, end)) continue;
    const fused = conv > first && expandsInto(network, runtime, conv - 1, end);
    const reads = fused ? conv - 1 : conv;
    const input = inputBytes(network, runtime, reads, stored.input(reads));
    const beside = reads > first ? held : 0;
    const adds = next >= end && conv > first && (shortcut === Shortcut.identity || shortcut === Shortcut.pooled);
    const scratch = fused ? expansionScratch(network, runtime, conv) : convScratch(network, runtime, conv, adds);
    if (next >= end) {
      lastMoments(
        network,
        { runtime, classes },
        conv,
        { input, output, held: beside, scratch, adds, ends: stored.ends },
        emit,
      );
    } else if (isInPlace(network, layer, runtime, conv, stored) && !fused) emit(conv, input, 0, beside, scratch);
    else emit(conv, input, output, beside, scratch);
    const pools = shortcut !== Shortcut.none && network.layerStride[layer] !== 1;
    if (reads === first && pools && runtime.pool === "separate") emit(conv, input, output, held, 0);
  }
}

interface LastConv {
  readonly input: number;
  readonly output: number;
  readonly held: number;
  readonly scratch: number;
  readonly adds: boolean;
  readonly ends: boolean;
}

function lastMoments(
  network: Network,
  { runtime, classes }: RuntimeDeployment,
  conv: number,
  { input, output, held, scratch, adds, ends }: LastConv,
  emit: Moment,
): void {
  const averages = ends && classes > 0;
  const means = storedChannels(runtime, network.outChannels[conv]);
  if (averages && runtime.average === "fused") {
    // The means are part of the scratch.
    emit(conv, input, 0, held, averageScratch(network, runtime, conv, adds));
    return;
  }
  if (adds && runtime.addition === "in-place") {
    // The sum takes the place of what is held, which may be smaller: T2 + max(held, O).
    emit(conv, input, 0, held, scratch);
    emit(conv, input, output, 0, scratch);
  } else {
    emit(conv, input, output, held, scratch);
    if (adds) emit(conv, output, output, held, 0);
  }
  if (averages) emit(conv, output, means, 0, 0);
}

/** What the shortcut holds behind the layer's first conv: its input, pooled where the layer has a stride. */
function heldBytes(network: Network, layer: number, runtime: Runtime, stored: number): number {
  const first = firstConv(network, layer);
  const stride = network.layerStride[layer];
  if (stride === 1) return inputBytes(network, runtime, first, stored);
  const r = Math.ceil(network.inResolution[first] / stride);
  return tensorBytes(runtime, r, network.inChannels[first], stored);
}

/** Whether a conv is the expansion of a kernel that runs the depthwise conv behind it too. */
function expandsInto(network: Network, { expansion }: Runtime, conv: number, end: number): boolean {
  return (
    expansion === "fused" &&
    conv + 1 < end &&
    network.kernel[conv] === 1 &&
    network.depthwise[conv] === 0 &&
    network.depthwise[conv + 1] === 1
  );
}

/** A depthwise conv writes over its input where it may, unless a shortcut holds that or the output has other bits. */
function isInPlace(network: Network, layer: number, runtime: Runtime, conv: number, { input }: StoredAt): boolean {
  if (network.depthwise[conv] === 0 || runtime.depthwise === "separate") return false;
  const isHeld = network.shortcut[layer] !== Shortcut.none && conv === firstConv(network, layer);
  return !isHeld && input(conv) === input(nextMainConv(network, conv));
}
