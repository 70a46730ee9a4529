import { ln } from "../../base/gaussian.ts";
import { UserError } from "../../base/user-error.ts";
import type { Network } from "../../network/network.ts";
import { type ScoreDetail, StageSum } from "../analytic.ts";
import {
  localQuantiserTable,
  MOST_VARIANCE,
  SPREAD_LEFT,
  SPREAD_STEPS,
  VARIANCE_STEPS,
  VARIANCES,
} from "./local-quantiser.ts";
import { quantisedMoments } from "./quantised-moments.ts";
import { Spread } from "./spread.ts";

/** Largest bit-width of a structure. */
const MAX_BITS = 16;

export interface ExpectedOptions {
  readonly stageWeights: readonly number[];
  readonly sigmaActivation: number;
  readonly sigmaWeight: number;
}

/** All that an expected score is computed from, besides the network. */
export interface ExpectedTables {
  readonly stageWeights: ArrayLike<number>;
  /** ln sigmaActivation. */
  readonly lnSigma: number;
  /** By bits, 0 is full precision: second moment of a weight, kurtosis of weights and of activations, E q^4 / (E q^2)^2. */
  readonly secondW: Float64Array;
  readonly kurtosisW: Float64Array;
  readonly kurtosisA: Float64Array;
  /** What a quantiser to so many bits keeps: `localQuantiserTable`. */
  readonly table: (bits: number) => Float64Array;
}

/**
 * What the measured score is on average, without noise: the variance of the activations is followed through the convs. A map's variance is taken to be
 * u(y) u(x), u a profile over the pixels of one side with mean 1: zero padding takes energy away at the borders, and a quantiser acts on the variance that a
 * pixel has. How much clamping costs there depends on how far the values at one place are from a single Gaussian; three figures follow that (`Spread`).
 * Source: the expected score's spec; the derivation is in docs/expected-score.md.
 */
export class ExpectedScore {
  readonly #options: ExpectedOptions;
  readonly #sum: StageSum;
  readonly #tables: (Float64Array | undefined)[] = new Array(MAX_BITS + 1);
  readonly #secondW = new Float64Array(MAX_BITS + 1);
  readonly #kurtosisW = new Float64Array(MAX_BITS + 1);
  readonly #kurtosisA = new Float64Array(MAX_BITS + 1);
  readonly #lnSigma: number;
  readonly #spread = new Spread();
  #u = new Float64Array(256);
  #v = new Float64Array(256);
  #blocks = new Float64Array(64);

  constructor(options: ExpectedOptions) {
    this.#options = options;
    this.#sum = new StageSum(options.stageWeights);
    this.#lnSigma = ln(options.sigmaActivation);
    for (let bits = 0; bits <= MAX_BITS; bits++) {
      const w = quantisedMoments(bits === 0 ? 1 : options.sigmaWeight, bits);
      const a = quantisedMoments(bits === 0 ? 1 : options.sigmaActivation, bits);
      this.#secondW[bits] = w.second;
      this.#kurtosisW[bits] = w.fourth / (w.second * w.second);
      this.#kurtosisA[bits] = a.fourth / (a.second * a.second);
    }
  }

  get tables(): ExpectedTables {
    return {
      stageWeights: this.#sum.stageWeights,
      lnSigma: this.#lnSigma,
      secondW: this.#secondW,
      kurtosisW: this.#kurtosisW,
      kurtosisA: this.#kurtosisA,
      table: (bits) => this.#table(bits),
    };
  }

  /** @throws UserError where the stage weights do not fit, or where quantising leaves nothing */
  check(network: Network): void {
    this.#sum.check(network);
    const blocks = this.#room(network.layers);
    this.blockValues(network, blocks);
    if (blocks.subarray(0, network.layers).every(Number.isFinite)) return;
    throw new UserError(
      "sigmaActivation, sigmaWeight: expected values that do not vanish when they are quantised to the network's bits; raise them",
    );
  }

  score(network: Network): number {
    const blocks = this.#room(network.layers);
    this.blockValues(network, blocks);
    return this.#sum.sum(network, blocks);
  }

