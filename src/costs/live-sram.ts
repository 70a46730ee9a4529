import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { firstConv, lastMainConvOf, type Network, nextMainConv } from "../network/network.ts";
import { Shortcut } from "../network/shortcut.ts";
import type { FiveConstants } from "./five-constants.ts";

/*
 * sramLive: the true peak of live tensors, bit-packed, over the execution order (docs/memory.md). One conv runs at a time. A tensor is
 * stored at the activation bits of the conv that reads it (8 behind the last conv, 8 at full precision) and is freed when its last
 * reader has run. While a conv runs, its input and its output are live, and so is what the layer's shortcut holds:
 * - the shortcut holds the layer's input until its addition; where the layer has stride 2, the 2x2 average pool runs in place as soon as
 *   the first conv has read the input, and only its result, ceil(r / 2) pixels wide, is held;
 * - a depthwise conv runs in place, a channel at a time: a channel's input plane is freed when its output plane is complete. Live planes
 *   only grow or only shrink on the way, so the peak is at the first or at the last channel. An input that the shortcut holds stays whole;
 * - a projection runs last: the held input, the main path's output and the projection's output, at the bits of the main output, are live;
 * - a squeeze-excite runs before the layer's last main-path conv, in place on what that conv reads: beside it and the shortcut, one value of every
 *   channel and of every squeezed channel is live, at the bits of that conv's input;
 * - an addition runs in place, on the main path's output, and never needs more than the conv before it.
 * Weights, accumulators, im2col buffers, the stack and the classifier's few values are not counted.
 */

/** One conv's step of the execution order; sizes in bytes, fractions of a byte kept. */
export interface LiveStep {
  readonly layer: number;
  readonly conv: number;
  /** Index of the block in the structure, and of the inner layer in the block. */
  readonly block: number;
  readonly inner: number;
  /** For a person: `block 1 layer 0: 1x1 16->48 at 80x80`. */
  readonly name: string;
  readonly bitsA: number;
  /** What of the input, of the output and of the shortcut is live at the step's peak. */
  readonly input: number;
  readonly output: number;
  readonly held: number;
  readonly bytes: number;
}

/** Bits that are live at a conv's peak; `parts`, where given, is filled with those of its input, its output and the shortcut. */
export function liveBits(
  network: Network,
  layer: number,
  conv: number,
  outputBits: number,
  parts?: Float64Array,
): number {
  const first = firstConv(network, layer);
  const inPlane =
    network.inResolution[conv] * network.inResolution[conv] * (network.bitsA[conv] || FULL_PRECISION_BITS);
  const outPlane = network.outResolution[conv] * network.outResolution[conv] * outputBits;
  const cin = network.inChannels[conv];
  const cout = network.outChannels[conv];
  const shortcut = network.shortcut[layer];
  let input = inPlane * cin;
  let output = outPlane * cout;
  let held = 0;
  if (network.projection[conv] === 1) {
    // The held input is this conv's input; the main path's output is as large as its own.
    held = output;
  } else if (shortcut !== Shortcut.none && conv > first) {
    const whole = network.layerStride[layer] === 1;
    const r = whole ? network.inResolution[first] : Math.ceil(network.inResolution[first] / network.layerStride[layer]);
    held = r * r * network.inChannels[first] * (network.bitsA[first] || FULL_PRECISION_BITS);
  }
  if (network.depthwise[conv] === 1 && (shortcut === Shortcut.none || conv > first)) {
    if (input + outPlane >= inPlane + output) output = outPlane;
    else input = inPlane;
  }
  if (parts !== undefined) {
    parts[0] = input;
    parts[1] = output;
    parts[2] = held;
  }
  return input + output + held;
}

/** Bits that are live while a layer's squeeze-excite runs; 0 where it has none. */
export function squeezeBits(network: Network, layer: number): number {
  const squeezed = network.squeeze[layer];
  if (squeezed === 0) return 0;
  const conv = lastMainConvOf(network, layer);
  const values = squeezed + network.inChannels[conv];
  // With an output of no bits, what is live at a conv's peak is its input and the shortcut.
  return liveBits(network, layer, conv, 0) + values * (network.bitsA[conv] || FULL_PRECISION_BITS);
}

/** Bits at which a conv's output is stored: the activation bits of the next main-path conv, `after` behind the layer. */
function outputBitsOf(network: Network, layer: number, conv: number, after: number): number {
  const next = nextMainConv(network, conv);
  return next < network.layerEnd[layer] ? network.bitsA[next] || FULL_PRECISION_BITS : after;
}

/** Activation bits of the first conv behind a layer, 8 behind the last. */
export function bitsBehind(network: Network, layer: number): number {
  const next = network.layerEnd[layer];
  return (next < network.convs && network.bitsA[next]) || FULL_PRECISION_BITS;
}

