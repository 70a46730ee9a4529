import { ln } from "../base/gaussian.ts";
import { UserError } from "../base/user-error.ts";
import type { Network } from "../network/network.ts";
import { quantisedStd } from "./quantised-gaussian.ts";

/** Largest bit-width the gain table holds: the structure's limit. */
const MAX_BITS = 16;
/** Fan-ins below this come from a table; larger ones are computed when they occur. */
const FAN_IN_TABLE = 1 << 16;

/** What one network scored: the score, ratio_i * H_i per stage, and one value per inner layer. */
export interface ScoreDetail {
  score: number;
  stages: Float64Array;
  blocks: Float64Array;
}

/** Aggregates per-layer log-std gains into a score: H_i = sum of all values up to the end of stage i + ln(out channels there). Source: spec section 4. */
export class StageSum {
  readonly stageWeights: Float64Array;
  readonly #lnChannels = new Float64Array(FAN_IN_TABLE);

  /** @throws UserError where one of the weights is no number */
  constructor(stageWeights: readonly number[]) {
    if (!Array.isArray(stageWeights) || !stageWeights.every((weight) => Number.isFinite(weight))) {
      throw new UserError("stageWeights: expected a list of numbers, one per stage of the network, got another");
    }
    this.stageWeights = Float64Array.from(stageWeights);
  }

  /** @throws UserError where the network's number of stages is not the number of stage weights */
  check(network: Network): void {
    if (network.stages !== this.stageWeights.length) {
      throw new UserError(
        `stage weights: expected ${network.stages} entries, one per stage of the network, got ${this.stageWeights.length}; give one weight for each stage`,
      );
    }
  }

  /**
   * @param blocks one value per inner layer
   * @param stages filled with ratio_i * H_i where given
   */
  sum(network: Network, blocks: Float64Array, stages?: Float64Array): number {
    let total = 0;
    let score = 0;
    let layer = 0;
    for (let stage = 0; stage < network.stages; stage++) {
      const end = network.stageEnd[stage];
      for (; layer < end; layer++) total += blocks[layer];
      const value = this.stageWeights[stage] * (total + this.#ln(stageChannels(network, end)));
      if (stages !== undefined) stages[stage] = value;
      score += value;
    }
    return score;
  }

  #ln(channels: number): number {
    if (channels >= FAN_IN_TABLE) return ln(channels);
    const known = this.#lnChannels[channels];
    if (known !== 0) return known;
    this.#lnChannels[channels] = ln(channels);
    return this.#lnChannels[channels];
  }
}

/** Out channels of the last main-path conv before layer `end`. */
function stageChannels(network: Network, end: number): number {
  return network.outChannels[network.layerEnd[end - 1] - 1];
}

/** The closed-form score of spec section 4, from tables filled on first use. */
export class AnalyticScore {
  readonly #sum: StageSum;
  /** ln LUT(sA, bitsA) - ln sA, and ln LUT(sW, bitsW); index 0, full precision, is 0. */
  readonly #gainA = new Float64Array(MAX_BITS + 1);
  readonly #gainW = new Float64Array(MAX_BITS + 1);
  /** ln sqrt(fan-in); NaN where not yet known. */
  readonly #lnSqrt = new Float64Array(FAN_IN_TABLE).fill(Number.NaN);
  readonly #blocks = new Float64Array(4096);

  constructor(options: { stageWeights: readonly number[]; sigmaActivation: number; sigmaWeight: number }) {
    this.#sum = new StageSum(options.stageWeights);
    const { sigmaActivation, sigmaWeight } = options;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      this.#gainA[bits] = ln(quantisedStd(sigmaActivation, bits)) - ln(sigmaActivation);
      this.#gainW[bits] = ln(quantisedStd(sigmaWeight, bits));
    }
  }

  get stageWeights(): Float64Array {
    return this.#sum.stageWeights;
  }

  /** What the bits of a conv add to ln sqrt(F). */
  bitsGain(bitsA: number, bitsW: number): number {
    return this.#gainA[bitsA] + this.#gainW[bitsW];
  }

  /** Log-std gain of a conv: ln sqrt(F) + ln LUT(sA, bitsA) - ln sA + ln LUT(sW, bitsW), or ln sqrt(F) at full precision. */
  gain(fanIn: number, bitsA: number, bitsW: number): number {
    return this.lnSqrtFanIn(fanIn) + this.bitsGain(bitsA, bitsW);
  }

  lnSqrtFanIn(fanIn: number): number {
    if (fanIn >= FAN_IN_TABLE) return 0.5 * ln(fanIn);
    const known = this.#lnSqrt[fanIn];
    if (!Number.isNaN(known)) return known;
    this.#lnSqrt[fanIn] = 0.5 * ln(fanIn);
    return this.#lnSqrt[fanIn];
  }

  /** Fills one value per inner layer: the sum over its main-path convs, in order. */
  blockValues(network: Network, blocks: Float64Array): void {
    let conv = 0;
    for (let layer = 0; layer < network.layers; layer++) {
      const end = network.layerEnd[layer];
      let value = 0;
      for (; conv < end; conv++) {
        if (network.projection[conv] === 1) continue;
        const k = network.kernel[conv];
        const fanIn = (network.depthwise[conv] === 1 ? 1 : network.inChannels[conv]) * k * k;
        value += this.gain(fanIn, network.bitsA[conv], network.bitsW[conv]);
      }
      blocks[layer] = value;
    }
  }

  /** The score alone: the hot path. The network must have as many stages as there are stage weights (`check`). */
  score(network: Network): number {
    this.blockValues(network, this.#blocks);
    return this.#sum.sum(network, this.#blocks);
  }

  /** @throws UserError where the stage weights do not fit, or where a sigma is so small that quantising leaves nothing */
  check(network: Network): void {
    this.#sum.check(network);
    for (let conv = 0; conv < network.convs; conv++) {
      const a = network.bitsA[conv];
      const w = network.bitsW[conv];
      if (!Number.isFinite(this.bitsGain(a, w))) {
        throw new UserError(
          `sigmaActivation, sigmaWeight: expected values that do not vanish when they are quantised to ${a} and ${w} bits; raise them`,
        );
      }
    }
  }

  /** @throws UserError as `check` does */
  detail(network: Network): ScoreDetail {
    this.check(network);
    const blocks = new Float64Array(network.layers);
    const stages = new Float64Array(network.stages);
    this.blockValues(network, blocks);
    const score = this.#sum.sum(network, blocks, stages);
    return { score, stages, blocks };
  }
}
