import { greatestOf } from "../base/extremes.ts";
import { UserError } from "../base/user-error.ts";
import type { NetworkDescription } from "../formats/network-description.ts";
import { checkWeights, type NetworkWeights } from "../formats/weights.ts";
import { type Folded, fold, largestSums, type Tensors, wholeWeights } from "./folding.ts";
import type { IntegerClassifier, IntegerConv, IntegerLayer, IntegerNetwork } from "./integer-network.ts";
import { type Largest, type RealRequantiser, requantiser } from "./requantiser.ts";

/** Bits that whole numbers of this arithmetic have. */
const LEAST_BITS = 2;
const MOST_BITS = 8;
/** Logits are finer than the greatest step of a class by 2^8, or by as much as leaves them 30 bits and the biases 22. */
const MOST_GUARD = 8;
const LEAST_GUARD = -40;
const MOST_LOGIT = 2 ** 30;
const MOST_BIAS = 2 ** 22;

const valuesOf = (bits: number) => 2 ** bits - 1;

/**
 * Turns learned numbers into whole ones: batch norm goes into multipliers and biases, and no weight is rounded that training had not rounded.
 * @throws UserError where a layer has a squeeze-excite, a conv has other bits than 2 to 8, or the weights are of another network or beyond 32 bits
 */
export function integerNetwork(network: NetworkDescription, weights: NetworkWeights): IntegerNetwork {
  checkSqueeze(network);
  checkBits(network);
  checkWeights(network, weights);
  const tensors = checkedTensors(weights);
  const { name, digest, resolution, channels, classes } = network;
  const steps = network.layers.map((_, i) => tensors.positive(`L${i}.C0.step`)[0]);
  const endStep = classes > 0 ? tensors.positive("fc.step")[0] : guessedStep(network, steps.at(-1)!, tensors);
  const layers: IntegerLayer[] = [];
  let most: readonly number[] = new Array(channels).fill(valuesOf(network.layers[0].convs[0].bitsA));
  network.layers.forEach((_, i) => {
    const next = { step: steps[i + 1] ?? endStep, bits: network.layers[i + 1]?.convs[0].bitsA ?? MOST_BITS };
    const result = integerLayer(network, i, { tensors, step: steps[i], next, most });
    layers.push(result.layer);
    most = result.most;
  });
  const end = classes > 0 ? classifier(network, tensors, most) : undefined;
  return {
    ...{ name, digest, resolution, channels, classes, layers },
    ...(end && { classifier: end.classifier }),
    outputStep: end?.outputStep ?? endStep,
  };
}

function checkedTensors(weights: NetworkWeights): Tensors {
  const values = (name: string) => weights.get(name)!.values;
  return {
    values,
    positive(name) {
      const wrong = values(name).find((value) => !(value > 0));
      if (wrong === undefined) return values(name);
      throw new UserError(`weights: ${name}: expected numbers above 0, got ${wrong}; train again`);
    },
  };
}

