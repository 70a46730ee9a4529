import { createHash } from "node:crypto";
import { type Costs, costs, emptyCosts } from "../costs/costs.ts";
import { layerBitops, weightsOf } from "../costs/layer-sums.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { firstConv, type Network } from "../network/network.ts";
import { Shortcut } from "../network/shortcut.ts";
import { networkOf, type Structure } from "../network/structure.ts";

/** Raised whenever a reader of the old form would misread the new one. */
const DESCRIPTION_VERSION = 1;

/** One conv: BN follows, and ReLU unless it is a projection or the last of a layer, whose ReLU follows the shortcut's addition. */
export interface ConvDescription {
  readonly kernel: number;
  readonly stride: number;
  readonly depthwise: boolean;
  /** On the shortcut, behind the 2x2 average pool of a layer of stride 2. */
  readonly projection: boolean;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Pixels of one side. */
  readonly inResolution: number;
  readonly outResolution: number;
  /** Of its input and of its weights; 0 is full precision. */
  readonly bitsA: number;
  readonly bitsW: number;
  readonly weights: number;
  readonly macs: number;
}

/** One inner layer; the stem and the head are layers of one conv. */
export interface LayerDescription {
  /** Index of the block in the structure, and of the layer in the block. */
  readonly block: number;
  readonly inner: number;
  readonly shortcut: keyof typeof Shortcut;
  readonly stride: number;
  /** Channels between the two layers of a squeeze-excite on what the last conv but a projection reads; absent where there is none. */
  readonly squeeze?: number;
  /** What BN, ReLU, addition and pooling are charged, beside the convs' own BitOps. */
  readonly elementwiseBitOps: number;
  readonly convs: readonly ConvDescription[];
}

/** A network layer by layer, with every figure that a reader needs to check what it built: docs/export.md. */
export interface NetworkDescription {
  readonly format: "qe-search network";
  readonly version: number;
  readonly name: string;
  /** Of everything that decides what the network is; weights of another network have another one. */
  readonly digest: string;
  readonly resolution: number;
  readonly channels: number;
  /** Outputs of the classifier behind the global average; 0: the network ends with its last layer. */
  readonly classes: number;
  readonly outputShape: readonly number[];
  /** Of all convs; costs as they are defined everywhere, flash with the classifier. */
  readonly totals: Readonly<Costs> & { readonly weights: number };
  readonly layers: readonly LayerDescription[];
  readonly structure: Structure;
}

const shortcutNames = Object.keys(Shortcut) as (keyof typeof Shortcut)[];

/** Describes a structure at an input resolution. */
export function describeNetwork(
  name: string,
  structure: Structure,
  resolution: number,
  classes: number,
): NetworkDescription {
  const network = networkOf(structure, resolution);
  const layers: LayerDescription[] = [];
  for (let layer = 0; layer < network.layers; layer++) {
    const block = network.block[layer];
    const before = layers.at(-1);
    const convs: ConvDescription[] = [];
    for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++)
      convs.push(convAt(network, conv));
    const products = convs.reduce(
      (sum, { macs, bitsA, bitsW }) => sum + macs * (bitsA || FULL_PRECISION_BITS) * (bitsW || FULL_PRECISION_BITS),
      0,
    );
    layers.push({
      block,
      inner: before?.block === block ? before.inner + 1 : 0,
      shortcut: shortcutNames.find((key) => Shortcut[key] === network.shortcut[layer])!,
      stride: network.layerStride[layer],
      ...(network.squeeze[layer] > 0 ? { squeeze: network.squeeze[layer] } : {}),
      elementwiseBitOps: layerBitops(network, layer) - products,
      convs,
    });
  }
  const last = network.convs - 1;
  const weights = layers.flatMap(({ convs }) => convs).reduce((sum, conv) => sum + conv.weights, 0);
  return {
    format: "qe-search network",
    version: DESCRIPTION_VERSION,
    name,
    digest: createHash("sha256")
      .update(JSON.stringify([structure, resolution, classes]))
      .digest("hex")
      .slice(0, 32),
    resolution,
    channels: structure[0].in,
    classes,
    outputShape:
      classes > 0
        ? [1, classes]
        : [1, network.outChannels[last], network.outResolution[last], network.outResolution[last]],
    totals: { ...costs(network, classes, emptyCosts()), weights },
    layers,
    structure,
  };
}

function convAt(network: Network, conv: number): ConvDescription {
  const weights = weightsOf(network, conv);
  const outResolution = network.outResolution[conv];
  return {
    kernel: network.kernel[conv],
    stride: network.stride[conv],
    depthwise: network.depthwise[conv] === 1,
    projection: network.projection[conv] === 1,
    inChannels: network.inChannels[conv],
    outChannels: network.outChannels[conv],
    inResolution: network.inResolution[conv],
    outResolution,
    bitsA: network.bitsA[conv],
    bitsW: network.bitsW[conv],
    weights,
    macs: weights * outResolution * outResolution,
  };
}
