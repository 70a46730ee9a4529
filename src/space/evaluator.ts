import { type Costs, emptyCosts, withinLimits } from "../costs.ts";
import { FULL_PRECISION_BITS } from "../network.ts";
import type { AnalyticScore } from "../score/analytic.ts";
import { ln } from "../score/gaussian.ts";
import { resolutionOf } from "./genome.ts";
import { LayerField, LayerTable, REST } from "./layer-table.ts";
import { ConvGene, type Space, SuperGene } from "./space.ts";

/** What full precision is charged for, as a pair. */
const FULL_PRECISION_PAIR = (FULL_PRECISION_BITS << 4) | FULL_PRECISION_BITS;

/**
 * Costs and analytic score straight from a genome, without its conv list: the search's hot path. The figures are those of
 * `costs(network)` and `AnalyticScore.score(network)` to the last bit; test/space/evaluator.test.ts holds it to that.
 */
export class Evaluator {
  readonly #space: Space;
  readonly #classes: number;
  readonly #table: LayerTable;
  /** ln of a width, by width units. */
  readonly #lnWidth: Float64Array;

  /** Four figures a block: offset of its genes, kernel (0 for a super block), convs of an inner layer, stride. */
  readonly #layout: Int32Array;
  readonly #scratch = emptyCosts();

