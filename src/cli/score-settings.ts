import { defaultScore, type ScoreConfig } from "../config/config.ts";
import type { RuntimeFile } from "../config/runtime.ts";
import type { KernelName } from "../kernel/kernels.ts";
import { stageWeightsOf } from "../problem/around-network.ts";

/** How a network is scored; from the options, else the file's own record, else the configuration, else the published settings. */
export interface ScoreSettings {
  readonly resolution: number;
  readonly inputChannels: number | undefined;
  /** Undefined where nobody gave any. */
  readonly stageWeights: readonly number[] | undefined;
  readonly sigmaActivation: number;
  readonly sigmaWeight: number;
  readonly classes: number;
  /** What deploys it. */
  readonly runtime: RuntimeFile | undefined;
  readonly kind: ScoreConfig["kind"];
  /** Of the forward score alone. */
  readonly repeats: number;
  readonly batch: number;
  readonly noiseSeed: number;
  readonly kernel: KernelName;
  readonly maxChannels: number | undefined;
  readonly measuredResolution: number | undefined;
}

const { resolution: _, stageWeights: __, ...defaults } = defaultScore("forward");

export const publishedSettings: ScoreSettings = {
  ...defaults,
  kind: "analytic",
  resolution: 224,
  stageWeights: undefined,
  inputChannels: undefined,
  classes: 0,
  runtime: undefined,
  maxChannels: undefined,
  measuredResolution: undefined,
};

export interface ChosenWeights {
  readonly stageWeights: readonly number[];
  /** What is to be said of them behind them, where the network is not of as many stages as the defaults and nobody gave any. */
  readonly origin: string;
}

/**
 * Weights of stages: those that were given, or the defaults of a kind of score, fitted to the network.
 * @param stages of the network
 */
export function chosenWeights(
  given: readonly number[] | undefined,
  kind: ScoreConfig["kind"],
  stages: number,
): ChosenWeights {
  if (given !== undefined) return { stageWeights: given, origin: "" };
  const usual = kind === "deepmad" ? defaultScore(kind).stageWeights : defaultScore("analytic").stageWeights;
  const stageWeights = stageWeightsOf(stages, usual);
  if (stages === usual.length) return { stageWeights, origin: "" };
  const origin = stages < usual.length ? `the last ones of ${usual.join(",")}` : `${usual.join(",")} behind zeros`;
  return { stageWeights, origin: ` (${origin})` };
}

export function weightsText({ stageWeights, origin }: ChosenWeights): string {
  return `scored with stage weights ${stageWeights.join(",")}${origin}`;
}

interface OwnFields
  extends Partial<Pick<Extract<ScoreConfig, { kind: "deepmad" }>, "alpha1" | "alpha2" | "depthPenalty">> {
  readonly randomSeed?: number;
  readonly parts?: Extract<ScoreConfig, { kind: "ensemble" }>["parts"];
}

/** What a score was computed with, in words; undefined of a kind that takes nothing. */
export function settingsText(settings: ScoreSettings, weights: ChosenWeights): string | undefined {
  const { kind, sigmaActivation, sigmaWeight } = settings;
  // Of a configuration, a kind's own fields are there too.
  const own: ScoreSettings & OwnFields = settings;
  switch (kind) {
    case "analytic":
    case "expected":
    case "forward":
      return `${weightsText(weights)}, sigmas ${sigmaActivation} of activations and ${sigmaWeight} of weights`;
    case "deepmad": {
      const { alpha1, alpha2, depthPenalty } = { ...defaultScore("deepmad"), ...own };
      return `${weightsText(weights)}, alpha1 ${alpha1}, alpha2 ${alpha2}, depthPenalty ${depthPenalty}`;
    }
    case "random":
      return `scored at random, by seed ${own.randomSeed ?? defaultScore("random").randomSeed}`;
    case "ensemble":
      return `scored as ${(own.parts ?? []).map(({ weight, score }) => `${weight} x ${score.kind}`).join(" + ")}`;
    case "params":
    case "bitops":
    case "effectiveness":
      return undefined;
  }
}
