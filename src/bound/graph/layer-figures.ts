import { type PeakName, type SumCost, type SumName, sumCost } from "../../costs/cost-table.ts";
import { LayerForms } from "../../costs/layer-form.ts";
import type { MemoryForm } from "../../costs/memory-form.ts";
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

export function setMemory(
  columns: Readonly<Record<keyof MemoryForm, Float64Array>>,
  at: number,
  form: MemoryForm,
): void {
  columns.inner[at] = form.inner;
  columns.lastInput[at] = form.lastInput;
  columns.lastOutput[at] = form.lastOutput;
  columns.joinInput[at] = form.joinInput;
  columns.joinOutput[at] = form.joinOutput;
}

/** An inner layer of a block, and what is counted with it. */
export interface ProbedLayer {
  readonly family: Family;
  readonly shape: LayerShape;
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

  constructor(score: AnalyticScore, dimensions: readonly SumName[], memories: readonly PeakName[]) {
    this.#score = score;
    this.#costs = dimensions.map(sumCost);
    this.#forms = new LayerForms(dimensions, memories);
  }

  fill(table: LayerFigures, at: number, layer: ProbedLayer): void {
    const { family, shape, resolution, first, weight, value, classes } = layer;
    const network = this.#network;
    beginNetwork(network, resolution);
    // At full precision a layer's value has no part of the bits'.
    appendLayer(network, family, { block: 0, first }, shape, none);
    endStage(network);
    this.#forms.measure(network, 0);
    const { constants, slopes, memories } = this.#forms;
    for (let d = 0; d < this.#costs.length; d++) {
      table.base[d][at] = constants[d] + (this.#costs[d].ofClassifier?.(shape.out, classes) ?? 0);
      table.slope[d][at] = slopes[d];
    }
    for (let m = 0; m < memories.length; m++) setMemory(table.memory[m], at, memories[m]);
    this.#score.blockValues(network, this.#blocks);
    table.value[at] = weight * this.#blocks[0] + value;
  }
}

const zeros = new Uint8Array(MOST_CONVS);
const none = { a: zeros, w: zeros, offset: 0 };
