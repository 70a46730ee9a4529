import { ln } from "../../base/gaussian.ts";
import { UserError } from "../../base/user-error.ts";
import { type NamedSum, sumsOf } from "../../costs/cost-table.ts";
import { liveBits, squeezeBits } from "../../costs/live-sram.ts";
import { sramOf } from "../../costs/published-sram.ts";
import { layerArena } from "../../memory/arena.ts";
import { END_BITS } from "../../memory/memory-form.ts";
import { type RuntimeDeployment, withRuntime } from "../../memory/runtime.ts";
import { storedBits } from "../../memory/storage.ts";
import { type BitPair, FULL_PRECISION_BITS } from "../../network/bits.ts";
import { families } from "../../network/families.ts";
import { appendLayer, beginNetwork, endStage, Network, nextMainConv } from "../../network/network.ts";
import { AnalyticScore } from "../../score/analytic.ts";
import { type Budgets, deploymentOf, type SpaceDescription } from "../graph/space-description.ts";

/** The conv behind a layer. */
const behind = { a: [8], w: [8], offset: 0 };
const single = families.find((family) => !family.isSuper)!;

/** What is the same for all layers of a block. */
interface BlockFacts {
  /** Pixels of one side of the block's input. */
  readonly resolution: number;
  /** Sum of the stage weights from the block's stage on, and the weight of ln(out): the stage's where the block ends it, else 0. */
  readonly weight: number;
  readonly lnOut: number;
  readonly classes: number;
}

/** Measures single layers of a space by building them with the program's own code. */
export class LayerMeter {
  /** Activation bits that a layer can have; first what follows the last block: 8, or `END_BITS`. Full precision is 8. */
  readonly bits: readonly number[];
  /** Of the last layer measured: its part of the score, the sum of its terms' magnitudes, its costs in the order of `sums`. */
  value = 0;
  magnitude = 0;
  readonly costs: Float64Array;
  readonly sums: readonly NamedSum[];
  /** Which activation bits may come behind it, a mask of indices into `bits`. */
  next = 0;
  readonly #space: SpaceDescription;
  readonly #facts: readonly BlockFacts[];
  readonly #scorer: AnalyticScore;
  readonly #sram: number;
  readonly #sramLive: number;
  readonly #arena: number;
  readonly #deployment: RuntimeDeployment | undefined;
  /** Bits at which its runtime stores activations of each number of bits. */
  readonly #stored: readonly number[];
  readonly #alone = new Network(16);
  readonly #followed = new Network(16);
  readonly #values = new Float64Array(2);
  /** What may follow the layer last built at activation bits, whatever its weights' are; by those bits. */
  readonly #followers = new Map<number, number>();
  #classes = 0;
  #weight = 0;
  #lnOut = 0;

