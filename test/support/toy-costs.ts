import { addCost, type PeakCost, type SumCost } from "../../src/costs/cost-table.ts";
import { firstConv, type Network } from "../../src/network/network.ts";

/** Convs of a layer. */
function convsOf(network: Network, layer: number): number[] {
  const first = firstConv(network, layer);
  return Array.from({ length: network.layerEnd[layer] - first }, (_, i) => first + i);
}

const inputBits = (network: Network, conv: number) =>
  network.inResolution[conv] ** 2 * network.inChannels[conv] * (network.bitsA[conv] || 8);

/** Costs that are not of the program: a sum whose constant part is no two bytes a channel, and a peak. */
export const toySum: SumCost = {
  name: "toySum",
  title: "toy sum",
  unit: "bytes",
  column: "toy_sum",
  kind: "sum",
  factor: "w",
  ofLayer: (network, layer) =>
    convsOf(network, layer).reduce(
      (sum, conv) => sum + network.outChannels[conv] * (5 + network.kernel[conv] * (network.bitsW[conv] || 8)),
      100,
    ),
  ofClassifier: (channels, classes) => 3 * channels * classes,
};

export const toyPeak: PeakCost = {
  name: "toyPeak",
  title: "largest input",
  unit: "bytes",
  column: "toy_peak",
  kind: "peak",
  ofNetwork: (network) => Math.max(...Array.from({ length: network.convs }, (_, conv) => inputBits(network, conv))) / 8,
  form: (network, layer) => {
    const convs = convsOf(network, layer);
    const inner = Math.max(...convs.map((conv) => inputBits(network, conv) / 8 / (network.bitsA[conv] || 8)));
    return { terms: [{ perA: inner, perN: 0, constant: 0 }] };
  },
};

/** Adds both to the table; the returned function takes them away. */
export function addToyCosts(): () => void {
  const undo = [toySum, toyPeak].map(addCost);
  return () => {
    for (const remove of undo.reverse()) remove();
  };
}
