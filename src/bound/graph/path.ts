import type { Block, Structure } from "../../network/structure.ts";
import type { Chain } from "./chain.ts";
import type { SpaceChain } from "./space-chain.ts";

/** The part of a path inside one block. */
export interface BlockChoice {
  /** Index into `outs`. */
  readonly out: number;
  readonly variant: number;
  /** Bit pair of every inner layer, in order. */
  readonly pairs: readonly number[];
}

/** The space's network of a path, in the interchange form. */
export function structureOfPath(chain: SpaceChain, path: readonly BlockChoice[]): Structure {
  let channels = chain.space.inputChannels;
  return path.map((choice, b): Block => {
    const { description, outs, shapes, variants } = chain.blocks[b];
    const { className, innerClass, isSuper, convs } = description.family;
    const out = outs[choice.out];
    const from = channels;
    channels = out;
    const { k, btn } = shapes[choice.out * variants + choice.variant]!;
    const pairs = choice.pairs.map((p) => description.pairs[p]);
    const full = pairs[0].a === 0;
    const common = { class: className, in: from, out, k, s: description.s };
    if (!isSuper) return full ? common : { ...common, nbitsA: pairs[0].a, nbitsW: pairs[0].w };
    const bits = full
      ? {}
      : {
          nbitsA: pairs.flatMap((pair) => convs.map(() => pair.a)),
          nbitsW: pairs.flatMap((pair) => convs.map(() => pair.w)),
        };
    return {
      ...common,
      L: pairs.length,
      btn,
      ...bits,
      ...(innerClass === undefined ? {} : { inner_class: innerClass }),
    };
  });
}

/** Score and additive costs of a path, from the chain's tables. */
export function measurePath(chain: Chain, path: readonly BlockChoice[]): { value: number; costs: number[] } {
  let value = 0;
  const costs = chain.limits.map(() => 0);
  let channels = 0;
  path.forEach(({ out, variant, pairs }, b) => {
    const block = chain.blocks[b];
    const perIn = block.outs.length * block.variants;
    const rest = out * block.variants + variant;
    pairs.forEach((p, layer) => {
      const table = layer === 0 ? block.first : block.rest;
      const s = layer === 0 ? channels * perIn + rest : rest;
      value += table.value[s] + block.gain[p];
      for (let d = 0; d < costs.length; d++) costs[d] += table.base[d][s] + table.slope[d][s] * block.factor[d][p];
    });
    channels = out;
  });
  return { value, costs };
}
