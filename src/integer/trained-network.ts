import { greatestOf } from "../base/extremes.ts";
import { UserError } from "../base/user-error.ts";
import type { ConvDescription, LayerDescription, NetworkDescription } from "../formats/network-description.ts";
import { checkWeights, type NetworkWeights } from "../formats/weights.ts";
import type { IntegerClassifier, IntegerConv, IntegerLayer, IntegerNetwork } from "./integer-network.ts";
import { type Largest, type RealRequantiser, requantiser, rounded } from "./requantiser.ts";

/** Bits that whole numbers of this arithmetic have. */
const LEAST_BITS = 2;
const MOST_BITS = 8;
/** Sums are int32. */
const MOST_SUM = 2 ** 31 - 1;
/** Of batch norm, as PyTorch has it by default. */
const EPSILON = 1e-5;
/** Sums of logits are finer than those of whole weights by up to 2^8, as far as 30 bits hold them. */
const MOST_GUARD = 8;
const MOST_LOGIT = 2 ** 30;

/**
 * Turns learned numbers into whole ones: batch norm goes into multipliers and biases, and no weight is rounded that training had not rounded.
 * @throws UserError where a conv has other bits than 2 to 8, or the weights are of another network or beyond 24 bits
 */
export function integerNetwork(network: NetworkDescription, weights: NetworkWeights): IntegerNetwork {
  checkBits(network);
  checkWeights(network, weights);
  const values = (name: string) => weights.get(name)!.values;
  const positive = (name: string) => {
    const wrong = values(name).find((value) => !(value > 0));
    if (wrong === undefined) return values(name);
    throw new UserError(`weights: ${name}: expected numbers above 0, got ${wrong}; train again`);
  };
  const { name, digest, resolution, channels, classes } = network;
  const last = network.layers.length - 1;
  const steps = network.layers.map((_, i) => positive(`L${i}.C0.step`)[0]);
  const guess = classes > 0 ? positive("fc.step")[0] : guessedStep(network, steps[last], values);
  const layers = network.layers.map((layer, i): IntegerLayer => {
    const { block, inner, shortcut, stride, convs } = layer;
    const main = convs.filter(({ projection }) => !projection);
    const projected = projectionOf(layer, i, { values, positive });
    const integer = main.map((shape, j): IntegerConv & { readonly projected: Int32Array } => {
      const where = `L${i}.C${j}`;
      const inStep = positive(`${where}.step`)[0];
      const isLast = j === main.length - 1;
      const outStep = isLast ? (i === last ? guess : steps[i + 1]) : positive(`L${i}.C${j + 1}.step`)[0];
      const reader = isLast ? network.layers[i + 1]?.convs[0] : main[j + 1];
      const conv = folded(where, shape, { values, positive, inStep, outStep });
      const addition =
        isLast && shortcut !== "none" ? { held: steps[i], outStep, projected, shape: convs[0] } : undefined;
      const { real, largest } = withAddition(conv, addition);
      const { projected: multiplier, ...constants } = requantiser(real, largest, where);
      return {
        shape,
        weights: conv.whole,
        bitsOut: reader?.bitsA ?? MOST_BITS,
        requantiser: constants,
        projected: multiplier,
      };
    });
    return {
      ...{ block, inner, shortcut, stride },
      convs: integer.map(({ projected: _, ...conv }) => conv),
      ...(projected && {
        projection: { shape: projected.shape, weights: projected.whole, multiplier: integer.at(-1)!.projected },
      }),
    };
  });
  const ofClassifier = classes > 0 ? classifier(network, { values, positive }) : undefined;
  return {
    ...{ name, digest, resolution, channels, classes, layers },
    ...(ofClassifier && { classifier: ofClassifier.integer }),
    outputStep: ofClassifier?.outputStep ?? guess,
  };
}

interface Tensors {
  readonly values: (name: string) => Float32Array;
  /** @throws UserError where one of them is not above 0 */
  readonly positive: (name: string) => Float32Array;
}

function checkBits({ layers }: NetworkDescription): void {
  for (const { convs, block, inner } of layers) {
    for (const { bitsA, bitsW } of convs) {
      const wrong = [bitsA, bitsW].find((bits) => bits < LEAST_BITS || bits > MOST_BITS);
      if (wrong === undefined) continue;
      throw new UserError(
        `integer network: expected ${LEAST_BITS} to ${MOST_BITS} bits, got ${wrong === 0 ? "full precision" : wrong} in block ${block} layer ${inner}; choose a quantised family and bits of that range`,
      );
    }
  }
}

/** A conv and its batch norm, whose output is in steps of `outStep`. */
interface Folded {
  readonly shape: ConvDescription;
  readonly whole: Int8Array;
  readonly real: RealRequantiser;
  readonly largest: Largest;
}

function folded(
  where: string,
  shape: ConvDescription,
  { values, positive, inStep, outStep }: Tensors & { readonly inStep: number; readonly outStep: number },
): Folded {
  const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "var"].map((kind) => values(`${where}.${kind}`));
  const steps = positive(`${where}.step_w`);
  const whole = wholeWeights(values(`${where}.weight`), steps, shape.bitsW);
  const gains = Array.from(gamma, (value, channel) => value / Math.sqrt(variance[channel] + EPSILON));
  return {
    shape,
    whole,
    real: {
      multiplier: gains.map((gain, channel) => (inStep * steps[channel] * gain) / outStep),
      bias: gains.map((gain, channel) => (beta[channel] - mean[channel] * gain) / outStep),
    },
    largest: { sums: largestSums(whole, shape.outChannels, 2 ** shape.bitsA - 1, where) },
  };
}

