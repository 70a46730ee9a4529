import { ln } from "../../base/gaussian.ts";
import type { Network } from "../../network/network.ts";

/**
 * The convs of a network that the forward score measures, in order: without projections, at a resolution of its own and with widths
 * capped. A struct of arrays that is filled again for every candidate.
 */
export class MainPath {
  convs = 0;
  resolution = 0;
  inChannels = new Int32Array(0);
  outChannels = new Int32Array(0);
  kernel = new Int32Array(0);
  stride = new Int32Array(0);
  depthwise = new Uint8Array(0);
  inResolution = new Int32Array(0);
  outResolution = new Int32Array(0);
  bitsA = new Uint8Array(0);
  bitsW = new Uint8Array(0);
  /** Index of the conv's inner layer. */
  layer = new Int32Array(0);
  /** 0.5 ln(F / F_thin): the log-std gain that capping the conv's input took away. */
  missing = new Float64Array(0);

  /**
   * @param resolution pixels of one side of the input
   * @param maxChannels no conv is wider; the network's input keeps its channels
   */
  fill(network: Network, resolution: number, maxChannels: number): void {
    this.#room(network.convs);
    this.resolution = resolution;
    let n = 0;
    let r = resolution;
    let conv = 0;
    for (let layer = 0; layer < network.layers; layer++) {
      for (; conv < network.layerEnd[layer]; conv++) {
        if (network.projection[conv] === 1) continue;
        const fullWidth = network.inChannels[conv];
        const width = n === 0 ? fullWidth : Math.min(fullWidth, maxChannels);
        const depthwise = network.depthwise[conv];
        this.inChannels[n] = width;
        this.outChannels[n] = depthwise === 1 ? width : Math.min(network.outChannels[conv], maxChannels);
        this.kernel[n] = network.kernel[conv];
        this.stride[n] = network.stride[conv];
        this.depthwise[n] = depthwise;
        this.inResolution[n] = r;
        r = Math.ceil(r / network.stride[conv]);
        this.outResolution[n] = r;
        const quantised = network.bitsA[conv] > 0 && network.bitsW[conv] > 0;
        this.bitsA[n] = quantised ? network.bitsA[conv] : 0;
        this.bitsW[n] = quantised ? network.bitsW[conv] : 0;
        this.layer[n] = layer;
        this.missing[n] = depthwise === 1 || width === fullWidth ? 0 : 0.5 * ln(fullWidth / width);
        n++;
      }
    }
    this.convs = n;
  }

  /** Fan-in of a conv, thinned. */
  fanIn(conv: number): number {
    const k = this.kernel[conv];
    return (this.depthwise[conv] === 1 ? 1 : this.inChannels[conv]) * k * k;
  }

  #room(convs: number): void {
    if (this.layer.length >= convs) return;
    this.inChannels = new Int32Array(convs);
    this.outChannels = new Int32Array(convs);
    this.kernel = new Int32Array(convs);
    this.stride = new Int32Array(convs);
    this.depthwise = new Uint8Array(convs);
    this.inResolution = new Int32Array(convs);
    this.outResolution = new Int32Array(convs);
    this.bitsA = new Uint8Array(convs);
    this.bitsW = new Uint8Array(convs);
    this.layer = new Int32Array(convs);
    this.missing = new Float64Array(convs);
  }
}

/** Order of one conv of two paths by everything its output and its gain depend on; 0: equal. */
function compareConv(a: MainPath, b: MainPath, i: number): number {
  return (
    a.inChannels[i] - b.inChannels[i] ||
    a.outChannels[i] - b.outChannels[i] ||
    a.kernel[i] - b.kernel[i] ||
    a.stride[i] - b.stride[i] ||
    a.depthwise[i] - b.depthwise[i] ||
    a.bitsA[i] - b.bitsA[i] ||
    a.bitsW[i] - b.bitsW[i] ||
    a.missing[i] - b.missing[i]
  );
}

/** Number of leading convs that two paths have in common, so that these give equal activations on equal noise. */
export function commonPrefix(a: MainPath, b: MainPath): number {
  const convs = Math.min(a.convs, b.convs);
  if (a.resolution !== b.resolution) return 0;
  let i = 0;
  while (i < convs && compareConv(a, b, i) === 0) i++;
  return i;
}

/** An order in which paths with a common prefix are neighbours. */
export function comparePaths(a: MainPath, b: MainPath): number {
  if (a.resolution !== b.resolution) return a.resolution - b.resolution;
  const convs = Math.min(a.convs, b.convs);
  for (let i = 0; i < convs; i++) {
    const order = compareConv(a, b, i);
    if (order !== 0) return order;
  }
  return a.convs - b.convs;
}

/** Elements from one pixel of the network's input to the next. */
export function inputStride(path: MainPath): number {
  return path.depthwise[0] === 1 ? Math.ceil(path.inChannels[0] / 8) * 8 : path.inChannels[0];
}

/** Convs that halve their maps. */
export function strides(path: MainPath): number {
  let count = 0;
  for (let conv = 0; conv < path.convs; conv++) if (path.stride[conv] > 1) count++;
  return count;
}

/** The smallest input of which no strided conv sees a map of a single pixel. */
export function neededResolution(path: MainPath): number {
  const count = strides(path);
  return count === 0 ? 1 : 2 ** (count - 1) + 1;
}
