import type { Deployment } from "../memory/runtime.ts";
import { firstConv, lastMainConvOf, type Network } from "../network/network.ts";
import { Shortcut } from "../network/shortcut.ts";
import type { OperatorTable } from "../operators/operator-table.ts";
import { type Operator, OperatorTimes } from "../operators/operator-times.ts";
import type { SumCost } from "./cost-table.ts";

/** Reading a table takes far longer than asking it, and costs are asked for by the million. */
const read = new WeakMap<OperatorTable, OperatorTimes>();

export function timesOf(table: OperatorTable): OperatorTimes {
  let times = read.get(table);
  if (times === undefined) {
    times = new OperatorTimes(table);
    read.set(table, times);
  }
  return times;
}

/** A conv of a layer as a table of measured operators knows it. */
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

/** The two costs that are looked up in tables of measured operators, those that there are: sums over all convs, whatever their bits. */
export function operatorCosts({
  latency,
  energy,
}: Pick<Deployment, "latency" | "energy">): readonly (SumCost & { readonly name: "latency" | "energy" })[] {
  const cost = (name: "latency" | "energy", unit: "ms" | "mJ", table: OperatorTable | undefined) =>
    table === undefined
      ? []
      : [
          {
            name,
            title: name,
            unit,
            kind: "sum" as const,
            factor: "none" as const,
            mayFall: true,
            ofLayer: layerSum(timesOf(table)),
          },
        ];
  return [...cost("latency", "ms", latency), ...cost("energy", "mJ", energy)];
}

function layerSum(times: OperatorTimes) {
  return (network: Network, layer: number): number => {
    let sum = 0;
    for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++)
      sum += times.of(operatorOf(network, layer, conv));
    return sum;
  };
}
