import { type CostName, costs, emptyCosts, sramHeld, sramInput, sramOutput } from "../costs.ts";
import { appendLayer, beginNetwork, endStage, type LayerShape, lastMainConv, Network } from "../network.ts";
import type { AnalyticScore } from "../score/analytic.ts";
import type { Family } from "../space/families.ts";

/** The budgets that are sums over layers; SRAM is a maximum and becomes a rule about which layers may follow each other. */
export const additiveCosts = ["bitops", "macs", "flash", "layers"] as const satisfies readonly CostName[];
export type AdditiveCost = (typeof additiveCosts)[number];

/**
 * Figures of one inner layer for a list of shapes, as functions of its bit pair (a, w):
 * value = value[shape] + gain[pair], cost d = base[d][shape] + slope[d][shape] * factor[d][pair].
 */
export interface LayerFigures {
  readonly shapes: number;
  /** Weighted log-std gain without the bits' part; -Infinity where the shape does not exist. */
  readonly value: Float64Array;
  readonly base: readonly Float64Array[];
  readonly slope: readonly Float64Array[];
  /** Bytes per activation bit: largest of the convs that the layer's own bits decide, and the last conv's input and output. */
  readonly sramInner: Float64Array;
  readonly sramIn: Float64Array;
  readonly sramOut: Float64Array;
}

export function emptyLayerFigures(shapes: number, dimensions: number): LayerFigures {
  const column = () => new Float64Array(shapes);
  return {
    shapes,
    value: column().fill(Number.NEGATIVE_INFINITY),
    base: Array.from({ length: dimensions }, column),
    slope: Array.from({ length: dimensions }, column),
    sramInner: column(),
    sramIn: column(),
    sramOut: column(),
  };
}

/** Measures one inner layer with the program's own scorer and costs, so that no formula is written twice. */
export class LayerProbe {
  readonly #score: AnalyticScore;
  readonly #dimensions: readonly AdditiveCost[];
  readonly #sram: boolean;
  readonly #network = new Network(8);
  readonly #blocks = new Float64Array(8);
  readonly #costs = emptyCosts();

  constructor(score: AnalyticScore, dimensions: readonly AdditiveCost[], sram: boolean) {
    this.#score = score;
    this.#dimensions = dimensions;
    this.#sram = sram;
  }

  fill(
    table: LayerFigures,
    at: number,
    family: Family,
    shape: LayerShape,
    resolution: number,
    first: boolean,
    weight: number,
    value: number,
    flash: number,
  ): void {
    const network = this.#network;
    this.#layer(family, shape, resolution, first, full);
    this.#score.blockValues(network, this.#blocks);
    table.value[at] = weight * this.#blocks[0] + value;
    this.#layer(family, shape, resolution, first, ones);
    const one = costs(network, 0, this.#costs);
    for (let d = 0; d < this.#dimensions.length; d++) {
      const name = this.#dimensions[d];
      table.base[d][at] = one[name] + (name === "flash" ? flash : 0);
      if (name !== "bitops") continue;
      table.slope[d][at] = one.macs;
      table.base[d][at] -= one.macs;
    }
    if (this.#sram) this.#fillSram(table, at);
    const flashAt = this.#dimensions.indexOf("flash");
    if (flashAt < 0) return;
    const flashOne = table.base[flashAt][at] - flash;
    this.#layer(family, shape, resolution, first, twos);
    const slope = costs(network, 0, this.#costs).flash - flashOne;
    table.slope[flashAt][at] = slope;
    table.base[flashAt][at] -= slope;
  }

  /** The last conv of the main path writes at the bits of the layer behind it, the others at the layer's own. */
  #fillSram(table: LayerFigures, at: number): void {
    const network = this.#network;
    const last = lastMainConv(network);
    for (let conv = 0; conv < last; conv++) {
      const values = sramInput(network, conv) + sramOutput(network, conv) + sramHeld(network, 0, 0, conv);
      table.sramInner[at] = Math.max(table.sramInner[at], values / 8);
    }
    table.sramIn[at] = (sramInput(network, last) + sramHeld(network, 0, 0, last)) / 8;
    table.sramOut[at] = sramOutput(network, last) / 8;
  }

  #layer(family: Family, shape: LayerShape, resolution: number, first: boolean, bits: Uint8Array) {
    beginNetwork(this.#network, resolution);
    appendLayer(this.#network, family, 0, shape, first, bits, bits, 0);
    endStage(this.#network);
  }
}

const full = new Uint8Array(8);
const ones = new Uint8Array(8).fill(1);
const twos = new Uint8Array(8).fill(2);
