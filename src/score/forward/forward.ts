import { ln } from "../../base/gaussian.ts";
import { mean, standardDeviation, standardError } from "../../base/mean.ts";
import { UserError } from "../../base/user-error.ts";
import { createKernels } from "../../kernel/create.ts";
import { ConvSizes, convolve, Format, type Kernels } from "../../kernel/kernels.ts";
import { NoisePools } from "../../kernel/noise-pools.ts";
import type { Network } from "../../network/network.ts";
import { type ScoreDetail, StageSum } from "../analytic.ts";
import { Arena } from "./arena.ts";
import { convWeights, rescaling } from "./conv-weights.ts";
import { KeptActivations } from "./kept-activations.ts";
import { commonPrefix, comparePaths, inputStride, MainPath, neededResolution, strides } from "./main-path.ts";
import { checkOptions, type ForwardOptions } from "./options.ts";

/** Means over the repeats. */
export interface ForwardDetail extends ScoreDetail {
  /** Standard deviation of a draw, between the repeats; null where there is one repeat. */
  scoreStd: number | null;
  /** Standard error of the score, which is the mean of the draws; null where there is one repeat. */
  scoreError: number | null;
  /** Of a draw's block values; null where there is one repeat. */
  blockStds: Float64Array | null;
  /** Why the score is not finite, where it is not. */
  reason?: string;
}

/** First address behind the page that kernels keep to themselves. */
const BASE = 65536;
/** Memory for the activations of shared prefixes, bytes. */
const KEPT_BYTES = 64 * 2 ** 20;
/** Memory that one network may need, bytes. */
const MOST_BYTES = 2 ** 31 - 2 ** 28;

/**
 * The measured score: the convs of a network run on Gaussian noise without normalisation, and the growth of the standard deviation from
 * conv to conv is added up. Source: spec section 5. The input of a conv has standard deviation sigmaActivation where the conv is quantised
 * and 1 where it is full precision, whatever the conv before was.
 *
 * A score is a function of the options and the network alone: the same bits in any batch, in any order, on any thread.
 */
export class ForwardScore {
  readonly #options: ForwardOptions;
  readonly #maxChannels: number;
  readonly #lnSigma: number;
  readonly #sum: StageSum;
  readonly #kernels: Kernels;
  readonly #noise: NoisePools;
  readonly #arena: Arena;
  readonly #sizes = new ConvSizes();
  readonly #kept: KeptActivations;
  /** One path per network of the batch. */
  readonly #paths: MainPath[] = [];
  readonly #order: number[] = [];
  /** Convs that a path has in common with the next one in order; 0 after the last. */
  readonly #shared: number[] = [];
  /** ln of the standard deviation growth of every conv, thinned fan-in added back; NaN from the first conv without variance on. */
  #gains = new Float64Array(64);
  #blocks = new Float64Array(64);
  #reasons: (string | undefined)[] = [];