/** Rounded as training rounds them, in its float32: floor(w / step + 0.5), clamped. */
function wholeWeights(values: Float32Array, steps: Float32Array, bits: number): Int8Array {
  const length = values.length / steps.length;
  const [low, high] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return Int8Array.from(values, (value, i) => {
    const inSteps = Math.fround(value / steps[Math.floor(i / length)]);
    return Math.floor(Math.fround(Math.min(Math.max(inSteps, low), high) + 0.5));
  });
}

/** @throws UserError where a sum could leave int32 */
function largestSums(weights: Int8Array, channels: number, most: number, where: string): number[] {
  const length = weights.length / channels;
  return Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let i = channel * length; i < (channel + 1) * length; i++) sum += Math.abs(weights[i]);
    if (sum * most <= MOST_SUM) return sum * most;
    throw new UserError(`${where}: expected sums below 2^31, got up to ${sum * most}; choose a narrower network`);
  });
}

interface Addition {
  /** Step of the layer's stored input. */
  readonly held: number;
  readonly outStep: number;
  readonly projected: Folded | undefined;
  /** The conv that reads the same tensor. */
  readonly shape: ConvDescription;
}

/** What the shortcut adds, within the same rounding. */
function withAddition(conv: Folded, addition: Addition | undefined): Folded {
  if (addition === undefined) return conv;
  const { held, outStep, projected, shape } = addition;
  const { real, largest } = conv;
  if (projected === undefined) {
    return {
      ...conv,
      real: { ...real, held: held / outStep },
      largest: { ...largest, held: 2 ** shape.bitsA - 1 },
    };
  }
  // The projection was folded in units of 1.
  return {
    ...conv,
    real: {
      multiplier: real.multiplier,
      bias: real.bias.map((bias, channel) => bias + projected.real.bias[channel] / outStep),
      projected: projected.real.multiplier.map((value) => value / outStep),
    },
    largest: { ...largest, projected: projected.largest.sums },
  };
}

function projectionOf({ convs }: LayerDescription, layer: number, tensors: Tensors): Folded | undefined {
  const index = convs.findIndex(({ projection }) => projection);
  if (index < 0) return undefined;
  const inStep = tensors.positive(`L${layer}.C0.step`)[0];
  return folded(`L${layer}.C${index}`, convs[index], { ...tensors, inStep, outStep: 1 });
}

/**
 * The step of a last tensor that nothing read in training: four standard deviations of batch norm's output, and the most that the shortcut adds, are 255 steps.
 */
function guessedStep({ layers }: NetworkDescription, heldStep: number, values: Tensors["values"]): number {
  const { convs, shortcut } = layers.at(-1)!;
  const top = (conv: number) => {
    const [gamma, beta] = ["gamma", "beta"].map((kind) => values(`L${layers.length - 1}.C${conv}.${kind}`));
    return Math.max(0, greatestOf(gamma.map((value, channel) => beta[channel] + 4 * Math.abs(value))));
  };
  const held = shortcut === "none" || shortcut === "projected" ? 0 : heldStep * (2 ** convs[0].bitsA - 1);
  const sum = held + convs.reduce((total, { projection }, j) => total + (projection ? top(j) : 0), 0);
  const main = convs.findLastIndex(({ projection }) => !projection);
  return (sum + top(main) || 1) / (2 ** MOST_BITS - 1);
}

function classifier(
  { classes, layers }: NetworkDescription,
  { values, positive }: Tensors,
): { readonly integer: IntegerClassifier; readonly outputStep: number } {
  const channels = layers.at(-1)!.convs.findLast(({ projection }) => !projection)!.outChannels;
  const steps = positive("fc.step_w");
  const whole = wholeWeights(values("fc.weight"), steps, MOST_BITS);
  const sums = largestSums(whole, classes, 2 ** MOST_BITS - 1, "fc");
  const inStep = positive("fc.step")[0];
  const bias = Array.from(values("fc.bias"));
  const coarsest = inStep * greatestOf(steps);
  const of = (guard: number) => {
    const outputStep = coarsest / 2 ** guard;
    const real = {
      multiplier: Array.from(steps, (step) => (inStep * step) / outputStep),
      bias: bias.map((value) => value / outputStep),
    };
    const largest = greatestOf(real.multiplier.map((value, k) => value * sums[k] + Math.abs(real.bias[k])));
    return { outputStep, real, largest };
  };
  let guard = MOST_GUARD;
  while (guard > 0 && of(guard).largest > MOST_LOGIT) guard--;
  const { outputStep, real, largest } = of(guard);
  if (largest > MOST_LOGIT) {
    throw new UserError(`fc: expected logits below 2^30 steps, got up to ${rounded(largest)}; choose fewer channels`);
  }
  const { projected: _, ...constants } = requantiser(real, { sums }, "fc");
  return { integer: { channels, weights: whole, requantiser: constants }, outputStep };
}
