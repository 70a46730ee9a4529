import { type SharedNoise, sharedNoise } from "../../kernel/noise.ts";
import type { Network } from "../../network/network.ts";
import { AnalyticScore } from "../analytic.ts";
import { bitopsScore, parametersScore, RandomScore } from "../baselines.ts";
import type { ComputedScore } from "../computed.ts";
import { type DeepMadOptions, DeepMadScore } from "../deepmad.ts";
import { effectivenessScore } from "../effectiveness.ts";
import { EnsembleScore } from "../ensemble.ts";
import { type ExpectedOptions, ExpectedScore } from "../expected/expected.ts";
import { ForwardScore } from "../forward/forward.ts";
import type { ForwardOptions } from "../forward/options.ts";

/** A score that is measured network by network. */
export interface MeasuredScore {
  /** @throws UserError where no network of this shape can be scored */
  check(network: Network): void;
  /**
   * Fills `scores` and their standard errors, in the order of the networks; a score is not finite where there is none, an error where it is not
   * known. A function of the options and each network alone.
   */
  scoreBatch(networks: readonly Network[], scores: Float64Array, standardErrors: Float64Array): unknown;
  /** Why network i of the last batch has no finite score. */
  reason(i: number): string | undefined;
}

/** What the program must know of a kind of score. A new kind is a new row here and its options in `config/config.ts`. */
interface ScoreKind<Options> {
  /**
   * Where the score is a sum over the layers, of the logarithm of their fan-in and of what their bits give: the genome engine then computes
   * it, and the bound proves how far its optimum can be.
   */
  readonly layerSum?: (options: Options) => AnalyticScore;
  /** Where it follows from all layers before: the genome engine computes that too, and there is no bound. */
  readonly expected?: (options: Options) => ExpectedScore;
  /** Where it is computed network by network, without noise, and what of it is no sum over the layers that a bound could take. */
  readonly computed?: (options: Options) => ComputedScore;
  readonly unbounded?: string;
  /** Where that is DeepMAD's, which the genome engine computes as well. */
  readonly deepmad?: (options: Options) => DeepMadOptions;
  /** Where it is measured. */
  readonly measured?: (options: Options) => MeasuredScore;
  /**
   * Where it contains noise: the same score as the mean of so many draws of another noise. A stream is a whole number from 1 to 2^13 - 1; no two
   * streams of one score have noise in common, and none has with the score's own.
   */
  readonly fresh?: (options: Options, draws: number, stream: number) => Options;
  /** What all threads that measure it may share. */
  readonly noise?: (options: Options) => SharedNoise;
  /** Children a generation where the configuration does not say: few where scoring is slow, so that checkpoints stay frequent. */
  readonly generation: number;
  /**
   * Where scoring begins without `threads`: in threads where one network may take seconds in which no signal would come through; here where
   * it takes less than a message.
   */
  readonly begin: "inline" | "threads";
}

type AnalyticOptions = ConstructorParameters<typeof AnalyticScore>[0];

/** What every score carries: for the measured score of its networks, and for its own. */
interface CommonOptions extends AnalyticOptions {}

type PartOptions =
  | (AnalyticOptions & { readonly kind: "analytic" })
  | (ExpectedOptions & { readonly kind: "expected" })
  | (DeepMadOptions & { readonly kind: "deepmad" })
  | { readonly kind: "random"; readonly randomSeed: number }
  | { readonly kind: "params" | "bitops" | "effectiveness" };

export type ScoreOptions =
  | (AnalyticOptions & { readonly kind: "analytic" })
  | (ExpectedOptions & { readonly kind: "expected" })
  | (ForwardOptions & { readonly kind: "forward" })
  | (CommonOptions & DeepMadOptions & { readonly kind: "deepmad" })
  | (CommonOptions & { readonly kind: "ensemble"; readonly parts: readonly Weighted[] })
  | (CommonOptions & { readonly kind: "random"; readonly randomSeed: number })
  | (CommonOptions & { readonly kind: "params" | "bitops" | "effectiveness" });

interface Weighted {
  readonly weight: number;
  readonly score: PartOptions;
}

/** Between the noise seeds of two streams: seeds that people write are smaller. */
const STREAM = 2 ** 40;

function freshForward<T extends ForwardOptions>(options: T, draws: number, stream: number): T {
  const shift = stream * STREAM;
  const room = 2 ** 53 - shift;
  const { noiseSeed } = options;
  return { ...options, repeats: draws, noiseSeed: noiseSeed < room ? noiseSeed + shift : noiseSeed - room };
}

export const scoreKinds = {
  analytic: { layerSum: (options: AnalyticOptions) => new AnalyticScore(options), generation: 1024, begin: "inline" },
  expected: { expected: (options: ExpectedOptions) => new ExpectedScore(options), generation: 1024, begin: "inline" },
  forward: {
    measured: (options: ForwardOptions) => new ForwardScore(options),
    noise: ({ noiseSeed }: ForwardOptions) => sharedNoise(noiseSeed),
    fresh: freshForward<ForwardOptions & { readonly kind: "forward" }>,
    generation: 256,
    begin: "threads",
  },
  deepmad: {
    computed: (options: DeepMadOptions) => new DeepMadScore(options),
    deepmad: (options: DeepMadOptions) => options,
    unbounded:
      "a stage counts a sum over its layers times the logarithm of its end's size, and depths are penalised together",
    generation: 1024,
    begin: "inline",
  },
  ensemble: {
    computed: ({ parts }: { readonly parts: readonly Weighted[] }) =>
      new EnsembleScore(parts.map(({ weight, score }) => ({ weight, score: partOf(score) }))),
    unbounded: "its parts need not be sums over layers",
    generation: 1024,
    begin: "inline",
  },
  random: {
    computed: ({ randomSeed }: { readonly randomSeed: number }) => new RandomScore(randomSeed),
    unbounded: "it says nothing of the layers",
    generation: 1024,
    begin: "inline",
  },
  params: {
    computed: parametersScore,
    unbounded: "it is a baseline: a sum over layers, but no logarithm of their fan-in, which the bound's tables hold",
    generation: 1024,
    begin: "inline",
  },
  bitops: {
    computed: bitopsScore,
    unbounded: "it is a baseline: a sum over layers, but no logarithm of their fan-in, which the bound's tables hold",
    generation: 1024,
    begin: "inline",
  },
  effectiveness: {
    computed: effectivenessScore,
    unbounded: "it is the greatest over the stages of a quotient of depth and mean width",
    generation: 1024,
    begin: "inline",
  },
} as const satisfies { readonly [K in ScoreOptions["kind"]]: ScoreKind<Extract<ScoreOptions, { kind: K }>> };

function partOf(options: PartOptions): Pick<ComputedScore, "check" | "detail"> {
  switch (options.kind) {
    case "analytic":
      return new AnalyticScore(options);
    case "expected":
      return new ExpectedScore(options);
    case "deepmad":
      return new DeepMadScore(options);
    case "random":
      return new RandomScore(options.randomSeed);
    case "params":
      return parametersScore();
    case "bitops":
      return bitopsScore();
    case "effectiveness":
      return effectivenessScore();
  }
}

/** The row of a score, for functions that take any. */
export function kindOf({ kind }: Pick<ScoreOptions, "kind">): ScoreKind<ScoreOptions> {
  return scoreKinds[kind] as ScoreKind<ScoreOptions>;
}

/** @throws UserError where no network of this shape can be scored */
export function checkScorable(options: ScoreOptions, network: Network): void {
  const { layerSum, expected, computed, measured } = kindOf(options);
  (layerSum ?? expected ?? computed ?? measured)!(options).check(network);
}
