import type { ConvDescription } from "../formats/network-description.ts";
import type { IntegerConv, IntegerLayer, IntegerNetwork, IntegerProjection, Requantiser } from "./integer-network.ts";

/*
 * Runs integer networks in doubles, which hold every value exactly: what firmware, ONNX files and PyTorch are compared with. Tensors are (row, column, channel).
 */

/** Values of shape (resolution, resolution, channels). */
interface Tensor {
  readonly resolution: number;
  readonly channels: number;
  readonly values: Int32Array;
}

/**
 * What the network says of one image.
 * @param image bytes of shape (resolution, resolution, channels)
 * @returns the logits, in steps of `outputStep`; without a classifier the last tensor, of shape (resolution, resolution, channels)
 */
export function runInteger(network: IntegerNetwork, image: Uint8Array): Int32Array {
  const { resolution, channels, layers } = network;
  const drop = 8 - layers[0].convs[0].shape.bitsA;
  let tensor: Tensor = { resolution, channels, values: Int32Array.from(image, (byte) => byte >> drop) };
  for (const layer of layers) tensor = runLayer(layer, tensor);
  if (network.classifier === undefined) return tensor.values;
  const { weights, requantiser } = network.classifier;
  const means = averages(tensor);
  return Int32Array.from({ length: network.classes }, (_, k) => {
    let sum = 0;
    for (let c = 0; c < means.length; c++) sum += weights[k * means.length + c] * means[c];
    return requantised(requantiser, k, sum, 0);
  });
}

function runLayer({ convs, shortcut, stride, projection }: IntegerLayer, input: Tensor): Tensor {
  let tensor = input;
  for (const conv of convs.slice(0, -1)) tensor = runConv(conv, tensor);
  const pooled = shortcut !== "none" && stride > 1 ? pool(input) : input;
  return runConv(convs.at(-1)!, tensor, shortcut === "none" ? undefined : additionOf(pooled, projection));
}

/** What is added to a value of the last conv before its rounding, times 2^sh; `held` is the requantiser's R. */
type Addition = (place: number, channel: number, held: number) => number;

function additionOf(held: Tensor, projection: IntegerProjection | undefined): Addition {
  if (projection === undefined) {
    return (place, channel, factor) => held.values[place * held.channels + channel] * factor;
  }
  const sums = convolve(projection.shape, projection.weights, held);
  return (place, channel) => sums[place * projection.shape.outChannels + channel] * projection.multiplier[channel];
}

function runConv({ shape, weights, bitsOut, requantiser }: IntegerConv, input: Tensor, addition?: Addition): Tensor {
  const { outChannels, outResolution } = shape;
  const most = 2 ** bitsOut - 1;
  const values = convolve(shape, weights, input);
  for (let i = 0; i < values.length; i++) {
    const channel = i % outChannels;
    const added = addition?.((i - channel) / outChannels, channel, requantiser.held) ?? 0;
    values[i] = Math.min(Math.max(requantised(requantiser, channel, values[i], added), 0), most);
  }
  return { resolution: outResolution, channels: outChannels, values };
}

/** (sum M + B 2^(sh - f) + added + 2^(sh - 1)) >> sh: every part is below 2^53. */
function requantised(
  { multiplier, bias, shift, biasShift }: Requantiser,
  channel: number,
  sum: number,
  added: number,
): number {
  const total = sum * multiplier[channel] + bias[channel] * 2 ** (shift - biasShift) + added + 2 ** (shift - 1);
  return Math.floor(total / 2 ** shift);
}

/** Sums of the conv, of shape (outResolution, outResolution, outChannels); outside of the input there is 0. */
function convolve(shape: ConvDescription, weights: Int8Array, { resolution, values }: Tensor): Int32Array {
  const { kernel, stride, depthwise, inChannels, outChannels, outResolution } = shape;
  const padding = (kernel - 1) / 2;
  const group = depthwise ? 1 : inChannels;
  const sums = new Int32Array(outResolution ** 2 * outChannels);
  for (let at = 0; at < sums.length; at++) {
    const channel = at % outChannels;
    const place = (at - channel) / outChannels;
    const column = place % outResolution;
    const top = ((place - column) / outResolution) * stride - padding;
    const left = column * stride - padding;
    const first = depthwise ? channel : 0;
    let sum = 0;
    for (let ky = Math.max(0, -top); ky < kernel && top + ky < resolution; ky++) {
      for (let kx = Math.max(0, -left); kx < kernel && left + kx < resolution; kx++) {
        const from = ((top + ky) * resolution + left + kx) * inChannels + first;
        const weight = channel * group * kernel * kernel + ky * kernel + kx;
        for (let c = 0; c < group; c++) sum += values[from + c] * weights[weight + c * kernel * kernel];
      }
    }
    sums[at] = sum;
  }
  return sums;
}

/** The 2x2 average of what exists, half up. */
function pool({ resolution, channels, values }: Tensor): Tensor {
  const out = Math.ceil(resolution / 2);
  const pooled = new Int32Array(out * out * channels);
  for (let i = 0; i < pooled.length; i++) {
    const channel = i % channels;
    const column = ((i - channel) / channels) % out;
    const row = ((i - channel) / channels - column) / out;
    let sum = 0;
    let count = 0;
    for (let y = 2 * row; y < Math.min(2 * row + 2, resolution); y++) {
      for (let x = 2 * column; x < Math.min(2 * column + 2, resolution); x++) {
        sum += values[(y * resolution + x) * channels + channel];
        count++;
      }
    }
    pooled[i] = Math.floor((sum + count / 2) / count);
  }
  return { resolution: out, channels, values: pooled };
}

/** The average of every channel over all places, half up. */
function averages({ resolution, channels, values }: Tensor): number[] {
  const places = resolution ** 2;
  const sums = new Array<number>(channels).fill(0);
  for (let i = 0; i < values.length; i++) sums[i % channels] += values[i];
  return sums.map((sum) => Math.floor((sum + Math.floor(places / 2)) / places));
}
