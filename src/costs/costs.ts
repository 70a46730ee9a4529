import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { type Network, nextMainConv, Shortcut } from "../network/network.ts";
import { type MemoryForm, sramLive } from "./live-sram.ts";

/** What a network costs. Every figure is an exact double: sums of whole numbers, or of eighths. */
export interface Costs {
  /** 64 e, e = 8-bit-equivalent MACs, the published unit. */
  bitops: number;
  macs: number;
  /** Bytes, without the classifier unless `classes` says how many it has. */
  flash: number;
  /** Bytes, the published estimate. */
  sram: number;
  /** Layers as the paper counts them: main-path convs. */
  layers: number;
  /** Bytes, the true peak of live tensors (live-memory.ts, docs/memory.md). */
  sramLive: number;
}

export const costNames = ["bitops", "macs", "flash", "sram", "layers", "sramLive"] as const;
export type CostName = (typeof costNames)[number];

export function emptyCosts(): Costs {
  return { bitops: 0, macs: 0, flash: 0, sram: 0, layers: 0, sramLive: 0 };
}

/** Whether no cost is above its limit; limits in the order of `costNames`. */
export function withinLimits(cost: Readonly<Costs>, limits: Float64Array): boolean {
  return (
    cost.bitops <= limits[0] &&
    cost.macs <= limits[1] &&
    cost.flash <= limits[2] &&
    cost.sram <= limits[3] &&
    cost.layers <= limits[4] &&
    cost.sramLive <= limits[5]
  );
}

/** BN (2) and ReLU or addition (1) on every output value, in 8-bit-equivalent MACs. */
const ELEMENTWISE = 3;

/**
 * Costs of a network by the formulas of the published program (spec section 6).
 * @param classes outputs of an 8-bit classifier behind the network, counted into flash: C * classes + classes bytes; 0 for none
 * @param out filled and returned
 */
export function costs(network: Network, classes: number, out: Costs): Costs {
  additiveCosts(network, classes, out);
  out.sram = 0;
  let first = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    const end = network.layerEnd[layer];
    for (let conv = first; conv < end; conv++) {
      if (network.projection[conv] === 0) out.sram = Math.max(out.sram, sramOf(network, layer, first, conv));
    }
    first = end;
  }
  out.sramLive = sramLive(network);
  return out;
}

/** The costs that are sums over the layers: all but the two memories, which it leaves as they are. */
export function additiveCosts(network: Network, classes: number, out: Costs): Costs {
  let bitops = 0;
  let macs = 0;
  let flash = 0;
  let mainConvs = 0;
  let conv = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    const first = conv;
    const end = network.layerEnd[layer];
    const rIn = network.inResolution[first];
    const stride = network.layerStride[layer];
    if (network.shortcut[layer] !== Shortcut.none && stride === 2) {
      bitops += 64 * network.inChannels[first] * rIn * rIn;
    }
    for (; conv < end; conv++) {
      const cin = network.inChannels[conv];
      const cout = network.outChannels[conv];
      const k = network.kernel[conv];
      const area = network.outResolution[conv] * network.outResolution[conv];
      const bitsA = network.bitsA[conv] || FULL_PRECISION_BITS;
      const bitsW = network.bitsW[conv] || FULL_PRECISION_BITS;
      const weights = (network.depthwise[conv] === 1 ? 1 : cin) * cout * k * k;
      const work = weights * area;
      macs += work;
      bitops += work * bitsA * bitsW + 64 * ELEMENTWISE * cout * area;
      flash += (weights * bitsW) / 8 + 2 * cout;
      if (network.projection[conv] === 0) mainConvs++;
    }
  }
  const last = network.outChannels[network.convs - 1];
  out.bitops = bitops;
  out.macs = macs;
  out.flash = classes > 0 ? flash + last * classes + classes : flash;
  out.layers = mainConvs;
  return out;
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
export function publishedForm(network: Network, layer: number): MemoryForm {
  const first = layer === 0 ? 0 : network.layerEnd[layer - 1];
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
export function sramInput(network: Network, conv: number): number {
  const r = network.inResolution[conv];
  return r * r * network.inChannels[conv];
}

/** Values of a conv's output that live beside its input. */
export function sramOutput(network: Network, conv: number): number {
  const r = network.inResolution[conv];
  const s = network.stride[conv];
  return Math.floor((r * r * (network.depthwise[conv] === 1 ? 1 : network.outChannels[conv])) / (s * s));
}

/** Values that the estimate holds for the shortcut while a middle conv runs. */
export function sramHeld(network: Network, layer: number, first: number, conv: number): number {
  const end = network.layerEnd[layer];
  const held =
    conv > first && conv < end - 1 && network.shortcut[layer] !== Shortcut.none && network.projection[end - 1] === 0;
  if (!held) return 0;
  const r = network.inResolution[conv];
  const s = network.stride[conv];
  return Math.floor((r * r * network.outChannels[end - 1]) / (s * s));
}
