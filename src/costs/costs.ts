import { UserError } from "../base/user-error.ts";
import type { Deployment } from "../memory/runtime.ts";
import type { Network } from "../network/network.ts";
import {
  budgetNames,
  type Cost,
  type CostName,
  costNames,
  costsOf,
  type DeployedCost,
  type OwnCost,
  type SumCost,
} from "./cost-table.ts";

/** What a network costs, by the table, and, where a runtime deploys it, by that: an exact double each. */
export type Costs = Record<OwnCost, number> & Partial<Record<DeployedCost, number>>;

export function emptyCosts(): Costs {
  return Object.fromEntries(costNames.map((name) => [name, 0])) as Costs;
}

/**
 * The costs that are above their limits, in the order of `budgetNames`, as the limits are; one that has a limit and was not computed is.
 * @param limits infinite where there is none
 */
export function overLimits(cost: Readonly<Costs>, limits: ArrayLike<number>): CostName[] {
  return budgetNames.filter((name, i) => {
    const limit = limits[i] ?? Number.POSITIVE_INFINITY;
    const figure = cost[name];
    return figure === undefined ? limit !== Number.POSITIVE_INFINITY : !(figure <= limit);
  });
}

/** Whether no cost is above its limit; limits in the order of `budgetNames`. */
export function withinLimits(cost: Readonly<Costs>, limits: ArrayLike<number>): boolean {
  return overLimits(cost, limits).length === 0;
}

/**
 * Costs of a network.
 * @param classes outputs of an 8-bit classifier behind the network; 0 for none
 * @param out filled and returned
 * @param deployment of as many classes; absent: the network alone
 * @throws UserError where `classes` is no whole number from 0 on
 */
export function costs(network: Network, classes: number, out: Costs, deployment?: Deployment): Costs {
  if (!Number.isSafeInteger(classes) || classes < 0) {
    throw new UserError(`classes: expected a whole number of outputs, 0 for no classifier, got ${classes}`);
  }
  for (const cost of costsOf(deployment)) out[cost.name] = costOf(cost, network, classes);
  return out;
}

function costOf(cost: Cost, network: Network, classes: number): number {
  return cost.kind === "sum" ? sumOf(cost, network, classes) : cost.ofNetwork(network);
}

function sumOf({ ofLayer, ofClassifier }: SumCost, network: Network, classes: number): number {
  let sum = 0;
  for (let layer = 0; layer < network.layers; layer++) sum += ofLayer(network, layer);
  return ofClassifier === undefined ? sum : sum + ofClassifier(network.outChannels[network.convs - 1], classes);
}
