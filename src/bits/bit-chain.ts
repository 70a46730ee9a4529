import {
  activationClasses,
  bitsAtEnd,
  type Chain,
  type ChainBlock,
  chainTables,
  pairFigures,
  withLimits,
} from "../bound/graph/chain.ts";
import { emptyLayerFigures, setNext } from "../bound/graph/layer-figures.ts";
import { bitFactor, budgetNames, type CostName, peaksOf, sumsOf } from "../costs/cost-table.ts";
import { costs, emptyCosts } from "../costs/costs.ts";
import { layerForm } from "../costs/layer-form.ts";
import type { Deployment } from "../memory/runtime.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import type { Network } from "../network/network.ts";
import type { AnalyticScore } from "../score/analytic.ts";
import { layerWeights, setPairs } from "./layer-bits.ts";

/** What bits are chosen under: how they score, what they cost and may cost. */
export interface BitsProblem {
  readonly score: AnalyticScore;
  /** Outputs of the classifier counted into flash; 0 for none. */
  readonly classes: number;
  /** In the order of `budgetNames`, infinite where there is no budget. */
  readonly limits: Float64Array;
  /** Of as many classes; absent: the costs of a deployment have no budget. */
  readonly deployment?: Deployment | undefined;
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
  { score, classes, limits, deployment }: BitsProblem,
): Chain | undefined {
  const limitOf = (name: CostName) => limits[budgetNames.indexOf(name)] ?? Number.POSITIVE_INFINITY;
  setPairs(network, new Uint8Array(network.layers));
  const fixed = costs(network, classes, emptyCosts(), deployment);
  const limited = sumsOf(deployment).filter(({ name }) => Number.isFinite(limitOf(name)));
  if (limited.some(({ name, factor }) => factor === "none" && fixed[name]! > limitOf(name))) return undefined;
  const sums = limited.filter(({ factor }) => factor !== "none");
  const dimensions = sums.map(({ name }) => name);
  const memories = peaksOf(deployment)
    .map(({ name }) => name)
    .filter((name) => Number.isFinite(limitOf(name)));
  const memoryLimits = memories.map(limitOf);
  const pairs = Array.from({ length: network.layers }, (_, layer) =>
    Array.from(legal(layer), (pair) => ({ a: pair >> 4, w: pair & 15 })),
  );
  const end = bitsAtEnd(memories, deployment);
  const activations = activationClasses(pairs.flat(), memories, end);
  const forms = pairs.map((_, layer) => layerForm(network, layer, deployment));
  const base = sums.map((cost) => {
    const factor = bitFactor(cost, FULL_PRECISION_BITS, FULL_PRECISION_BITS);
    return forms.reduce((rest, form) => rest - form.sums[cost.name]!.slope * factor, fixed[cost.name]!);
  });
  const worth = layerWeights(network, score.stageWeights);
  const blocks = forms.map((form, layer): ChainBlock => {
    const first = emptyLayerFigures(1, dimensions.length, { memoryLimits, activations });
    first.value[0] = layer === 0 ? score.score(network) : 0;
    dimensions.forEach((name, d) => {
      first.base[d][0] = layer === 0 ? base[d] : 0;
      first.slope[d][0] = form.sums[name]!.slope;
    });
    setNext(
      first,
      0,
      memories.map((name) => form.peaks[name]!),
      { memoryLimits, activations },
    );
    const gainOf = ({ a, w }: { a: number; w: number }) =>
      worth[layer] * form.sums.layers.constant * score.bitsGain(a, w);
    return {
      ins: [0],
      outs: [0],
      variants: 1,
      maxDepth: 1,
      first,
      rest: emptyLayerFigures(1, dimensions.length, { memoryLimits, activations }),
      ...pairFigures(pairs[layer], gainOf, { sums, memories, activations }),
    };
  });
  const tables = chainTables({
    resolution: network.resolution,
    blocks,
    dimensions,
    memories,
    memoryLimits,
    activations,
    endClass: Math.max(0, activations.indexOf(end)),
  });
  return withLimits(tables, dimensions.map(limitOf));
}
