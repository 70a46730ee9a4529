import type { IntegerConv, IntegerLayer, IntegerNetwork, Requantiser } from "../../src/integer/integer-network.ts";

/* docs/integer-arithmetic.md, read plainly: BigInt throughout, a value at a time, sharing no code with src. */

type Values = (y: number, x: number, c: number) => bigint;

interface Plane {
  readonly side: number;
  readonly channels: number;
  readonly at: Values;
}

const clamp = (value: bigint, bits: number) => {
  const most = (1n << BigInt(bits)) - 1n;
  return value < 0n ? 0n : value > most ? most : value;
};

function shifted(q: Requantiser, c: number, sum: bigint, added: bigint): bigint {
  const sh = BigInt(q.shift);
  const bias = BigInt(q.bias[c]) << BigInt(q.shift - q.biasShift);
  return (sum * BigInt(q.multiplier[c]) + bias + added + (1n << (sh - 1n))) >> sh;
}

function stored(side: number, channels: number, value: Values): Plane {
  const all = new Map<string, bigint>();
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) for (let c = 0; c < channels; c++) all.set(`${y} ${x} ${c}`, value(y, x, c));
  return { side, channels, at: (y, x, c) => all.get(`${y} ${x} ${c}`) ?? 0n };
}

/** Sum of the conv at one place; `at` is 0 outside of the input. */
function sumAt({ shape, weights }: Pick<IntegerConv, "shape" | "weights">, input: Plane): Values {
  const { kernel: k, stride, depthwise } = shape;
  return (y, x, c) => {
    let sum = 0n;
    const inputs = depthwise ? [c] : Array.from({ length: shape.inChannels }, (_, i) => i);
    inputs.forEach((from, i) => {
      for (let dy = 0; dy < k; dy++) {
        for (let dx = 0; dx < k; dx++) {
          const weight = weights[((c * inputs.length + i) * k + dy) * k + dx];
          const half = (k - 1) / 2;
          sum += BigInt(weight) * input.at(y * stride + dy - half, x * stride + dx - half, from);
        }
      }
    });
    if (BigInt.asIntN(32, sum) !== sum) throw new Error(`a sum of ${sum} is no int32`);
    return sum;
  };
}

function pooled(input: Plane): Plane {
  return stored(Math.ceil(input.side / 2), input.channels, (y, x, c) => {
    const places = [2 * y, 2 * y + 1].flatMap((v) => [2 * x, 2 * x + 1].map((u) => [v, u]));
    const inside = places.filter(([v, u]) => v < input.side && u < input.side);
    const total = inside.reduce((sum, [v, u]) => sum + input.at(v, u, c), 0n);
    const count = BigInt(inside.length);
    return (total + count / 2n) / count;
  });
}

function layerOf({ convs, shortcut, stride, projection }: IntegerLayer, input: Plane): Plane {
  const held = shortcut !== "none" && stride === 2 ? pooled(input) : input;
  let plane = input;
  convs.forEach((conv, i) => {
    const { requantiser: q, shape, bitsOut } = conv;
    const sum = sumAt(conv, plane);
    const last = i === convs.length - 1 && shortcut !== "none";
    const side = sumAt(projection ?? conv, held);
    const added: Values = (y, x, c) => {
      if (!last) return 0n;
      if (projection !== undefined) return side(y, x, c) * BigInt(projection.multiplier[c]);
      return held.at(y, x, c) * BigInt(q.held);
    };
    plane = stored(shape.outResolution, shape.outChannels, (y, x, c) =>
      clamp(shifted(q, c, sum(y, x, c), added(y, x, c)), bitsOut),
    );
  });
  return plane;
}

/** Logits, or the last tensor's values. */
export function naiveInteger(network: IntegerNetwork, image: Uint8Array): number[] {
  const { resolution, channels, layers, classifier, classes } = network;
  const drop = BigInt(8 - layers[0].convs[0].shape.bitsA);
  let plane = stored(resolution, channels, (y, x, c) => BigInt(image[(y * resolution + x) * channels + c]) >> drop);
  for (const layer of layers) plane = layerOf(layer, plane);
  const side = Array.from({ length: plane.side }, (_, i) => i);
  const depth = Array.from({ length: plane.channels }, (_, c) => c);
  if (classifier === undefined) {
    return side.flatMap((y) => side.flatMap((x) => depth.map((c) => Number(plane.at(y, x, c)))));
  }
  const pixels = BigInt(plane.side * plane.side);
  const means = depth.map((c) => {
    const total = side.reduce((sum, y) => side.reduce((row, x) => row + plane.at(y, x, c), sum), 0n);
    return (total + pixels / 2n) / pixels;
  });
  return Array.from({ length: classes }, (_, k) => {
    const sum = means.reduce((s, mean, c) => s + mean * BigInt(classifier.weights[k * means.length + c]), 0n);
    const logit = shifted(classifier.requantiser, k, sum, 0n);
    if (BigInt.asIntN(31, logit) !== logit) throw new Error(`a logit of ${logit}`);
    return Number(logit);
  });
}
