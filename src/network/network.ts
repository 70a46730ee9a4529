import { type Family, squeezeWidth } from "./families.ts";
import { Shortcut, shortcutOf } from "./shortcut.ts";

/**
 * One network as the flat list of its convs, in execution order: a struct of arrays that is filled again for every candidate,
 * so that the search allocates nothing. Everything else (costs, score, kernel, export) folds over it and never asks for a class.
 *
 * Three levels, each an index range over the one below: stages -> inner layers -> convs. The stem and the head are inner layers of one conv.
 * Channels are counts, resolutions are pixels of one side, bits are 0 where the conv is full precision.
 */
export class Network {
  /** Pixels of one side of the input image. */
  resolution = 0;
  /** Whether its first conv reads the image; a single layer that is measured alone may be one from the middle. */
  readsImage = true;

  convs = 0;
  readonly inChannels: Int32Array;
  readonly outChannels: Int32Array;
  readonly kernel: Int32Array;
  readonly stride: Int32Array;
  /** 1 where groups = in = out. */
  readonly depthwise: Uint8Array;
  /** 1 for a conv on the shortcut: it costs, but does not enter the score. */
  readonly projection: Uint8Array;
  /** Resolution of the conv's input, and of its output. */
  readonly inResolution: Int32Array;
  readonly outResolution: Int32Array;
  readonly bitsA: Uint8Array;
  readonly bitsW: Uint8Array;

  layers = 0;
  /** Conv index one past the layer's last. */
  readonly layerEnd: Int32Array;
  readonly shortcut: Uint8Array;
  /** Channels between the two layers of a squeeze-excite on what the last main-path conv reads; 0 where there is none. */
  readonly squeeze: Int32Array;
  readonly layerStride: Int32Array;
  /** Index of the block, as in the structure, that the layer belongs to. */
  readonly block: Int32Array;

  stages = 0;
  /** Layer index one past the stage's last. */
  readonly stageEnd: Int32Array;

  constructor(capacity: number) {
    this.inChannels = new Int32Array(capacity);
    this.outChannels = new Int32Array(capacity);
    this.kernel = new Int32Array(capacity);
    this.stride = new Int32Array(capacity);
    this.depthwise = new Uint8Array(capacity);
    this.projection = new Uint8Array(capacity);
    this.inResolution = new Int32Array(capacity);
    this.outResolution = new Int32Array(capacity);
    this.bitsA = new Uint8Array(capacity);
    this.bitsW = new Uint8Array(capacity);
    this.layerEnd = new Int32Array(capacity);
    this.shortcut = new Uint8Array(capacity);
    this.squeeze = new Int32Array(capacity);
    this.layerStride = new Int32Array(capacity);
    this.block = new Int32Array(capacity);
    this.stageEnd = new Int32Array(capacity);
  }
}

/** Empties the network and sets the resolution of its input. */
export function beginNetwork(network: Network, resolution: number): void {
  network.resolution = resolution;
  network.convs = 0;
  network.layers = 0;
  network.stages = 0;
  network.readsImage = true;
}

interface ConvShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly depthwise: 0 | 1;
}

/** Appends one conv at the network's current resolution; returns its output resolution, ceil(r / s). */
function appendConv(network: Network, conv: ConvShape, resolution: number, bitsA: number, bitsW: number): number {
  const i = network.convs++;
  const { inChannels, outChannels, kernel, stride, depthwise } = conv;
  const out = stride === 1 ? resolution : Math.ceil(resolution / stride);
  network.inChannels[i] = inChannels;
  network.outChannels[i] = outChannels;
  network.kernel[i] = kernel;
  network.stride[i] = stride;
  network.depthwise[i] = depthwise;
  network.projection[i] = 0;
  network.inResolution[i] = resolution;
  network.outResolution[i] = out;
  network.bitsA[i] = bitsA;
  network.bitsW[i] = bitsW;
  return out;
}

/** The widths of one inner layer. */
export interface LayerShape {
  in: number;
  btn: number;
  out: number;
  k: number;
  s: number;
}

/** Where an inner layer is. */
export interface LayerPlace {
  readonly block: number;
  /** Whether it is the first inner layer of its block: a projected shortcut is then always projected. */
  readonly first: boolean;
}

/** Bits of an inner layer: one entry per main-path conv from `offset` on; 0 is full precision. */
export interface LayerBits {
  readonly a: ArrayLike<number>;
  readonly w: ArrayLike<number>;
  readonly offset: number;
}

/** Appends one inner layer of a family. */
export function appendLayer(
  network: Network,
  family: Family,
  { block, first }: LayerPlace,
  shape: Readonly<LayerShape>,
  { a, w, offset }: LayerBits,
): void {
  if (network.convs === 0) network.readsImage = block === 0 && first;
  const inputResolution = network.convs === 0 ? network.resolution : network.outResolution[lastMainConv(network)];
  const templates = family.convs;
  let r = inputResolution;
  for (let j = 0; j < templates.length; j++) {
    const t = templates[j];
    r = appendConv(
      network,
      {
        inChannels: shape[t.from],
        outChannels: shape[t.to],
        kernel: t.kernel === 1 ? 1 : shape.k,
        stride: t.strided ? shape.s : 1,
        depthwise: t.depthwise ? 1 : 0,
      },
      r,
      a[offset + j],
      w[offset + j],
    );
  }
  const shortcut = shortcutOf(family.shortcut, shape, first);
  if (shortcut === Shortcut.projected) {
    // The average pool of a strided shortcut comes before the projection, which runs at the output resolution.
    const projection = { inChannels: shape.in, outChannels: shape.out, kernel: 1, stride: 1, depthwise: 0 } as const;
    appendConv(network, projection, r, a[offset], w[offset]);
    network.projection[network.convs - 1] = 1;
  }
  const layer = network.layers++;
  network.layerEnd[layer] = network.convs;
  network.shortcut[layer] = shortcut;
  network.squeeze[layer] =
    family.squeezeExcite === true ? squeezeWidth(shape[templates[templates.length - 1].from]) : 0;
  network.layerStride[layer] = shape.s;
  network.block[layer] = block;
}

/** Index of a layer's first conv. */
export function firstConv(network: Network, layer: number): number {
  return layer === 0 ? 0 : network.layerEnd[layer - 1];
}

/** Index of the last conv that is not a projection. */
function lastMainConv(network: Network): number {
  return lastMainConvOf(network, network.layers - 1);
}

/** Index of a layer's last conv that is not a projection. */
export function lastMainConvOf(network: Network, layer: number): number {
  const last = network.layerEnd[layer] - 1;
  return network.projection[last] === 1 ? last - 1 : last;
}

/** Index of the main-path conv after this one, `network.convs` behind the last. */
export function nextMainConv(network: Network, conv: number): number {
  const next = conv + 1;
  return next < network.convs && network.projection[next] === 1 ? next + 1 : next;
}

/** Closes the stage that ends with the last appended layer. */
export function endStage(network: Network): void {
  network.stageEnd[network.stages++] = network.layers;
}

/** Convs, projections included, that a network of these blocks can have. */
export function networkCapacity(blocks: readonly { readonly family: Family; readonly maxDepth: number }[]): number {
  return blocks.reduce((sum, block) => sum + block.maxDepth * (block.family.convs.length + 1), 0);
}
