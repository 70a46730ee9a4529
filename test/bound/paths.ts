import type { BlockChoice } from "../../src/bound/graph/path.ts";
import type { SpaceChain } from "../../src/bound/graph/space-chain.ts";

/** Every path of a chain, the memory budgets aside: what the tables say that there is. */
export function allPaths({ blocks }: SpaceChain): BlockChoice[][] {
  let paths: BlockChoice[][] = [[]];
  for (const { ins, outs, variants, maxDepth, first, gain } of blocks) {
    const sequences = bitSequences(gain.length, maxDepth);
    paths = paths.flatMap((path) => {
      const from = path.length === 0 ? 0 : path[path.length - 1].out;
      const choices: BlockChoice[][] = [];
      for (let out = 0; out < outs.length; out++) {
        for (let variant = 0; variant < variants; variant++) {
          if (first.value[(from * outs.length + out) * variants + variant] === Number.NEGATIVE_INFINITY) continue;
          for (const pairs of sequences) choices.push([...path, { out, variant, pairs }]);
        }
      }
      if (from >= ins.length) throw new Error(`a width of ${from} where there are ${ins.length}`);
      return choices;
    });
  }
  return paths;
}

/** Every choice of 1 to `most` pairs. */
function bitSequences(pairs: number, most: number): number[][] {
  const all: number[][] = [];
  let level: number[][] = [[]];
  for (let n = 1; n <= most; n++) {
    level = level.flatMap((sequence) => Array.from({ length: pairs }, (_, p) => [...sequence, p]));
    all.push(...level);
  }
  return all;
}