  /**
   * @param kernels what runs the convs, of its own memory; absent: the kernel that the options name
   * @throws UserError where an option is out of its range, this engine cannot run the kernel, or another score has the kernels
   */
  constructor(options: ForwardOptions, kernels: Kernels = createKernels(options.kernel)) {
    checkOptions(options);
    this.#options = options;
    this.#maxChannels = options.maxChannels ?? Number.POSITIVE_INFINITY;
    this.#lnSigma = ln(options.sigmaActivation);
    this.#sum = new StageSum(options.stageWeights);
    this.#kernels = kernels;
    this.#noise = new NoisePools(this.#kernels, options.noiseSeed, options.sigmaWeight, BASE);
    this.#arena = new Arena(this.#kernels, this.#noise, {
      activation: options.sigmaActivation,
      weight: options.sigmaWeight,
    });
    this.#kept = new KeptActivations(this.#kernels, KEPT_BYTES);
  }

  /** @throws UserError where the stage weights do not fit, a map vanishes or the maps do not fit in memory */
  check(network: Network): void {
    this.#sum.check(network);
    const path = this.#path(0);
    path.fill(network, this.#options.resolution ?? network.resolution, this.#maxChannels);
    const needed = neededResolution(path);
    if (path.resolution < needed) {
      throw new UserError(
        `resolution: expected at least ${needed}, since the network halves its maps ${strides(path)} times, got ${path.resolution}; raise the resolution of the score`,
      );
    }
    if (!(this.#arena.bytes(path, this.#options.batch, this.#sizes) < MOST_BYTES)) {
      throw new UserError(
        "resolution: expected maps that fit in 1.75 GiB of memory; lower the resolution, the batch or maxChannels",
      );
    }
  }

  /** The score alone; not finite where a map has no variance (`reason` says where). The network must have passed `check`. */
  score(network: Network): number {
    return this.scoreBatch([network])[0];
  }

  /**
   * Scores of networks, in their order; leading convs that several have in common are measured once. The networks must have passed `check`.
   * @param scores filled and returned
   * @param standardErrors of the scores, filled; NaN where there is one repeat
   */
  scoreBatch(
    networks: readonly Network[],
    scores: Float64Array = new Float64Array(networks.length),
    standardErrors?: Float64Array,
  ): Float64Array {
    const { repeats } = this.#options;
    const draws = new Float64Array(networks.length * repeats);
    this.#run(networks, (repeat, i) => {
      draws[i * repeats + repeat] = this.#sum.sum(networks[i], this.#blocks);
    });
    for (let i = 0; i < networks.length; i++) {
      const own = draws.subarray(i * repeats, (i + 1) * repeats);
      scores[i] = mean(own);
      if (standardErrors !== undefined) standardErrors[i] = standardError(own);
    }
    return scores;
  }

  /** Why the last batch's network i has no finite score. */
  reason(i: number): string | undefined {
    return this.#reasons[i];
  }

  /** @throws UserError as `check` */
  detail(network: Network): ForwardDetail {
    this.check(network);
    const { repeats } = this.#options;
    const layers = network.layers;
    const scores = new Float64Array(repeats);
    const values = new Float64Array(repeats * layers);
    this.#run([network], (repeat) => {
      values.set(this.#blocks.subarray(0, layers), repeat * layers);
      scores[repeat] = this.#sum.sum(network, this.#blocks);
    });
    const blocks = new Float64Array(layers);
    const blockStds = new Float64Array(layers);
    const column = new Float64Array(repeats);
    for (let layer = 0; layer < layers; layer++) {
      for (let repeat = 0; repeat < repeats; repeat++) column[repeat] = values[repeat * layers + layer];
      blocks[layer] = mean(column);
      blockStds[layer] = standardDeviation(column);
    }
    const stages = new Float64Array(network.stages);
    this.#sum.sum(network, blocks, stages);
    const reason = this.#reasons[0];
    const spread =
      repeats === 1
        ? { scoreStd: null, scoreError: null, blockStds: null }
        : { scoreStd: standardDeviation(scores), scoreError: standardError(scores), blockStds };
    const detail = { score: mean(scores), ...spread, stages, blocks };
    return reason === undefined ? detail : { ...detail, reason };
  }

  /** Measures every network `repeats` times; `measured` finds the block values of network i in #blocks. */
  #run(networks: readonly Network[], measured: (repeat: number, i: number) => void): void {
    this.#plan(networks);
    for (let repeat = 0; repeat < this.#options.repeats; repeat++) {
      this.#kept.clear(this.#arena.kept);
      let shared = 0;
      for (let at = 0; at < networks.length; at++) {
        const i = this.#order[at];
        this.#measure(repeat, at, shared);
        shared = this.#shared[at];
        this.#sumBlocks(this.#paths[i], networks[i].layers);
        measured(repeat, i);
      }
    }
  }

  #plan(networks: readonly Network[]): void {
    const count = networks.length;
    this.#reasons = new Array(count).fill(undefined);
    this.#order.length = count;
    for (let i = 0; i < count; i++) {
      const path = this.#path(i);
      path.fill(networks[i], this.#options.resolution ?? networks[i].resolution, this.#maxChannels);
      this.#arena.include(path, this.#options.batch, this.#sizes);
      this.#order[i] = i;
      if (this.#gains.length < path.convs) this.#gains = new Float64Array(2 * path.convs);
      if (this.#blocks.length < networks[i].layers) this.#blocks = new Float64Array(2 * networks[i].layers);
    }
    this.#arena.place();
    this.#order.sort((a, b) => comparePaths(this.#paths[a], this.#paths[b]) || a - b);
    for (let at = 0; at < count; at++) {
      this.#shared[at] =
        at + 1 < count ? commonPrefix(this.#paths[this.#order[at]], this.#paths[this.#order[at + 1]]) : 0;
    }
  }

  #path(i: number): MainPath {
    this.#paths[i] ??= new MainPath();
    return this.#paths[i];
  }

  /**
   * Runs the path at position `at` of the order from the deepest kept activation on.
   * @param shared leading convs that it has in common with the path before, whose gains still stand
   */
  #measure(repeat: number, at: number, shared: number): void {
    const index = this.#order[at];
    const path = this.#paths[index];
    const { batch, rescaled, sigmaWeight } = this.#options;
    const { activations, scratch } = this.#arena;
    const kernels = this.#kernels;
    const sizes = this.#sizes;
    const first = this.#kept.rewind(shared);
    let { address: input, format, std } = this.#kept;
    if (first === 0) {
      const count = batch * path.resolution * path.resolution * inputStride(path);
      input = this.#noise.slice(
        activations[1],
        Format.float32,
        0,
        repeat,
        -1,
        path.resolution,
        inputStride(path),
        count,
      );
      format = Format.float32;
      std = 1;
    }
    for (let conv = first; conv < path.convs; conv++) {
      this.#arena.setSizes(sizes, path, conv, batch);
      const quantised = sizes.limit > 0;
      sizes.inFormat = format;
      sizes.scale = Math.fround((quantised ? this.#options.sigmaActivation : 1) / std);
      if (!(sizes.scale > 0 && sizes.scale < Number.POSITIVE_INFINITY)) {
        this.#fail(index, conv, `its input has standard deviation ${std}`);
        return;
      }
      const drawn = { bits: path.bitsW[conv], repeat, conv };
      const weights = convWeights(this.#noise, this.#arena.noise, sizes, drawn);
      const out = activations[conv & 1];
      convolve(kernels, out, input, weights, scratch, sizes);
      if (kernels.moments.saturated) {
        sizes.outFormat = Format.float32;
        convolve(kernels, out, input, weights, scratch, sizes);
      }
      const outputs = batch * sizes.outResolution * sizes.outResolution * sizes.outChannels;
      const { sum, sumOfSquares } = kernels.moments;
      const variance = (sumOfSquares - (sum / outputs) * sum) / (outputs - 1);
      if (!(variance > 0)) {
        this.#fail(index, conv, `its output has variance ${variance}`);
        return;
      }
      std = Math.sqrt(variance);
      const gain = rescaled ? variance * rescaling(this.#noise, sizes, drawn, sigmaWeight) : variance;
      this.#gains[conv] = 0.5 * ln(gain) - (quantised ? this.#lnSigma : 0) + path.missing[conv];
      input = out;
      format = sizes.outFormat;
      if (this.#isShared(at, conv + 1, shared)) this.#kept.push(conv + 1, input, std, sizes);
    }
  }

  /** No gains from a conv on, and the reason of network i. */
  #fail(i: number, conv: number, why: string): void {
    const { kernel, inChannels, outChannels, inResolution } = this.#sizes;
    this.#gains.fill(Number.NaN, conv);
    this.#reasons[i] = `conv ${conv} (${kernel}x${kernel}, ${inChannels} -> ${outChannels} at ${inResolution}): ${why}`;
  }

  /** Whether a later path leaves this one after `depth` convs, so that the activation there is worth keeping. */
  #isShared(at: number, depth: number, before: number): boolean {
    let common = this.#shared[at];
    for (let next = at; common >= depth && common > before; ) {
      if (common === depth) return true;
      next++;
      common = Math.min(common, this.#shared[next]);
    }
    return false;
  }

  /** Adds the gains of a layer's convs, in order. */
  #sumBlocks(path: MainPath, layers: number): void {
    this.#blocks.fill(0, 0, layers);
    for (let conv = 0; conv < path.convs; conv++) this.#blocks[path.layer[conv]] += this.#gains[conv];
  }
}
