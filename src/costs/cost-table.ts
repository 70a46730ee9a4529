import type { Network } from "../network/network.ts";
import { layerBitops, layerFlash, layerMacs, layerMainConvs } from "./layer-sums.ts";
import { liveForm, sramLive } from "./live-sram.ts";
import type { MemoryForm } from "./memory-form.ts";
import { publishedForm, publishedSram } from "./published-sram.ts";

interface CostRow {
  readonly name: string;
  /** Heading of its column in tables for a person. */
  readonly title: string;
  readonly unit: "BitOps" | "MACs" | "bytes" | "layers";
  /** Column of its figures in an archive. */
  readonly column: string;
}

/** A cost that is a sum over the layers; of a layer whose convs share their bits it is constant + slope * its factor of these. */
export interface SumCost extends CostRow {
  readonly kind: "sum";
  /** What it grows with: the product of activation and weight bits, the weight bits, or no bits. */
  readonly factor: "a w" | "w" | "none";
  /** What one layer adds. It may not fall with a width, a kernel, the resolution or the bits. */
  readonly ofLayer: (network: Network, layer: number) => number;
  /** What a classifier of some outputs adds behind a width, 0 for no outputs; absent: nothing. A line in the width. */
  readonly ofClassifier?: (channels: number, classes: number) => number;
}

/** A cost that is the greatest over the layers. */
export interface PeakCost extends CostRow {
  readonly kind: "peak";
  readonly ofNetwork: (network: Network) => number;
  /** Of one layer whose convs share their bits. */
  readonly form: (network: Network, layer: number) => MemoryForm;
}

export type Cost = SumCost | PeakCost;

const published = [
  {
    name: "bitops",
    title: "BitOps",
    unit: "BitOps",
    column: "bitops",
    kind: "sum",
    factor: "a w",
    ofLayer: layerBitops,
  },
  { name: "macs", title: "MACs", unit: "MACs", column: "macs", kind: "sum", factor: "none", ofLayer: layerMacs },
  {
    name: "flash",
    title: "flash",
    unit: "bytes",
    column: "flash",
    kind: "sum",
    factor: "w",
    ofLayer: layerFlash,
    // At 8 bits, with a bias each.
    ofClassifier: (channels, classes) => channels * classes + classes,
  },
  {
    name: "sram",
    title: "SRAM",
    unit: "bytes",
    column: "sram",
    kind: "peak",
    ofNetwork: publishedSram,
    form: publishedForm,
  },
  {
    name: "layers",
    title: "layers",
    unit: "layers",
    column: "layers",
    kind: "sum",
    factor: "none",
    ofLayer: layerMainConvs,
  },
  {
    name: "sramLive",
    title: "live SRAM",
    unit: "bytes",
    column: "sram_live",
    kind: "peak",
    ofNetwork: sramLive,
    form: liveForm,
  },
] as const satisfies readonly Cost[];

type Published = (typeof published)[number];
export type CostName = Published["name"];
export type SumName = Extract<Published, { kind: "sum" }>["name"];
export type PeakName = Extract<Published, { kind: "peak" }>["name"];

const rows: (Cost & { readonly name: CostName })[] = [...published];
const names: CostName[] = rows.map(({ name }) => name);
const sums = rows.filter(isSum);
const peaks = rows.filter(isPeak);

/**
 * Every cost. Its position is the index of its budget among limits and of its figure among a candidate's, and its place among an archive's
 * columns: a new row goes to the end.
 */
export const costTable: readonly (Cost & { readonly name: CostName })[] = rows;
/** The names, in the order of the table. */
export const costNames: readonly CostName[] = names;

/** The sums and the peaks among them, in the order of the table. */
export const sumCosts: readonly (SumCost & { readonly name: SumName })[] = sums;
export const peakCosts: readonly (PeakCost & { readonly name: PeakName })[] = peaks;

function isSum(row: Cost): row is SumCost & { readonly name: SumName } {
  return row.kind === "sum";
}

function isPeak(row: Cost): row is PeakCost & { readonly name: PeakName } {
  return row.kind === "peak";
}

export function sumCost(name: SumName): SumCost {
  return sums.find((cost) => cost.name === name)!;
}

export function peakCost(name: PeakName): PeakCost {
  return peaks.find((cost) => cost.name === name)!;
}

/** What a sum grows with, at a layer's activation and weight bits. */
export function bitFactor({ factor }: Pick<SumCost, "factor">, a: number, w: number): number {
  return factor === "a w" ? a * w : factor === "w" ? w : 0;
}

/**
 * Adds a row to the table of this thread, to what is opened from then on.
 * @returns takes it away again
 * @throws Error where a name or a column is there already
 */
export function addCost(cost: Cost): () => void {
  if (rows.some(({ name, column }) => name === cost.name || column === cost.column)) {
    throw new Error(`cost ${cost.name}: its name or its column is there already`);
  }
  const row = cost as Cost & { readonly name: CostName };
  rows.push(row);
  names.push(row.name);
  if (isSum(row)) sums.push(row);
  if (isPeak(row)) peaks.push(row);
  return () => {
    const remove = <T>(list: T[], entry: T) => list.splice(list.indexOf(entry), 1);
    remove(rows, row);
    remove(names, row.name);
    if (isSum(row)) remove(sums, row);
    if (isPeak(row)) remove(peaks, row);
  };
}