/** The peak of live tensors in bytes: the fold over all convs, without allocation. */
export function sramLive(network: Network): number {
  let peak = 0;
  let conv = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    const after = bitsBehind(network, layer);
    for (; conv < network.layerEnd[layer]; conv++) {
      const bits = liveBits(network, layer, conv, outputBitsOf(network, layer, conv, after));
      if (bits > peak) peak = bits;
    }
    peak = Math.max(peak, squeezeBits(network, layer));
  }
  return peak / 8;
}

/** Every step of the execution order. */
export function liveSteps(network: Network): LiveStep[] {
  const steps: LiveStep[] = [];
  const parts = new Float64Array(3);
  let conv = 0;
  let inner = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    const block = network.block[layer];
    inner = layer > 0 && network.block[layer - 1] === block ? inner + 1 : 0;
    const after = bitsBehind(network, layer);
    for (; conv < network.layerEnd[layer]; conv++) {
      const place = { layer, conv, block, inner };
      if (network.squeeze[layer] > 0 && conv === lastMainConvOf(network, layer))
        steps.push(squeezeStep(network, place));
      const bits = liveBits(network, layer, conv, outputBitsOf(network, layer, conv, after), parts);
      steps.push({
        ...place,
        name: `block ${block} layer ${inner}: ${convName(network, conv)}`,
        bitsA: network.bitsA[conv] || FULL_PRECISION_BITS,
        input: parts[0] / 8,
        output: parts[1] / 8,
        held: parts[2] / 8,
        bytes: bits / 8,
      });
    }
  }
  return steps;
}

function squeezeStep(network: Network, place: Pick<LiveStep, "layer" | "conv" | "block" | "inner">): LiveStep {
  const { layer, conv, block, inner } = place;
  const channels = network.inChannels[conv];
  const r = network.inResolution[conv];
  const bitsA = network.bitsA[conv] || FULL_PRECISION_BITS;
  const input = (r * r * channels * bitsA) / 8;
  const output = ((channels + network.squeeze[layer]) * bitsA) / 8;
  const bytes = squeezeBits(network, layer) / 8;
  const name = `block ${block} layer ${inner}: squeeze-excite ${channels}->${network.squeeze[layer]} at ${r}x${r}`;
  return { ...place, name, bitsA, input, output, held: bytes - input - output, bytes };
}

/** A step as reports name it. */
export type LargestStep = Pick<LiveStep, "name" | "block" | "inner" | "bytes">;

/** The step with the largest peak, the first of equals: its `bytes` is `sramLive`. */
export function largestStep(network: Network): LargestStep {
  const { name, block, inner, bytes } = liveSteps(network).reduce((largest, step) =>
    step.bytes > largest.bytes ? step : largest,
  );
  return { name, block, inner, bytes };
}

/** `1x1 16->48 at 80x80`, `depthwise 3x3 48 at 80x80 stride 2`. */
function convName(network: Network, conv: number): string {
  const k = network.kernel[conv];
  const r = network.inResolution[conv];
  const depthwise = network.depthwise[conv] === 1;
  return [
    network.projection[conv] === 1 ? "projection " : depthwise ? "depthwise " : "",
    `${k}x${k} ${depthwise ? "" : `${network.inChannels[conv]}->`}${network.outChannels[conv]} at ${r}x${r}`,
    network.stride[conv] === 1 ? "" : ` stride ${network.stride[conv]}`,
  ].join("");
}

/** The form of `sramLive` in one layer of several convs whose last is not depthwise, as every family's. */
export function liveForm(network: Network, layer: number): FiveConstants {
  const first = firstConv(network, layer);
  const form = { inner: 0, lastInput: 0, lastOutput: 0, joinInput: 0, joinOutput: 0 };
  for (let conv = first; conv < network.layerEnd[layer]; conv++) {
    const scale = 8 * (network.bitsA[conv] || FULL_PRECISION_BITS);
    const behind = nextMainConv(network, conv) >= network.layerEnd[layer];
    if (!behind) {
      const bits = liveBits(network, layer, conv, network.bitsA[conv] || FULL_PRECISION_BITS);
      form.inner = Math.max(form.inner, bits / scale);
      continue;
    }
    const input = liveBits(network, layer, conv, 0);
    const output = liveBits(network, layer, conv, 8) - input;
    if (network.projection[conv] === 1) {
      form.joinInput = input / scale;
      form.joinOutput = output / 64;
    } else {
      form.lastInput = input / scale;
      form.lastOutput = output / 64;
    }
  }
  const bits = network.bitsA[lastMainConvOf(network, layer)] || FULL_PRECISION_BITS;
  form.inner = Math.max(form.inner, squeezeBits(network, layer) / (8 * bits));
  return form;
}
