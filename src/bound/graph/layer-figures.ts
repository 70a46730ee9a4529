import type { PeakCost, SumCost } from "../../costs/cost-table.ts";
import { LayerForms } from "../../costs/layer-form.ts";
import { type MemoryForm, memoryOf } from "../../memory/memory-form.ts";
import { type Family, MOST_CONVS } from "../../network/families.ts";
import { appendLayer, beginNetwork, endStage, type LayerShape, Network } from "../../network/network.ts";
import type { AnalyticScore } from "../../score/analytic.ts";

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
  /** Which activation classes may follow within the memory budgets, a mask, at shape * classes + class; empty where there is no such budget. */
  readonly next: Uint16Array;
}

/** What the memory budgets ask of layers: their limits in bytes, one for each form, and the activation bits that there are. */
export interface MemoryLimits {
  readonly memoryLimits: readonly number[];
  readonly activations: readonly number[];
}

export function emptyLayerFigures(
  shapes: number,
  dimensions: number,
  { memoryLimits, activations }: MemoryLimits,
): LayerFigures {
  const column = () => new Float64Array(shapes);
  return {
    shapes,
    value: column().fill(Number.NEGATIVE_INFINITY),
    base: Array.from({ length: dimensions }, column),
    slope: Array.from({ length: dimensions }, column),
    next: new Uint16Array(memoryLimits.length > 0 ? shapes * activations.length : 0),
  };
}

/** Notes which activation classes may follow a layer of these forms, one for each limit; nothing follows a layer that does not fit itself. */
export function setNext(
  { next }: LayerFigures,
  shape: number,
  forms: readonly MemoryForm[],
  { memoryLimits, activations }: MemoryLimits,
): void {
  if (memoryLimits.length === 0) return;
  const classes = activations.length;
  for (let c = 0; c < classes; c++) {
    let mask = 0;
    for (let n = 0; n < classes; n++) {
      let fits = true;
      for (let m = 0; m < forms.length && fits; m++)
        fits = memoryOf(forms[m], activations[c], activations[n]) <= memoryLimits[m];
      if (fits) mask |= 1 << n;
    }
    next[shape * classes + c] = mask;
  }
}

/** An inner layer of a block, and what is counted with it. */
export interface ProbedLayer {
  readonly family: Family;
  readonly shape: LayerShape;
  /** Index of the block. */
  readonly block: number;
  /** Pixels of one side of its input. */
  readonly resolution: number;
  /** Whether it is the first of its block. */
  readonly first: boolean;
  /** Of its value. */
  readonly weight: number;
  /** Added to the weighted value. */
  readonly value: number;
  /** Outputs of a classifier behind it; 0 for none. */
  readonly classes: number;
}

/** Measures one inner layer with the program's own scorer and costs, so that no formula is written twice. */
export class LayerProbe {
  readonly #score: AnalyticScore;
  readonly #costs: readonly SumCost[];
  readonly #forms: LayerForms;
  readonly #network = new Network(MOST_CONVS + 1);
  readonly #blocks = new Float64Array(1);

  readonly #limits: MemoryLimits;

  constructor(score: AnalyticScore, sums: readonly SumCost[], peaks: readonly PeakCost[], limits: MemoryLimits) {
    this.#score = score;
    this.#costs = sums;
    this.#forms = new LayerForms(sums, peaks);
    this.#limits = limits;
  }

  fill(table: LayerFigures, at: number, layer: ProbedLayer): void {
    const { family, shape, block, resolution, first, weight, value, classes } = layer;
    const network = this.#network;
    beginNetwork(network, resolution);
    // At full precision a layer's value has no part of the bits'.
    appendLayer(network, family, { block, first }, shape, none);
    endStage(network);
    this.#forms.measure(network, 0);
    const { constants, slopes, memories } = this.#forms;
    for (let d = 0; d < this.#costs.length; d++) {
      table.base[d][at] = constants[d] + (this.#costs[d].ofClassifier?.(shape.out, classes) ?? 0);
      table.slope[d][at] = slopes[d];
    }
    setNext(table, at, memories, this.#limits);
    this.#score.blockValues(network, this.#blocks);
    table.value[at] = weight * this.#blocks[0] + value;
  }
}

const zeros = new Uint8Array(MOST_CONVS);
const none = { a: zeros, w: zeros, offset: 0 };
