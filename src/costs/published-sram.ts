import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { firstConv, type Network, nextMainConv } from "../network/network.ts";
import { Shortcut } from "../network/shortcut.ts";
import type { FiveConstants } from "./five-constants.ts";

/** The published SRAM estimate in bytes: the largest of its main-path convs'. */
export function publishedSram(network: Network): number {
  let peak = 0;
  let first = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    const end = network.layerEnd[layer];
    for (let conv = first; conv < end; conv++) {
      if (network.projection[conv] === 0) peak = Math.max(peak, sramOf(network, layer, first, conv));
    }
    first = end;
  }
  return peak;
}

/**
 * The published SRAM estimate of one main-path conv, bytes: its input, its output at the next conv's bits (a depthwise output replaces
 * its input channel by channel), and, for a middle conv under a shortcut, the layer's output held at the bits of its first conv.
 */
export function sramOf(network: Network, layer: number, first: number, conv: number): number {
  const next = nextMainConv(network, conv);
  const nextBits = (next < network.convs && network.bitsA[next]) || FULL_PRECISION_BITS;
  const bitsA = network.bitsA[conv] || FULL_PRECISION_BITS;
  const firstBits = network.bitsA[first] || FULL_PRECISION_BITS;
  return (
    (sramInput(network, conv) * bitsA +
      sramOutput(network, conv) * nextBits +
      sramHeld(network, layer, first, conv) * firstBits) /
    8
  );
}

/** The published estimate of one layer as a form of its activation bits and the next layer's. */
export function publishedForm(network: Network, layer: number): FiveConstants {
  const first = firstConv(network, layer);
  const form = { inner: 0, lastInput: 0, lastOutput: 0, joinInput: 0, joinOutput: 0 };
  for (let conv = first; conv < network.layerEnd[layer]; conv++) {
    if (network.projection[conv] === 1) continue;
    const input = sramInput(network, conv) / 8;
    const output = sramOutput(network, conv) / 8;
    if (nextMainConv(network, conv) >= network.layerEnd[layer]) {
      form.lastInput = input;
      form.lastOutput = output;
    } else {
      form.inner = Math.max(form.inner, input + output + sramHeld(network, layer, first, conv) / 8);
    }
  }
  return form;
}

/** Values of a conv's input. */
function sramInput(network: Network, conv: number): number {
  const r = network.inResolution[conv];
  return r * r * network.inChannels[conv];
}

/** Values of a conv's output that live beside its input. */
function sramOutput(network: Network, conv: number): number {
  const r = network.inResolution[conv];
  const s = network.stride[conv];
  return Math.floor((r * r * (network.depthwise[conv] === 1 ? 1 : network.outChannels[conv])) / (s * s));
}

/** Values that the estimate holds for the shortcut while a middle conv runs. */
function sramHeld(network: Network, layer: number, first: number, conv: number): number {
  const end = network.layerEnd[layer];
  const held =
    conv > first && conv < end - 1 && network.shortcut[layer] !== Shortcut.none && network.projection[end - 1] === 0;
  if (!held) return 0;
  const r = network.inResolution[conv];
  const s = network.stride[conv];
  return Math.floor((r * r * network.outChannels[end - 1]) / (s * s));
}