  constructor(
    space: SpaceDescription,
    { sram = Number.POSITIVE_INFINITY, sramLive = Number.POSITIVE_INFINITY, arena = Number.POSITIVE_INFINITY }: Budgets,
  ) {
    const { blocks, score } = space;
    const deployment = deploymentOf(space);
    this.#deployment = withRuntime(deployment);
    this.#stored = storedBits(space.runtime?.activations ?? []);
    this.sums = sumsOf(deployment);
    this.costs = new Float64Array(this.sums.length);
    const stageOf = (b: number) => blocks.filter((block, i) => i > 0 && i <= b && block.s === 2).length;
    this.#space = space;
    this.#sram = sram;
    this.#sramLive = sramLive;
    this.#arena = arena;
    this.#scorer = new AnalyticScore(score);
    this.#facts = blocks.map((_, b) => ({
      resolution: blocks.slice(0, b).reduce((r, block) => Math.ceil(r / block.s), space.resolution),
      weight: score.stageWeights.slice(stageOf(b)).reduce((sum, x) => sum + x, 0),
      lnOut: b + 1 === blocks.length || blocks[b + 1].s === 2 ? score.stageWeights[stageOf(b)] : 0,
      classes: b + 1 === blocks.length ? space.classes : 0,
    }));
    const all = blocks.flatMap((block) => block.pairs.map((pair) => pair.a || FULL_PRECISION_BITS));
    const ends = arena !== Number.POSITIVE_INFINITY && space.classes > 0;
    this.bits = [...new Set([...(ends ? [END_BITS] : []), FULL_PRECISION_BITS, ...all])];
  }

  get #hasMemoryBudget(): boolean {
    return [this.#sram, this.#sramLive, this.#arena].some((limit) => limit !== Number.POSITIVE_INFINITY);
  }

  /**
   * Builds a layer, still without bits.
   * @param from channels it reads; of an inner layer that is not the block's first, `out`
   */
  build(b: number, first: boolean, from: number, { out, k, btn }: { out: number; k: number; btn: number }): void {
    this.#followers.clear();
    const { family, s } = this.#space.blocks[b];
    const { resolution, weight, lnOut, classes } = this.#facts[b];
    const shape = { in: from, btn, out, k, s: first ? s : 1 };
    const none = family.convs.map(() => 0);
    const networks = this.#hasMemoryBudget ? [this.#alone, this.#followed] : [this.#alone];
    for (const network of networks) {
      beginNetwork(network, first ? resolution : Math.ceil(resolution / s));
      appendLayer(network, family, { block: b, first }, shape, { a: none, w: none, offset: 0 });
      endStage(network);
    }
    this.#classes = first ? classes : 0;
    this.#weight = weight;
    this.#lnOut = first ? lnOut * ln(out) : 0;
    // The conv behind the layer, whose activation bits are what the layer's last conv writes.
    if (this.#hasMemoryBudget)
      appendLayer(this.#followed, single, { block: b, first: false }, { ...shape, in: out, k: 1, s: 1 }, behind);
  }

  /** Measures the layer last built at one pair of bits. */
  measure({ a, w }: BitPair): void {
    const network = this.#alone;
    for (let i = 0; i < network.convs; i++) {
      network.bitsA[i] = a;
      network.bitsW[i] = w;
    }
    for (let d = 0; d < this.sums.length; d++) {
      const { ofLayer, ofClassifier } = this.sums[d];
      const classifier =
        this.#classes === 0 ? 0 : (ofClassifier?.(network.outChannels[network.convs - 1], this.#classes) ?? 0);
      this.costs[d] = ofLayer(network, 0) + classifier;
    }
    this.#scorer.blockValues(network, this.#values);
    const value = this.#weight * this.#values[0];
    this.value = value + this.#lnOut;
    this.magnitude = Math.abs(value) + Math.abs(this.#lnOut);
    if (!Number.isFinite(this.magnitude)) {
      throw new UserError(
        `sigmaActivation, sigmaWeight: expected values that do not vanish when they are quantised to ${a} and ${w} bits; raise them`,
      );
    }
    this.next = this.#hasMemoryBudget ? this.#mayFollow(network.convs, a) : -1;
  }

  #mayFollow(convs: number, a: number): number {
    let mask = this.#followers.get(a);
    if (mask === undefined) {
      mask = this.#maskOf(convs, a);
      this.#followers.set(a, mask);
    }
    return mask;
  }

  #maskOf(convs: number, a: number): number {
    const network = this.#followed;
    const limitsTensors = this.#sram !== Number.POSITIVE_INFINITY || this.#sramLive !== Number.POSITIVE_INFINITY;
    for (let i = 0; i < convs; i++) network.bitsA[i] = a;
    let mask = 0;
    for (let c = 0; c < this.bits.length; c++) {
      network.bitsA[convs] = this.bits[c] || FULL_PRECISION_BITS;
      let fits = this.#arenaFits(this.bits[c] === END_BITS) && squeezeBits(network, 0) <= 8 * this.#sramLive;
      for (let i = 0; i < convs && fits && limitsTensors; i++) {
        const live = liveBits(network, 0, i, network.bitsA[nextMainConv(network, i)] || FULL_PRECISION_BITS);
        fits = live <= 8 * this.#sramLive && (network.projection[i] === 1 || sramOf(network, 0, 0, i) <= this.#sram);
      }
      if (fits) mask |= 1 << c;
    }
    return mask;
  }

  /** Whether the layer fits the arena, before the network's end or another conv. */
  #arenaFits(ends: boolean): boolean {
    if (this.#arena === Number.POSITIVE_INFINITY) return true;
    // Without a runtime there is no arena, and nothing is proven.
    if (this.#deployment === undefined) return false;
    return layerArena(ends ? this.#alone : this.#followed, 0, this.#deployment, this.#stored) <= this.#arena;
  }
}