function checkSqueeze({ layers }: NetworkDescription): void {
  const found = layers.find(({ squeeze }) => squeeze !== undefined);
  if (found === undefined) return;
  throw new UserError(
    `integer network: expected layers without a squeeze-excite, whose factors have no whole numbers, got one in block ${found.block} layer ${found.inner}; choose a family without, or hand the network over in floats (as pytorch, or as onnx in another form)`,
  );
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

interface LayerInput {
  readonly tensors: Tensors;
  /** Of the stored input. */
  readonly step: number;
  /** Of the stored output. */
  readonly next: { readonly step: number; readonly bits: number };
  /** Of an input channel, the largest value that it can have. */
  readonly most: readonly number[];
}

function integerLayer(network: NetworkDescription, index: number, { tensors, step, next, most }: LayerInput) {
  const { block, inner, shortcut, stride, convs } = network.layers[index];
  const main = convs.filter(({ projection }) => !projection);
  const side = convs.findIndex(({ projection }) => projection);
  const projected =
    side < 0 ? undefined : fold(`L${index}.C${side}`, convs[side], tensors, { inStep: step, outStep: next.step, most });
  const integer: IntegerConv[] = [];
  let multiplier: Int32Array = new Int32Array();
  let reached = most;
  main.forEach((shape, j) => {
    const where = `L${index}.C${j}`;
    const isLast = j === main.length - 1;
    const outStep = isLast ? next.step : tensors.positive(`L${index}.C${j + 1}.step`)[0];
    const bitsOut = isLast ? next.bits : main[j + 1].bitsA;
    const inStep = tensors.positive(`${where}.step`)[0];
    const conv = fold(where, shape, tensors, { inStep, outStep, most: reached });
    const held = isLast && shortcut !== "none" ? { step: step / outStep, most, projected } : undefined;
    const { real, largest } = withAddition(conv, held);
    const constants = requantiser(real, { ...largest, stored: valuesOf(bitsOut) }, where);
    const { projected: ofProjection, most: mostOut, ...kept } = constants;
    integer.push({ shape, weights: conv.weights, bitsOut, requantiser: kept });
    multiplier = ofProjection;
    reached = mostOut;
  });
  const layer: IntegerLayer = {
    ...{ block, inner, shortcut, stride, convs: integer },
    ...(projected && { projection: { shape: projected.shape, weights: projected.weights, multiplier } }),
  };
  return { layer, most: reached };
}

interface Held {
  /** In steps of the output. */
  readonly step: number;
  readonly most: readonly number[];
  readonly projected: Folded | undefined;
}

/** What the shortcut adds, within the same rounding. */
function withAddition({ real, sums }: Folded, held: Held | undefined): { real: RealRequantiser; largest: Largest } {
  if (held === undefined) return { real, largest: { sums } };
  const { step, most, projected } = held;
  if (projected === undefined) return { real: { ...real, held: step }, largest: { sums, held: most } };
  const bias = real.bias.map((value, channel) => value + projected.real.bias[channel]);
  return {
    real: { multiplier: real.multiplier, bias, projected: projected.real.multiplier },
    largest: { sums, projected: projected.sums },
  };
}

/**
 * The step of a last tensor that nothing read in training: four standard deviations of batch norm's output, and the most that the shortcut adds, are 255 steps.
 */
function guessedStep({ layers }: NetworkDescription, heldStep: number, { values }: Tensors): number {
  const { convs, shortcut } = layers.at(-1)!;
  const top = (conv: number) => {
    const [gamma, beta] = ["gamma", "beta"].map((kind) => values(`L${layers.length - 1}.C${conv}.${kind}`));
    return Math.max(0, greatestOf(Array.from(gamma, (value, channel) => beta[channel] + 4 * Math.abs(value))));
  };
  const held = shortcut === "none" || shortcut === "projected" ? 0 : heldStep * valuesOf(convs[0].bitsA);
  const main = convs.findLastIndex(({ projection }) => !projection);
  const sum = convs.reduce((total, { projection }, j) => total + (projection ? top(j) : 0), held + top(main));
  return (sum || 1) / valuesOf(MOST_BITS);
}

function classifier(
  { classes }: NetworkDescription,
  { values, positive }: Tensors,
  most: readonly number[],
): { readonly classifier: IntegerClassifier; readonly outputStep: number } {
  const steps = positive("fc.step_w");
  const weights = wholeWeights(values("fc.weight"), steps, MOST_BITS);
  const sums = largestSums(weights, classes, (_, channel) => most[channel], "fc");
  const inStep = positive("fc.step")[0];
  const coarsest = inStep * greatestOf(steps);
  const of = (guard: number) => {
    const outputStep = coarsest / 2 ** guard;
    const multiplier = Array.from(steps, (step) => (inStep * step) / outputStep);
    const bias = Array.from(values("fc.bias"), (value) => value / outputStep);
    const largest = greatestOf(multiplier.map((value, k) => value * sums[k] + Math.abs(bias[k])));
    return {
      outputStep,
      real: { multiplier, bias },
      fits: largest < MOST_LOGIT && greatestOf(bias.map(Math.abs)) < MOST_BIAS,
    };
  };
  let guard = MOST_GUARD;
  while (guard > LEAST_GUARD && !of(guard).fits) guard--;
  const { outputStep, real } = of(guard);
  const { projected: _, most: __, ...constants } = requantiser(real, { sums }, "fc");
  return { classifier: { channels: most.length, weights, requantiser: constants }, outputStep };
}