  /** @param classes outputs of the classifier counted into flash; 0 for none */
  constructor(space: Space, classes: number) {
    this.#space = space;
    this.#classes = classes;
    this.#table = new LayerTable(space);
    this.#layout = Int32Array.from(
      space.blocks.flatMap(({ offset, family, k, s }) => [offset, family.isSuper ? 0 : k, family.convs.length, s]),
    );
    this.#lnWidth = Float64Array.from({ length: 256 }, (_, units) =>
      units === 0 ? 0 : ln(units * space.options.widthStep),
    );
  }

  /** Fills `out` with the costs of the genome at `at`. */
  costs(genomes: Uint8Array, at: number, out: Costs): void {
    const blocks = this.#space.blocks;
    const rows = this.#table.rows;
    let bitops = 0;
    let macs = 0;
    let flash = 0;
    let sram = 0;
    let mainConvs = 0;
    // The last conv of a layer waits for the next layer's activation bits.
    let pendingInput = 0;
    let pendingOutput = 0;
    let live = 0;
    let liveInput = 0;
    let liveOutput = 0;
    let joinInput = 0;
    let joinOutput = 0;
    let resolution = resolutionOf(this.#space, genomes, at);
    let inUnits = 0;
    for (let b = 0; b < blocks.length; b++) {
      const block = blocks[b];
      const genes = at + block.offset;
      const isSuper = block.family.isSuper;
      const outUnits = genomes[genes + (isSuper ? SuperGene.out : ConvGene.out)];
      const depth = isSuper ? genomes[genes + SuperGene.depth] : 1;
      const bits = genes + (isSuper ? SuperGene.bits : ConvGene.bits);
      let row = isSuper
        ? this.#table.find(
            b,
            inUnits,
            genomes[genes + SuperGene.btn] | (genomes[genes + SuperGene.btn + 1] << 8),
            outUnits,
            genomes[genes + SuperGene.k],
            resolution,
          )
        : this.#table.find(b, inUnits, outUnits, outUnits, block.k, resolution);
      for (let layer = 0; layer < depth; layer++) {
        const pair = genomes[bits + layer];
        const a = pair === 0 ? FULL_PRECISION_BITS : pair >> 4;
        const w = pair === 0 ? FULL_PRECISION_BITS : pair & 15;
        const work = rows[row + LayerField.work];
        macs += work;
        bitops += work * (a * w) + rows[row + LayerField.elementwise];
        flash += rows[row + LayerField.flashPerWeightBit] * w + rows[row + LayerField.flashConstant];
        const pending = pendingInput + pendingOutput * a;
        if (pending > sram) sram = pending;
        live = Math.max(
          live,
          liveInput + liveOutput * a,
          joinInput + joinOutput * a,
          rows[row + LayerField.liveInner] * a,
        );
        liveInput = rows[row + LayerField.liveLastInput] * a;
        liveOutput = rows[row + LayerField.liveLastOutput];
        joinInput = rows[row + LayerField.liveJoinInput] * a;
        joinOutput = rows[row + LayerField.liveJoinOutput];
        const inner = rows[row + LayerField.sramInner] * a;
        if (inner > sram) sram = inner;
        pendingInput = rows[row + LayerField.sramLastInput] * a;
        pendingOutput = rows[row + LayerField.sramLastOutput];
        if (layer === 0) row += REST;
      }
      mainConvs += depth * block.family.convs.length;
      inUnits = outUnits;
      if (block.s === 2) resolution = (resolution + 1) >> 1;
    }
    const last = pendingInput + pendingOutput * FULL_PRECISION_BITS;
    out.bitops = bitops;
    out.macs = macs;
    out.flash = flash + this.#classes * (inUnits * this.#space.options.widthStep + 1);
    out.sram = Math.max(last, sram);
    out.layers = mainConvs;
    out.sramLive = Math.max(
      live,
      liveInput + liveOutput * FULL_PRECISION_BITS,
      joinInput + joinOutput * FULL_PRECISION_BITS,
    );
  }

  /**
   * Whether the genome at `at` is over a budget, by the sums alone where no memory is budgeted: what breeding asks of every step.
   * @param limits in the order of `costNames`
   */
  exceeds(genomes: Uint8Array, at: number, limits: Float64Array): boolean {
    if (limits[3] !== Number.POSITIVE_INFINITY || limits[5] !== Number.POSITIVE_INFINITY) {
      this.costs(genomes, at, this.#scratch);
      return !withinLimits(this.#scratch, limits);
    }
    const blocks = this.#layout;
    const rows = this.#table.rows;
    const maxBitops = limits[0];
    const moreThanBitops = limits[1] !== Number.POSITIVE_INFINITY || limits[2] !== Number.POSITIVE_INFINITY;
    let bitops = 0;
    let macs = 0;
    let flash = 0;
    let mainConvs = 0;
    let resolution = resolutionOf(this.#space, genomes, at);
    let inUnits = 0;
    for (let i = 0, b = 0; i < blocks.length; i += 4, b++) {
      const genes = at + blocks[i];
      const k = blocks[i + 1];
      let outUnits: number;
      let depth = 1;
      let bits = genes + ConvGene.bits;
      let row: number;
      if (k === 0) {
        outUnits = genomes[genes + SuperGene.out];
        depth = genomes[genes + SuperGene.depth];
        bits = genes + SuperGene.bits;
        const btn = genomes[genes + SuperGene.btn] | (genomes[genes + SuperGene.btn + 1] << 8);
        row = this.#table.find(b, inUnits, btn, outUnits, genomes[genes + SuperGene.k], resolution);
      } else {
        outUnits = genomes[genes + ConvGene.out];
        row = this.#table.find(b, inUnits, outUnits, outUnits, k, resolution);
      }
      for (let layer = 0; layer < depth; layer++) {
        const pair = genomes[bits + layer] || FULL_PRECISION_PAIR;
        const work = rows[row];
        bitops += work * ((pair >> 4) * (pair & 15)) + rows[row + LayerField.elementwise];
        if (moreThanBitops) {
          macs += work;
          flash += rows[row + LayerField.flashPerWeightBit] * (pair & 15) + rows[row + LayerField.flashConstant];
        }
        if (layer === 0) row += REST;
      }
      if (bitops > maxBitops) return true;
      mainConvs += depth * blocks[i + 2];
      inUnits = outUnits;
      if (blocks[i + 3] === 2) resolution = (resolution + 1) >> 1;
    }
    if (mainConvs > limits[4]) return true;
    return (
      moreThanBitops &&
      (macs > limits[1] || flash + this.#classes * (inUnits * this.#space.options.widthStep + 1) > limits[2])
    );
  }

  /**
   * The analytic score of the genome at `at`. Sums in the order of `AnalyticScore`, so that every bit agrees.
   * @param bitsGain gain of a bit pair, by its byte
   */
  score(genomes: Uint8Array, at: number, stageWeights: Float64Array, bitsGain: Float64Array): number {
    const blocks = this.#space.blocks;
    const rows = this.#table.rows;
    let total = 0;
    let score = 0;
    let stage = 0;
    let resolution = resolutionOf(this.#space, genomes, at);
    let inUnits = 0;
    for (let b = 0; b < blocks.length; b++) {
      const block = blocks[b];
      const genes = at + block.offset;
      if (b > 0 && block.s === 2) score += stageWeights[stage++] * (total + this.#lnWidth[inUnits]);
      let outUnits: number;
      if (block.family.isSuper) {
        outUnits = genomes[genes + SuperGene.out];
        const depth = genomes[genes + SuperGene.depth];
        const bits = genes + SuperGene.bits;
        const convs = block.family.convs.length;
        const btn = genomes[genes + SuperGene.btn] | (genomes[genes + SuperGene.btn + 1] << 8);
        let row = this.#table.find(b, inUnits, btn, outUnits, genomes[genes + SuperGene.k], resolution);
        row += LayerField.lnFanIn;
        for (let layer = 0; layer < depth; layer++) {
          const gain = bitsGain[genomes[bits + layer]];
          let value = 0;
          for (let j = 0; j < convs; j++) value += rows[row + j] + gain;
          total += value;
          if (layer === 0) row += REST;
        }
      } else {
        outUnits = genomes[genes + ConvGene.out];
        const row = this.#table.find(b, inUnits, outUnits, outUnits, block.k, resolution);
        total += rows[row + LayerField.lnFanIn] + bitsGain[genomes[genes + ConvGene.bits]];
      }
      inUnits = outUnits;
      if (block.s === 2) resolution = (resolution + 1) >> 1;
    }
    return score + stageWeights[stage] * (total + this.#lnWidth[inUnits]);
  }
}

/** The gain of every bit pair, by its byte. */
export function bitsGains(score: AnalyticScore): Float64Array {
  return Float64Array.from({ length: 256 }, (_, pair) => score.bitsGain(pair >> 4, pair & 15));
}
