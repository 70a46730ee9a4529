import { UserError } from "../base/user-error.ts";
import { hash, seedHash } from "../kernel/noise.ts";
import type { ConvDescription, NetworkDescription } from "./network-description.ts";

/** Numbers of a network that were learned, row by row. */
export interface WeightTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** By the names that train.py writes: docs/export.md. */
export type NetworkWeights = ReadonlyMap<string, WeightTensor>;

type Kind = "weight" | "step_w" | "step" | "gamma" | "beta" | "mean" | "var" | "bias";

interface Expected {
  readonly name: string;
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** Bits of the step; 0 of anything else. */
  readonly bits: number;
  /** Of a tensor that is an image: its step is known. */
  readonly image: boolean;
}

/** Shape of a conv's weights, (out, in of a group, kernel, kernel). */
export function weightShape({ outChannels, inChannels, depthwise, kernel }: ConvDescription): number[] {
  return [outChannels, depthwise ? 1 : inChannels, kernel, kernel];
}

/** Step of an image of bytes, 0 to 1, of which fewer bits than 8 drop the low ones. */
export function imageStep(bits: number): number {
  return Math.fround(2 ** (8 - bits) / 255);
}

/** Bits of the classifier's input and weights: 8 where any conv has bits. */
export function classifierBits({ layers }: NetworkDescription): number {
  return layers.some(({ convs }) => convs.some(({ bitsA, bitsW }) => bitsA > 0 || bitsW > 0)) ? 8 : 0;
}

/** Every tensor of a trained network. */
function expectedTensors(network: NetworkDescription): Expected[] {
  const list: Expected[] = [];
  const add = (name: string, kind: Kind, shape: readonly number[], bits = 0, image = false) =>
    list.push({ name: `${name}.${kind}`, kind, shape, bits, image });
  network.layers.forEach(({ convs, squeeze }, i) => {
    convs.forEach((conv, j) => {
      const name = `L${i}.C${j}`;
      const channels = [conv.outChannels];
      add(name, "weight", weightShape(conv));
      if (conv.bitsW > 0) add(name, "step_w", channels, conv.bitsW);
      for (const kind of ["gamma", "beta", "mean", "var"] as const) add(name, kind, channels);
      if (conv.bitsA > 0 && !conv.projection) add(name, "step", [], conv.bitsA, i === 0 && j === 0);
    });
    if (squeeze !== undefined) {
      // At the bits of the conv behind it.
      const { inChannels, bitsA, bitsW } = convs.findLast(({ projection }) => !projection)!;
      for (const [name, from, to] of [
        [`L${i}.S0`, inChannels, squeeze],
        [`L${i}.S1`, squeeze, inChannels],
      ] as const) {
        add(name, "weight", [to, from, 1, 1]);
        if (bitsW > 0) add(name, "step_w", [to], bitsW);
        add(name, "bias", [to]);
      }
      if (bitsA > 0) add(`L${i}.S0`, "step", [], bitsA);
    }
  });
  if (network.classes > 0) {
    const channels = network.layers.at(-1)!.convs.findLast(({ projection }) => !projection)!.outChannels;
    const bits = classifierBits(network);
    add("fc", "weight", [network.classes, channels]);
    add("fc", "bias", [network.classes]);
    if (bits > 0) {
      add("fc", "step_w", [network.classes], bits);
      add("fc", "step", [], bits);
    }
  }
  return list;
}

/**
 * Weights that nobody trained: of the spread that training begins with, statistics near those of batch norm, steps that use the range.
 * @param seed the same weights for the same one, on every machine
 */
export function randomWeights(network: NetworkDescription, seed: number): NetworkWeights {
  const weights = new Map<string, WeightTensor>();
  const key = seedHash(seed);
  let count = 0;
  const uniform = () => hash(key, count++) / 2 ** 32;
  // Twelve uniform numbers have variance 1.
  const normal = () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
  let row: WeightTensor | undefined;
  for (const { name, kind, shape, bits, image } of expectedTensors(network)) {
    const size = shape.reduce((product, n) => product * n, 1);
    const fanIn = size / (shape[0] ?? 1);
    const draw = (channel: number): number => {
      if (kind === "weight") return normal() * Math.sqrt(2 / fanIn);
      if (kind === "step_w") return largestOf(row!, channel) / 2 ** (bits - 1);
      if (kind === "step") return image ? imageStep(bits) : (2 + uniform()) / (2 ** bits - 1);
      if (kind === "gamma" || kind === "var") return 0.5 + uniform();
      return 0.1 * normal();
    };
    const tensor = { shape, values: Float32Array.from({ length: size }, (_, i) => draw(i)) };
    if (kind === "weight") row = tensor;
    weights.set(name, tensor);
  }
  return weights;
}

/** The largest size of a row's values. */
function largestOf({ shape, values }: WeightTensor, row: number): number {
  const length = values.length / shape[0];
  let most = 1e-3;
  for (let i = row * length; i < (row + 1) * length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/** @throws UserError where a tensor of the network is missing, of another shape or not finite */
export function checkWeights(network: NetworkDescription, weights: NetworkWeights): void {
  for (const { name, shape } of expectedTensors(network)) {
    const tensor = weights.get(name);
    const got = tensor === undefined ? "none" : `[${tensor.shape.join(", ")}]`;
    if (tensor === undefined || got !== `[${shape.join(", ")}]`) {
      throw new UserError(
        `weights: ${name}: expected a tensor of shape [${shape.join(", ")}], got ${got}; they are of another network`,
      );
    }
    if (!tensor.values.every(Number.isFinite)) {
      throw new UserError(`weights: ${name}: expected finite numbers, got others; train again at a lower rate`);
    }
  }
}