  /** @throws UserError as `check` does */
  detail(network: Network): ScoreDetail {
    this.check(network);
    const blocks = this.#blocks.slice(0, network.layers);
    const stages = new Float64Array(network.stages);
    return { score: this.#sum.sum(network, blocks, stages), stages, blocks };
  }

  /** Fills one value per inner layer: the expected log-std gain of its main-path convs together. */
  blockValues(network: Network, blocks: Float64Array): void {
    let r = network.resolution;
    if (this.#u.length < r) [this.#u, this.#v] = [new Float64Array(r), new Float64Array(r)];
    this.#u.fill(1, 0, r);
    const spread = this.#spread;
    spread.reset();
    let conv = 0;
    for (let layer = 0; layer < network.layers; layer++) {
      // Of the layer's output to its input, in squared standard deviations; one logarithm a layer.
      let energy = 1;
      let chance = 0;
      let quantisedConvs = 0;
      for (; conv < network.layerEnd[layer]; conv++) {
        if (network.projection[conv] === 1) continue;
        const quantised = network.bitsA[conv] > 0 && network.bitsW[conv] > 0;
        const bitsA = quantised ? network.bitsA[conv] : 0;
        const bitsW = quantised ? network.bitsW[conv] : 0;
        const k = network.kernel[conv];
        const s = network.stride[conv];
        const depthwise = network.depthwise[conv] === 1;
        const perGroup = depthwise ? 1 : network.inChannels[conv];
        const kept = bitsA === 0 ? 1 : this.#quantise(bitsA, r);
        const out = Math.ceil(r / s);
        const mean = this.#sumTaps(r, out, k, s);
        energy *= kept * this.#secondW[bitsW] * perGroup * (mean * mean);
        chance +=
          spread.convolve(k * k, perGroup, depthwise, this.#kurtosisA[bitsA], this.#kurtosisW[bitsW]) /
          network.outChannels[conv];
        if (quantised) quantisedConvs++;
        r = out;
      }
      // The mean of a logarithm is below the logarithm of the mean by half the relative variance.
      blocks[layer] = 0.5 * ln(energy) - 0.25 * chance - quantisedConvs * this.#lnSigma;
    }
  }

  /** Replaces the profile by what the quantiser keeps at each pixel, relative to what it keeps at relative variance 1, which is returned. */
  #quantise(bits: number, r: number): number {
    const table = this.#table(bits);
    const row = Math.min(this.#spread.all, 1) * SPREAD_STEPS;
    const low = row < 0 ? 0 : Math.min(Math.floor(row), SPREAD_STEPS - 1);
    const part = row - low;
    const here = low * VARIANCES;
    const next = here + VARIANCES;
    const whole = between(table[here + VARIANCE_STEPS], table[next + VARIANCE_STEPS], part);
    const scale = 1 / whole;
    const u = this.#u;
    // Most of a map is far from its borders and has one value.
    let before = Number.NaN;
    let result = 0;
    for (let i = 0; i < r; i++) {
      const v = u[i];
      if (v !== before) {
        before = v;
        const x = Math.min(v, MOST_VARIANCE) * VARIANCE_STEPS;
        const below = Math.min(Math.floor(x), VARIANCES - 2);
        const from = between(table[here + below], table[next + below], part);
        const to = between(table[here + below + 1], table[next + below + 1], part);
        result = (from + (x - below) * (to - from)) * scale;
      }
      u[i] = result;
    }
    const left = SPREAD_LEFT + low;
    this.#spread.shrink(table[left] + Math.max(part, 0) * (table[left + 1] - table[left]));
    return whole;
  }

  /** Replaces the profile by its sums over k taps, those outside the map left out, scaled to a mean of 1; returns the mean that they had. */
  #sumTaps(r: number, out: number, k: number, s: number): number {
    const u = this.#u;
    const v = this.#v;
    const half = (k - 1) >> 1;
    let sum = 0;
    for (let j = 0; j < out; j++) {
      const from = Math.max(0, j * s - half);
      const to = Math.min(r - 1, j * s + half);
      let taps = u[from];
      for (let i = from + 1; i <= to; i++) taps += u[i];
      v[j] = taps;
      sum += taps;
    }
    const mean = sum / out;
    const scale = 1 / mean;
    for (let j = 0; j < out; j++) v[j] *= scale;
    [this.#u, this.#v] = [v, u];
    return mean;
  }

  #table(bits: number): Float64Array {
    const known = this.#tables[bits];
    if (known !== undefined) return known;
    const table = localQuantiserTable(this.#options.sigmaActivation, bits);
    this.#tables[bits] = table;
    return table;
  }

  #room(layers: number): Float64Array {
    if (this.#blocks.length < layers) this.#blocks = new Float64Array(2 * layers);
    return this.#blocks;
  }
}

/** Between two rows of a table; a spread below 0 lies before the first, and may not take more than half of it away. */
function between(low: number, high: number, part: number): number {
  return Math.max(0.5 * low, low + part * (high - low));
}
