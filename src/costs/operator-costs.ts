import type { Deployment } from "../memory/runtime.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { firstConv, lastMainConvOf, type Network } from "../network/network.ts";
import { Shortcut } from "../network/shortcut.ts";
import type { Operator } from "../operators/operator.ts";
import type { OperatorFigures } from "../operators/operator-figures.ts";
import { modelled, type OperatorModel } from "../operators/operator-model.ts";
import type { OperatorTable } from "../operators/operator-table.ts";
import { OperatorTimes } from "../operators/operator-times.ts";
import type { SumCost } from "./cost-table.ts";

/** What convs take, by tables or models of operators. */
export interface Operators {
  /** Whether it is known of such a conv. */
  knows(operator: Operator): boolean;
  /** @throws Error where it is not known */
  of(operator: Operator, weightBits: number): number;
  /** What stands for weight bits; absent: they do not matter. */
  readonly weightFactors?: readonly number[];
}

/** Reading a table takes far longer than asking it, and costs are asked for by the million. */
const read = new WeakMap<OperatorFigures, Operators>();

export function operatorsOf(figures: OperatorFigures): Operators {
  let operators = read.get(figures);
  if (operators === undefined) {
    operators = "rows" in figures ? measured(figures) : fitted(figures);
    read.set(figures, operators);
  }
  return operators;
}

function measured(table: OperatorTable): Operators {
  const times = new OperatorTimes(table);
  return { knows: (operator) => times.knows(operator), of: (operator) => times.of(operator) };
}

function fitted(model: OperatorModel): Operators {
  const { weightBits } = model;
  return {
    knows: () => true,
    of(operator, bits) {
      const { base, byBits } = modelled(model, operator);
      return base + byBits * weightBits[bits];
    },
    weightFactors: weightBits,
  };
}

/** A conv of a layer as tables and models of operators know it. */
export function operatorOf(network: Network, layer: number, conv: number): Operator {
  return {
    depthwise: network.depthwise[conv] === 1,
    inChannels: network.inChannels[conv],
    side: network.inResolution[conv],
    outChannels: network.outChannels[conv],
    kernel: network.kernel[conv],
    stride: network.stride[conv],
    fused: network.shortcut[layer] !== Shortcut.none && conv === lastMainConvOf(network, layer),
  };
}

/** What a conv takes at its weight bits. */
export function operatorFigure(operators: Operators, network: Network, layer: number, conv: number): number {
  return operators.of(operatorOf(network, layer, conv), network.bitsW[conv] || FULL_PRECISION_BITS);
}

/** The two costs by tables or models of operators, those that there are: sums over all convs. */
export function operatorCosts({
  latency,
  energy,
}: Pick<Deployment, "latency" | "energy">): readonly (SumCost & { readonly name: "latency" | "energy" })[] {
  const cost = (name: "latency" | "energy", unit: "ms" | "mJ", figures: OperatorFigures | undefined) => {
    if (figures === undefined) return [];
    const operators = operatorsOf(figures);
    const { weightFactors } = operators;
    const byBits = weightFactors === undefined ? { factor: "none" as const } : { factor: "w" as const, weightFactors };
    const ofLayer = layerSum(operators);
    return [{ name, title: name, unit, kind: "sum" as const, ...byBits, mayFall: true, ofLayer }];
  };
  return [...cost("latency", "ms", latency), ...cost("energy", "mJ", energy)];
}

function layerSum(operators: Operators) {
  return (network: Network, layer: number): number => {
    let sum = 0;
    for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++)
      sum += operatorFigure(operators, network, layer, conv);
    return sum;
  };
}
