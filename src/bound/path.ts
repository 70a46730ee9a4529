import type { BlockChoice, Chain } from "./chain.ts";

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
