import type { MemoryForm } from "../memory/memory-form.ts";
import { type Deployment, withRuntime } from "../memory/runtime.ts";
import type { Network } from "../network/network.ts";
import { deployedCosts } from "./deployed-costs.ts";
import { formOf } from "./five-constants.ts";
import { layerBitops, layerFlash, layerMacs, layerMainConvs } from "./layer-sums.ts";
import { liveForm, sramLive } from "./live-sram.ts";
import { operatorCosts } from "./operator-costs.ts";
import { publishedForm, publishedSram } from "./published-sram.ts";

interface CostRow {
  readonly name: string;
  /** Heading of its column in tables for a person. */
  readonly title: string;
  readonly unit: "BitOps" | "MACs" | "bytes" | "layers" | "ms" | "mJ";
  /** Column of its figures in an archive; none where they follow from a run's configuration and are not kept. */
  readonly column?: string;
}

/** A cost that is a sum over the layers; of a layer whose convs share their bits it is constant + slope * its factor of these. */
export interface SumCost extends CostRow {
  readonly kind: "sum";
  /** What it grows with: the product of activation and weight bits, the weight bits, or no bits. */
  readonly factor: "a w" | "w" | "none";
  /** What stands for each number of weight bits, such as the bits at which they are stored, where that is not the number itself; of 1 bit not what it is of 8, unless it is the same for all. */
  readonly weightFactors?: ArrayLike<number>;
  /** What one layer adds. It may not fall with a width, a kernel, the resolution or the bits, unless `mayFall` says so. */
  readonly ofLayer: (network: Network, layer: number) => number;
  /** Measured figures do as they like. */
  readonly mayFall?: boolean;
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
    form: (network, layer) => formOf(publishedForm(network, layer)),
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
    form: (network, layer) => formOf(liveForm(network, layer)),
  },
] as const satisfies readonly Cost[];

type Published = (typeof published)[number];
/** What every network costs; what it costs where a runtime deploys it; what measured operators say. */
export type OwnCost = Published["name"];
export type RuntimeCost = "flashDeployed" | "arena";
export type OperatorCost = "latency" | "energy";
export type DeployedCost = RuntimeCost | OperatorCost;
export type CostName = OwnCost | DeployedCost;
export type SumName = Extract<Published, { kind: "sum" }>["name"] | "flashDeployed" | OperatorCost;
export type PeakName = Extract<Published, { kind: "peak" }>["name"] | "arena";
export type NamedSum = SumCost & { readonly name: SumName };
export type NamedPeak = PeakCost & { readonly name: PeakName };

const rows: (Cost & { readonly name: OwnCost })[] = [...published];
const names: OwnCost[] = rows.map(({ name }) => name);
const budgets: CostName[] = [...names, "flashDeployed", "arena", "latency", "energy"];

/**
 * Every cost of a network alone. Its position is the index of its figure among a candidate's, and its place among an archive's columns: a new row goes
 * to the end.
 */
export const costTable: readonly (Cost & { readonly name: OwnCost })[] = rows;
/** The names, in the order of the table. */
export const costNames: readonly OwnCost[] = names;
/** What can have a budget, and the order of limits: the table's names, then those of a deployment. */
export const budgetNames: readonly CostName[] = budgets;

/** The costs that are sums, with those of a deployment, if there is one, at the end. */
export function sumsOf(deployment: Deployment | undefined): readonly NamedSum[] {
  return costsOf(deployment).filter((row): row is NamedSum => row.kind === "sum");
}

/** As `sumsOf`, those that are peaks. */
export function peaksOf(deployment: Deployment | undefined): readonly NamedPeak[] {
  return costsOf(deployment).filter((row): row is NamedPeak => row.kind === "peak");
}

/** Every cost that a network has where it is deployed so, in the order of `budgetNames`, which has more. */
export function costsOf(deployment: Deployment | undefined): readonly (Cost & { readonly name: CostName })[] {
  if (deployment === undefined) return rows;
  const deployed = withRuntime(deployment);
  return [...rows, ...(deployed === undefined ? [] : deployedCosts(deployed)), ...operatorCosts(deployment)];
}

/** What a sum grows with, at a layer's activation and weight bits. */
export function bitFactor(
  { factor, weightFactors }: Pick<SumCost, "factor" | "weightFactors">,
  a: number,
  w: number,
): number {
  const stored = weightFactors === undefined ? w : weightFactors[w];
  return factor === "a w" ? a * stored : factor === "w" ? stored : 0;
}

/**
 * Adds a row to the table of this thread, to what is opened from then on.
 * @returns takes it away again
 * @throws Error where a name or a column is there already
 */
export function addCost(cost: Cost): () => void {
  if (budgets.some((name) => name === cost.name) || rows.some(({ column }) => column === cost.column)) {
    throw new Error(`cost ${cost.name}: its name or its column is there already`);
  }
  const row = cost as Cost & { readonly name: OwnCost };
  budgets.splice(rows.length, 0, row.name);
  rows.push(row);
  names.push(row.name);
  return () => {
    const remove = <T>(list: T[], entry: T) => list.splice(list.indexOf(entry), 1);
    remove(rows, row);
    remove(names, row.name);
    remove(budgets, row.name);
  };
}
