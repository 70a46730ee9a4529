import {
  activationClasses,
  type Chain,
  type ChainBlock,
  pairFigures,
  withBindingBudgets,
} from "../bound/graph/chain.ts";
import { emptyLayerFigures, setMemory } from "../bound/graph/layer-figures.ts";
import { bitFactor, type CostName, costNames, peakCosts, sumCost, sumCosts } from "../costs/cost-table.ts";
import { costs, emptyCosts } from "../costs/costs.ts";
import { layerForm } from "../costs/layer-form.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import type { Network } from "../network/network.ts";
import type { AnalyticScore } from "../score/analytic.ts";
import { layerWeights, setPairs } from "./layer-bits.ts";

/** What bits are chosen under: how they score, what they cost and may cost. */
export interface BitsProblem {
  readonly score: AnalyticScore;
  /** Outputs of the classifier counted into flash; 0 for none. */
  readonly classes: number;
  /** In the order of `costNames`, infinite where there is no budget. */
  readonly limits: Float64Array;
}

/**
 * The chain of a network whose widths are fixed: a block an inner layer, with the one shape that it has and its legal bit pairs. What does not
 * depend on bits is part of the first layer's figures.
 * @param network left at full precision
 * @param legal bit pairs (a << 4 | w) that a layer may take, 0 for full precision
 * @returns undefined where a cost that bits do not change is over budget
 */
export function bitChain(
  network: Network,
  legal: (layer: number) => ArrayLike<number>,
  { score, classes, limits }: BitsProblem,
): Chain | undefined {
  const limitOf = (name: CostName) => limits[costNames.indexOf(name)];
  setPairs(network, new Uint8Array(network.layers));
  const fixed = costs(network, classes, emptyCosts());
  if (sumCosts.some(({ name, factor }) => factor === "none" && fixed[name] > limitOf(name))) return undefined;
  const dimensions = sumCosts
    .filter(({ name, factor }) => factor !== "none" && Number.isFinite(limitOf(name)))
    .map(({ name }) => name);
  const memories = peakCosts.map(({ name }) => name).filter((name) => Number.isFinite(limitOf(name)));
  const pairs = Array.from({ length: network.layers }, (_, layer) =>
    Array.from(legal(layer), (pair) => ({ a: pair >> 4, w: pair & 15 })),
  );
  const activations = activationClasses(pairs.flat(), memories);
  const forms = pairs.map((_, layer) => layerForm(network, layer));
  for (const name of dimensions) {
    const factor = bitFactor(sumCost(name), FULL_PRECISION_BITS, FULL_PRECISION_BITS);
    for (const { sums } of forms) fixed[name] -= sums[name].slope * factor;
  }
  const worth = layerWeights(network, score.stageWeights);
  const blocks = forms.map(({ sums, peaks }, layer): ChainBlock => {
    const first = emptyLayerFigures(1, dimensions.length, memories.length);
    first.value[0] = layer === 0 ? score.score(network) : 0;
    dimensions.forEach((name, d) => {
      first.base[d][0] = layer === 0 ? fixed[name] : 0;
      first.slope[d][0] = sums[name].slope;
    });
    memories.forEach((name, m) => {
      setMemory(first.memory[m], 0, peaks[name]);
    });
    const gainOf = ({ a, w }: { a: number; w: number }) => worth[layer] * sums.layers.constant * score.bitsGain(a, w);
    return {
      ins: [0],
      outs: [0],
      variants: 1,
      maxDepth: 1,
      first,
      rest: emptyLayerFigures(1, dimensions.length, memories.length),
      ...pairFigures(pairs[layer], gainOf, { dimensions, memories, activations }),
    };
  });
  return withBindingBudgets({
    resolution: network.resolution,
    blocks,
    dimensions,
    limits: dimensions.map(limitOf),
    memories,
    memoryLimits: memories.map(limitOf),
    activations,
  });
}
