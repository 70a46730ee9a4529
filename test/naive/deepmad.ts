import type { Structure } from "../../src/network/structure.ts";
import { naiveLayer } from "./families.ts";

/*
 * The slow, obvious score and effectiveness of DeepMAD, from their sentences on the interchange form.
 */

interface Stage {
  values: number[];
  depth: number;
  fanIns: number[];
  channels: number;
  side: number;
}

function stagesOf(structure: Structure, resolution: number, alpha1: number, alpha2: number): Stage[] {
  const stages: Stage[] = [];
  let side = resolution;
  structure.forEach((block, b) => {
    if (b === 0 || block.s === 2) stages.push({ values: [], depth: 0, fanIns: [], channels: 0, side: 0 });
    const stage = stages[stages.length - 1];
    side = Math.ceil(side / block.s);
    const { btn = block.out, out, k } = block;
    for (let layer = 0; layer < (block.L ?? 1); layer++) {
      const first = layer === 0;
      const { convs } = naiveLayer(block.class, { from: first ? block.in : out, btn, out, k, s: 1, first });
      for (const conv of convs) {
        stage.values.push((conv.depthwise ? 0 : (alpha1 / 2) * Math.log(conv.cin)) + alpha2 * Math.log(conv.k));
        stage.fanIns.push((conv.depthwise ? 1 : conv.cin) * conv.k ** 2);
      }
      stage.depth += convs.length;
    }
    stage.channels = out;
    stage.side = side;
  });
  return stages;
}

export function naiveDeepMad(
  structure: Structure,
  resolution: number,
  settings: { stageWeights: readonly number[]; alpha1: number; alpha2: number; depthPenalty: number },
): number {
  const { stageWeights, alpha1, alpha2, depthPenalty } = settings;
  const stages = stagesOf(structure, resolution, alpha1, alpha2);
  const terms = stages.map(({ channels, side }, i) => {
    const values = stages.slice(0, i + 1).flatMap((stage) => stage.values);
    return stageWeights[i] * values.reduce((x, y) => x + y, 0) * (Math.log(channels) + Math.log(side ** 2));
  });
  const supers = structure.filter((block) => block.class !== "ConvKXBNRELU");
  const without = supers.some((block) => block.class.endsWith("K1KXK1")) ? 2 : 1;
  const depths = supers.slice(without).map((block) => block.L!);
  const mean = depths.reduce((x, y) => x + y, 0) / Math.max(1, depths.length);
  const variance = depths.reduce((x, y) => x + (y - mean) ** 2, 0) / Math.max(1, depths.length);
  return terms.reduce((x, y) => x + y, 0) - depthPenalty * Math.exp(Math.sqrt(variance));
}

export function naiveEffectiveness(structure: Structure): number {
  const stages = stagesOf(structure, 1, 1, 1);
  return Math.max(
    ...stages.map((_, i) => {
      const until = stages.slice(0, i + 1);
      const depth = until.reduce((sum, stage) => sum + stage.depth, 0);
      const width = until.flatMap((stage) => stage.fanIns).reduce((sum, fanIn) => sum + Math.log(fanIn), 0);
      return depth / Math.exp(width / depth);
    }),
  );
}
