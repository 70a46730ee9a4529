import { MOST_CONVS } from "../network/families.ts";
import { firstConv, type Network } from "../network/network.ts";
import {
  bitFactor,
  type PeakCost,
  type PeakName,
  peakCost,
  peakCosts,
  type SumCost,
  type SumName,
  sumCost,
  sumCosts,
} from "./cost-table.ts";
import type { MemoryForm } from "./memory-form.ts";

/**
 * Takes inner layers apart into forms of their bits, by the folds of the cost table: the one place where that is done. A sum is
 * constant + slope * `bitFactor` of the bits that the layer's convs share, a peak a form of the activation bits and the next layer's.
 */
export class LayerForms {
  /** Of the sums asked for, in their order. */
  readonly constants: Float64Array;
  readonly slopes: Float64Array;
  /** Of the peaks asked for, in their order. */
  readonly memories: MemoryForm[];
  readonly #sums: readonly SumCost[];
  readonly #peaks: readonly PeakCost[];
  /** What their factors grow by from 1 bit to 2. */
  readonly #factors: Float64Array;
  readonly #bitsA = new Uint8Array(MOST_CONVS + 1);
  readonly #bitsW = new Uint8Array(MOST_CONVS + 1);

  constructor(sums: readonly SumName[], peaks: readonly PeakName[]) {
    this.#sums = sums.map(sumCost);
    this.#peaks = peaks.map(peakCost);
    this.#factors = Float64Array.from(this.#sums, (cost) => bitFactor(cost, 2, 2) - bitFactor(cost, 1, 1));
    this.constants = new Float64Array(sums.length);
    this.slopes = new Float64Array(sums.length);
    this.memories = new Array(peaks.length);
  }

  /** Measures a layer; the network comes back as it was. Exact: sums are measured at 1 bit and at 2. */
  measure(network: Network, layer: number): void {
    const { constants, slopes, memories } = this;
    const { bitsA, bitsW } = network;
    const first = firstConv(network, layer);
    const end = network.layerEnd[layer];
    for (let conv = first; conv < end; conv++) {
      this.#bitsA[conv - first] = bitsA[conv];
      this.#bitsW[conv - first] = bitsW[conv];
    }
    const sums = this.#sums;
    const peaks = this.#peaks;
    const factors = this.#factors;
    setBits(network, first, end, 2);
    for (let i = 0; i < sums.length; i++) if (factors[i] !== 0) slopes[i] = sums[i].ofLayer(network, layer);
    setBits(network, first, end, 1);
    for (let i = 0; i < sums.length; i++) {
      constants[i] = sums[i].ofLayer(network, layer);
      if (factors[i] === 0) continue;
      slopes[i] = (slopes[i] - constants[i]) / factors[i];
      // At 1 bit every factor is 1.
      constants[i] -= slopes[i];
    }
    for (let i = 0; i < peaks.length; i++) memories[i] = peaks[i].form(network, layer);
    for (let conv = first; conv < end; conv++) {
      bitsA[conv] = this.#bitsA[conv - first];
      bitsW[conv] = this.#bitsW[conv - first];
    }
  }
}

function setBits({ bitsA, bitsW }: Network, first: number, end: number, bits: number): void {
  for (let conv = first; conv < end; conv++) {
    bitsA[conv] = bits;
    bitsW[conv] = bits;
  }
}

/** Every cost of a layer as a form of its bits, by name. */
export interface LayerForm {
  readonly sums: Readonly<Record<SumName, { readonly constant: number; readonly slope: number }>>;
  readonly peaks: Readonly<Record<PeakName, MemoryForm>>;
}

/** The forms of one layer; `LayerForms` reads many. */
export function layerForm(network: Network, layer: number): LayerForm {
  const sums = sumCosts.map(({ name }) => name);
  const peaks = peakCosts.map(({ name }) => name);
  const forms = new LayerForms(sums, peaks);
  forms.measure(network, layer);
  const { constants, slopes, memories } = forms;
  return {
    sums: Object.fromEntries(
      sums.map((name, i) => [name, { constant: constants[i], slope: slopes[i] }]),
    ) as LayerForm["sums"],
    peaks: Object.fromEntries(peaks.map((name, i) => [name, memories[i]])) as LayerForm["peaks"],
  };
}
