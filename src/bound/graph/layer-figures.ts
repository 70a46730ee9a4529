import { additiveCosts, type CostName, emptyCosts, publishedForm } from "../../costs/costs.ts";
import { liveForm, type MemoryForm } from "../../costs/live-sram.ts";
import { type Family, MOST_CONVS } from "../../network/families.ts";
import { appendLayer, beginNetwork, endStage, type LayerShape, Network } from "../../network/network.ts";
import type { AnalyticScore } from "../../score/analytic.ts";

/** The budgets that are sums over layers; memory is a maximum and becomes a rule about which layers may follow each other. */
export const additiveNames = ["bitops", "macs", "flash", "layers"] as const satisfies readonly CostName[];
/** The budgets that are maxima over layers, each of a form of the layer's activation bits and the next one's. */
export const memoryCosts = ["sram", "sramLive"] as const satisfies readonly CostName[];
export type MemoryCost = (typeof memoryCosts)[number];
const memoryForms = { sram: publishedForm, sramLive: liveForm };

export type AdditiveCost = (typeof additiveNames)[number];

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
  /** The memory figures that have a budget, in the order of the chain's: every member of the form as a column. */
  readonly memory: readonly Readonly<Record<keyof MemoryForm, Float64Array>>[];
}

export function emptyLayerFigures(shapes: number, dimensions: number, memories: number): LayerFigures {
  const column = () => new Float64Array(shapes);
  return {
    shapes,
    value: column().fill(Number.NEGATIVE_INFINITY),
    base: Array.from({ length: dimensions }, column),
    slope: Array.from({ length: dimensions }, column),
    memory: Array.from({ length: memories }, () => ({
      inner: column(),
      lastInput: column(),
      lastOutput: column(),
      joinInput: column(),
      joinOutput: column(),
    })),
  };
}

/** Measures one inner layer with the program's own scorer and costs, so that no formula is written twice. */
export class LayerProbe {
  readonly #score: AnalyticScore;
  readonly #dimensions: readonly AdditiveCost[];
  readonly #memories: readonly MemoryCost[];
  readonly #network = new Network(MOST_CONVS + 1);
  readonly #blocks = new Float64Array(8);
  readonly #costs = emptyCosts();

  constructor(score: AnalyticScore, dimensions: readonly AdditiveCost[], memories: readonly MemoryCost[]) {
    this.#score = score;
    this.#dimensions = dimensions;
    this.#memories = memories;
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
    beginNetwork(network, resolution);
    appendLayer(network, family, 0, shape, first, ones, ones, 0);
    endStage(network);
    const one = additiveCosts(network, 0, this.#costs);
    for (let d = 0; d < this.#dimensions.length; d++) {
      const name = this.#dimensions[d];
      table.base[d][at] = one[name] + (name === "flash" ? flash : 0);
      if (name !== "bitops") continue;
      table.slope[d][at] = one.macs;
      table.base[d][at] -= one.macs;
    }
    this.#memories.forEach((name, m) => {
      const form = memoryForms[name](network, 0);
      for (const [key, column] of Object.entries(table.memory[m])) column[at] = form[key as keyof MemoryForm];
    });
    const flashAt = this.#dimensions.indexOf("flash");
    if (flashAt >= 0) {
      const flashOne = one.flash;
      network.bitsW.fill(2);
      const slope = additiveCosts(network, 0, this.#costs).flash - flashOne;
      table.slope[flashAt][at] = slope;
      table.base[flashAt][at] -= slope;
    }
    // At full precision a layer's value has no part of the bits'.
    network.bitsA.fill(0);
    network.bitsW.fill(0);
    this.#score.blockValues(network, this.#blocks);
    table.value[at] = weight * this.#blocks[0] + value;
  }
}

const ones = new Uint8Array(MOST_CONVS).fill(1);
