import {
  activationClasses,
  type Chain,
  type ChainBlock,
  pairFigures,
  withBindingBudgets,
} from "../bound/graph/chain.ts";
import { emptyLayerFigures, memoryCosts } from "../bound/graph/layer-figures.ts";
import { costNames, costs, emptyCosts, publishedForm } from "../costs/costs.ts";
import { liveForm } from "../costs/live-sram.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import type { Network } from "../network/network.ts";
import type { AnalyticScore } from "../score/analytic.ts";
import { layerLoad, layerWeights, setPairs } from "./layer-bits.ts";

/** What bits are chosen under: how they score, what they cost and may cost. */
export interface BitsProblem {
  readonly score: AnalyticScore;
  /** Outputs of the classifier counted into flash; 0 for none. */
  readonly classes: number;
  /** In the order of `costNames`, infinite where there is no budget. */
  readonly limits: Float64Array;
}

const memoryForms = { sram: publishedForm, sramLive: liveForm };

/**
 * The chain of a network whose widths are fixed: a block an inner layer, with the one shape that it has and its legal bit pairs. What does not
 * depend on bits is part of the first layer's figures.
 * @param network left at full precision
 * @param legal bit pairs (a << 4 | w) that a layer may take, 0 for full precision
 * @returns undefined where its MACs or its layers, which bits do not change, are over budget
 */
export function bitChain(
  network: Network,
  legal: (layer: number) => ArrayLike<number>,
  { score, classes, limits }: BitsProblem,
): Chain | undefined {
  const limitOf = (name: (typeof costNames)[number]) => limits[costNames.indexOf(name)];
  setPairs(network, new Uint8Array(network.layers));
  const fixed = costs(network, classes, emptyCosts());
  if (fixed.macs > limitOf("macs") || fixed.layers > limitOf("layers")) return undefined;
  const dimensions = (["bitops", "flash"] as const).filter((name) => Number.isFinite(limitOf(name)));
  const memories = memoryCosts.filter((name) => Number.isFinite(limitOf(name)));
  const pairs = Array.from({ length: network.layers }, (_, layer) =>
    Array.from(legal(layer), (pair) => ({ a: pair >> 4, w: pair & 15 })),
  );
  const activations = activationClasses(pairs.flat(), memories);
  const loads = pairs.map((_, layer) => layerLoad(network, layer));
  for (const { work, weights } of loads) {
    fixed.bitops -= work * FULL_PRECISION_BITS ** 2;
    fixed.flash -= (weights * FULL_PRECISION_BITS) / 8;
  }
  const worth = layerWeights(network, score.stageWeights);
  const blocks = loads.map(({ work, weights, mainConvs }, layer): ChainBlock => {
    const first = emptyLayerFigures(1, dimensions.length, memories.length);
    first.value[0] = layer === 0 ? score.score(network) : 0;
    dimensions.forEach((name, d) => {
      first.base[d][0] = layer === 0 ? fixed[name] : 0;
      first.slope[d][0] = name === "bitops" ? work : weights / 8;
    });
    memories.forEach((name, m) => {
      for (const [key, value] of Object.entries(memoryForms[name](network, layer)))
        first.memory[m][key as keyof ReturnType<typeof liveForm>][0] = value;
    });
    const gainOf = ({ a, w }: { a: number; w: number }) => worth[layer] * mainConvs * score.bitsGain(a, w);
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
