import type { MemoryForm } from "../memory/memory-form.ts";
import type { Deployment } from "../memory/runtime.ts";
import { MOST_CONVS } from "../network/families.ts";
import { firstConv, type Network } from "../network/network.ts";
import {
  bitFactor,
  type DeployedCost,
  type NamedPeak,
  type NamedSum,
  type PeakCost,
  type PeakName,
  peaksOf,
  type SumCost,
  type SumName,
  sumsOf,
} from "./cost-table.ts";

/** Bits at which sums are measured: any two at which what is stored differs, if it ever does. */
const FEW = 1;
const MANY = 8;

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
  /** Their factors at few bits, and what they grow by from there to many. */
  readonly #factors: Float64Array;
  readonly #growths: Float64Array;
  readonly #bitsA = new Uint8Array(MOST_CONVS + 1);
  readonly #bitsW = new Uint8Array(MOST_CONVS + 1);

  constructor(sums: readonly SumCost[], peaks: readonly PeakCost[]) {
    this.#sums = sums;
    this.#peaks = peaks;
    this.#factors = Float64Array.from(sums, (cost) => bitFactor(cost, FEW, FEW));
    this.#growths = Float64Array.from(sums, (cost) => bitFactor(cost, MANY, MANY) - bitFactor(cost, FEW, FEW));
    this.constants = new Float64Array(sums.length);
    this.slopes = new Float64Array(sums.length);
    this.memories = new Array(peaks.length);
  }

  /** Measures a layer; the network comes back as it was. Exact: sums are measured at few bits and at many, and the quotients have no rest. */
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
    const growths = this.#growths;
    setBits(network, first, end, MANY);
    for (let i = 0; i < sums.length; i++) if (growths[i] !== 0) slopes[i] = sums[i].ofLayer(network, layer);
    setBits(network, first, end, FEW);
    for (let i = 0; i < sums.length; i++) {
      constants[i] = sums[i].ofLayer(network, layer);
      if (growths[i] === 0) continue;
      slopes[i] = (slopes[i] - constants[i]) / growths[i];
      constants[i] -= slopes[i] * this.#factors[i];
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

interface SumForm {
  readonly constant: number;
  readonly slope: number;
}

/** Every cost of a layer as a form of its bits, by name; those of a deployment where there is one. */
export interface LayerForm {
  readonly sums: Readonly<Record<Exclude<SumName, DeployedCost>, SumForm> & Partial<Record<SumName, SumForm>>>;
  readonly peaks: Readonly<Record<Exclude<PeakName, "arena">, MemoryForm> & Partial<Record<PeakName, MemoryForm>>>;
}

/** The forms of one layer; `LayerForms` reads many. */
export function layerForm(network: Network, layer: number, deployment?: Deployment): LayerForm {
  const sums: readonly NamedSum[] = sumsOf(deployment);
  const peaks: readonly NamedPeak[] = peaksOf(deployment);
  const forms = new LayerForms(sums, peaks);
  forms.measure(network, layer);
  const { constants, slopes, memories } = forms;
  return {
    sums: Object.fromEntries(
      sums.map(({ name }, i) => [name, { constant: constants[i], slope: slopes[i] }]),
    ) as LayerForm["sums"],
    peaks: Object.fromEntries(peaks.map(({ name }, i) => [name, memories[i]])) as LayerForm["peaks"],
  };
}
