import { UserError } from "../base/user-error.ts";
import type { Network } from "../network/network.ts";
import { type CostName, costNames, costTable, type SumCost } from "./cost-table.ts";

/** What a network costs, by the table: an exact double each. */
export type Costs = Record<CostName, number>;

export function emptyCosts(): Costs {
  return Object.fromEntries(costNames.map((name) => [name, 0])) as Costs;
}

/** Whether no cost is above its limit; limits in the order of `costNames`. */
export function withinLimits(cost: Readonly<Costs>, limits: Float64Array): boolean {
  for (let i = 0; i < costNames.length; i++) if (!(cost[costNames[i]] <= limits[i])) return false;
  return true;
}

/**
 * Costs of a network.
 * @param classes outputs of an 8-bit classifier behind the network; 0 for none
 * @param out filled and returned
 * @throws UserError where `classes` is no whole number from 0 on
 */
export function costs(network: Network, classes: number, out: Costs): Costs {
  if (!Number.isSafeInteger(classes) || classes < 0) {
    throw new UserError(`classes: expected a whole number of outputs, 0 for no classifier, got ${classes}`);
  }
  for (const cost of costTable) {
    out[cost.name] = cost.kind === "sum" ? sumOf(cost, network, classes) : cost.ofNetwork(network);
  }
  return out;
}

function sumOf({ ofLayer, ofClassifier }: SumCost, network: Network, classes: number): number {
  let sum = 0;
  for (let layer = 0; layer < network.layers; layer++) sum += ofLayer(network, layer);
  return ofClassifier === undefined ? sum : sum + ofClassifier(network.outChannels[network.convs - 1], classes);
}
