import { costTable } from "../costs/cost-table.ts";
import { layerBitops, layerFlash, weightsOf } from "../costs/layer-sums.ts";
import { type LiveStep, liveSteps } from "../costs/live-sram.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { firstConv, lastMainConvOf, type Network } from "../network/network.ts";
import type { AnalyticScore } from "../score/analytic.ts";

/** One conv of a network with its share of every figure. */
export interface ConvFigures {
  /** Index among the inner layers; of the block in the structure; of the inner layer in the block. */
  readonly layer: number;
  readonly block: number;
  readonly inner: number;
  readonly kind: "conv" | "pointwise" | "depthwise" | "projection";
  readonly kernel: number;
  readonly stride: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Pixels of one side. */
  readonly inResolution: number;
  readonly outResolution: number;
  /** 0 is full precision. */
  readonly bitsA: number;
  readonly bitsW: number;
  /** Bytes that are live while it runs: of its input, its output and what the shortcut holds, and all three. */
  readonly input: number;
  readonly output: number;
  readonly held: number;
  readonly live: number;
  /** Bytes of weights and norms, with those of a squeeze-excite before it. */
  readonly flash: number;
  /** With norms, activation and what the layer's shortcut pools, which its first conv is charged. */
  readonly bitops: number;
  readonly macs: number;
  /** 1, or 0 of a projection. */
  readonly layers: number;
  /** What it adds to the closed form: its gain in all stages that count it, and ln(channels) where it ends a stage; 0 without a score. */
  readonly gain: number;
  readonly width: number;
}

/** The convs of a network in the order in which they run. */
export interface LayerTable {
  readonly convs: readonly ConvFigures[];
  /** Bytes of the classifier behind them. */
  readonly classifierFlash: number;
}

/** BN (2) and ReLU or addition (1), at 64 BitOps each. */
const ELEMENTWISE = 3 * 64;

/**
 * What every conv adds to a network's figures: bitops, macs, flash (with the classifier's) and layers sum to `costs` exactly, the greatest live bytes are
 * `costs.sramLive`, and gain and width sum to the score but for rounding.
 * @param options `classes`: outputs of the classifier, 0 if absent; `score`: of the closed form, whose stage weights fit the network
 */
export function layerTable(
  network: Network,
  { classes = 0, score }: { readonly classes?: number; readonly score?: AnalyticScore } = {},
): LayerTable {
  const worth = score === undefined ? undefined : stageWorth(network, score.stageWeights);
  const convs = peakSteps(network).map(({ layer, conv, block, inner, input, output, held, bytes }): ConvFigures => {
    const { kernel, stride, inChannels, outChannels, inResolution, outResolution, bitsA, bitsW } = network;
    const weights = weightsOf(network, conv);
    const area = outResolution[conv] * outResolution[conv];
    const a = bitsA[conv] || FULL_PRECISION_BITS;
    const w = bitsW[conv] || FULL_PRECISION_BITS;
    const own = (weights * a * w + ELEMENTWISE * outChannels[conv]) * area;
    const main = network.projection[conv] === 0;
    const fanIn = (network.depthwise[conv] === 1 ? 1 : inChannels[conv]) * kernel[conv] * kernel[conv];
    return {
      layer,
      block,
      inner,
      kind: kindOf(network, conv),
      kernel: kernel[conv],
      stride: stride[conv],
      inChannels: inChannels[conv],
      outChannels: outChannels[conv],
      inResolution: inResolution[conv],
      outResolution: outResolution[conv],
      bitsA: bitsA[conv],
      bitsW: bitsW[conv],
      input,
      output,
      held,
      live: bytes,
      flash: convFlash(network, conv) + (conv === lastMainConvOf(network, layer) ? squeezeFlash(network, layer) : 0),
      bitops: own + (conv === firstConv(network, layer) ? pooling(network, layer) : 0),
      macs: weights * area,
      layers: main ? 1 : 0,
      gain: main && worth !== undefined ? worth.ofLayer[layer] * score!.gain(fanIn, bitsA[conv], bitsW[conv]) : 0,
      width: (worth?.ofConv[conv] ?? 0) === 0 ? 0 : worth!.ofConv[conv] * 2 * score!.lnSqrtFanIn(outChannels[conv]),
    };
  });
  const flash = costTable.find(({ name }) => name === "flash");
  const channels = network.outChannels[network.convs - 1];
  const classifierFlash = flash?.kind === "sum" ? (flash.ofClassifier?.(channels, classes) ?? 0) : 0;
  return { convs, classifierFlash };
}

/** Of every conv the step at which most is live: that of a squeeze-excite before it may be. */
function peakSteps(network: Network): LiveStep[] {
  const peaks: LiveStep[] = [];
  for (const step of liveSteps(network)) {
    const before = peaks.at(-1);
    if (before?.conv !== step.conv) peaks.push(step);
    else if (step.bytes > before.bytes) peaks[peaks.length - 1] = step;
  }
  return peaks;
}

function convFlash(network: Network, conv: number): number {
  return (weightsOf(network, conv) * (network.bitsW[conv] || FULL_PRECISION_BITS)) / 8 + 2 * network.outChannels[conv];
}

/** Bytes of a layer that none of its convs has. */
function squeezeFlash(network: Network, layer: number): number {
  let convs = 0;
  for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++) convs += convFlash(network, conv);
  return layerFlash(network, layer) - convs;
}

function kindOf(network: Network, conv: number): ConvFigures["kind"] {
  if (network.projection[conv] === 1) return "projection";
  if (network.depthwise[conv] === 1) return "depthwise";
  return network.kernel[conv] === 1 ? "pointwise" : "conv";
}

/** BitOps of a layer that none of its convs has. */
function pooling(network: Network, layer: number): number {
  let convs = 0;
  for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++) {
    const area = network.outResolution[conv] * network.outResolution[conv];
    const bits = (network.bitsA[conv] || FULL_PRECISION_BITS) * (network.bitsW[conv] || FULL_PRECISION_BITS);
    convs += (weightsOf(network, conv) * bits + ELEMENTWISE * network.outChannels[conv]) * area;
  }
  return layerBitops(network, layer) - convs;
}

/** The weight of a layer's gains: of its stage and of all behind it; and of the channels behind the last conv of a stage. */
function stageWorth(network: Network, stageWeights: ArrayLike<number>) {
  const ofLayer = new Float64Array(network.layers);
  const ofConv = new Float64Array(network.convs);
  let sum = 0;
  for (let stage = network.stages - 1; stage >= 0; stage--) {
    sum += stageWeights[stage];
    ofLayer.fill(sum, stage === 0 ? 0 : network.stageEnd[stage - 1], network.stageEnd[stage]);
    ofConv[network.layerEnd[network.stageEnd[stage] - 1] - 1] += stageWeights[stage];
  }
  return { ofLayer, ofConv };
}
