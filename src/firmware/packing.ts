import type { IntegerConv, IntegerNetwork, Requantiser } from "../integer/integer-network.ts";
import { filled, GROUP } from "./plan.ts";

/** Everything of a network that lies in flash beside the descriptors, as templates/c/qes_nn.h describes it, conv after conv, the classifier last. */
export interface PackedNetwork {
  readonly weights: Uint8Array;
  /** Multiplier and bias, channel after channel. */
  readonly constants: Int32Array;
  /** Where each conv begins, in execution order, and behind them the classifier. */
  readonly weightsAt: readonly number[];
  readonly constantsAt: readonly number[];
}

/** Packs weights and constants of a whole network. */
export function packNetwork({ layers, classifier, classes }: IntegerNetwork): PackedNetwork {
  const convs = layers.flatMap((layer) => layer.convs);
  const weights = convs.map((conv, i) => packBits(stored(conv, i === 0), conv.shape.bitsW));
  const constants = convs.map(({ requantiser, shape }) => constantsOf(requantiser, filled(shape.outChannels)));
  if (classifier !== undefined) {
    const { channels } = classifier;
    const rows = Array.from({ length: classes }, (_, k) => {
      const row = Array.from(classifier.weights.subarray(k * channels, (k + 1) * channels));
      return [...row, ...new Array<number>(filled(channels) - channels).fill(0)];
    });
    weights.push(packBits(rows.flat(), 8));
    constants.push(constantsOf(classifier.requantiser, classes));
  }
  return {
    weights: Uint8Array.from(Buffer.concat(weights)),
    constants: Int32Array.from(constants.flatMap((values) => [...values])),
    weightsAt: starts(weights),
    constantsAt: starts(constants),
  };
}

function starts(parts: readonly { readonly length: number }[]): number[] {
  let at = 0;
  return parts.map(({ length }) => {
    at += length;
    return at - length;
  });
}

/** Weights in the order of the runtime, groups filled up with zeros. */
function stored({ shape, weights }: IntegerConv, image: boolean): number[] {
  const { kernel, depthwise, inChannels, outChannels } = shape;
  const taps = kernel * kernel;
  const values: number[] = [];
  if (depthwise) {
    for (let group = 0; group < filled(outChannels); group += GROUP)
      for (let tap = 0; tap < taps; tap++)
        for (let c = group; c < group + GROUP; c++) values.push(c < outChannels ? weights[c * taps + tap] : 0);
    return values;
  }
  // An image has no groups: what one output reads is filled up as a whole.
  const depth = image ? inChannels : filled(inChannels);
  const length = filled(taps * depth);
  const weight = (out: number, i: number) => {
    const [tap, c] = [Math.floor(i / depth), i % depth];
    return out < outChannels && tap < taps && c < inChannels ? weights[(out * inChannels + c) * taps + tap] : 0;
  };
  // Groups of two outputs alternate, so that one pointer reads both.
  for (let pair = 0; pair < filled(outChannels); pair += 2)
    for (let group = 0; group < length; group += GROUP)
      for (const out of [pair, pair + 1]) for (let i = group; i < group + GROUP; i++) values.push(weight(out, i));
  return values;
}

/** Groups of 8 signed values as value + 2^(bits - 1), each group in `bits` bytes, the first value in the lowest bits. */
function packBits(values: readonly number[], bits: number): Uint8Array {
  const packed = new Uint8Array((values.length / GROUP) * bits);
  values.forEach((value, i) => {
    const code = value + 2 ** (bits - 1);
    for (let bit = 0; bit < bits; bit++) {
      const at = i * bits + bit;
      packed[at >> 3] |= ((code >> bit) & 1) << (at & 7);
    }
  });
  return packed;
}

function constantsOf({ multiplier, bias }: Requantiser, channels: number): Int32Array {
  return Int32Array.from({ length: 2 * channels }, (_, i) => (i % 2 === 0 ? multiplier : bias)[i >> 1] ?? 0);
}
