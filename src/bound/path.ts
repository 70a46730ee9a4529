import type { Block, Structure } from "../structure.ts";
import type { Chain } from "./chain.ts";
import { bestFollowing, mayFollow } from "./memory-rule.ts";
import { bestPair } from "./reduced-values.ts";
import type { Relaxation } from "./relaxation.ts";

/** The part of a path inside one block. */
export interface BlockChoice {
  /** Index into `outs`. */
  readonly out: number;
  readonly variant: number;
  /** Bit pair of every inner layer, in order. */
  readonly pairs: readonly number[];
}

/** The space's network of a path, in the interchange form. */
export function structureOfPath(chain: Chain, path: readonly BlockChoice[]): Structure {
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

/** The path of the bound at the last multipliers; undefined where there is none. */
export function relaxedPath(relaxation: Relaxation): BlockChoice[] | undefined {
  const { chain } = relaxation;
  if (relaxation.bound === Number.NEGATIVE_INFINITY) return undefined;
  const classes = chain.activations.length;
  const path: BlockChoice[] = [];
  let channels = 0;
  let allowed = (_: number) => true;
  chain.blocks.forEach((block, b) => {
    const { outs, variants, first: table, rest: restTable } = block;
    const { open, first, rest, tail } = relaxation.blocks[b];
    const perIn = outs.length * variants;
    let best = Number.NEGATIVE_INFINITY;
    let shape = -1;
    let bits = -1;
    for (const s of open) {
      if (Math.floor(s / perIn) !== channels) continue;
      for (let c = 0; c < classes; c++) {
        if (!allowed(c)) continue;
        const sum = first[s * classes + c] + bestFollowing(chain, table, s, c, tail, (s % perIn) * classes);
        if (sum > best) [best, shape, bits] = [sum, s, c];
      }
    }
    const r = shape % perIn;
    channels = Math.floor(r / variants);
    const pairs = [bestPair(block, table, shape, bits, relaxation.multipliers)];
    const from = [shape, bits];
    allowed = (c) => mayFollow(chain, table, from[0], from[1], c);
    // Best continuation with at most n more layers of shape r, by the class of the first of them.
    const ends = relaxation.suffix[b + 1].subarray(channels * classes, (channels + 1) * classes);
    const levels = [ends];
    for (let n = 1; n < block.description.maxDepth; n++) {
      const before = levels[n - 1];
      levels.push(
        Float64Array.from(ends, (_, c) => rest[r * classes + c] + bestFollowing(chain, restTable, r, c, before, 0)),
      );
    }
    const bestOf = (n: number) =>
      levels[n].reduce((m, x, c) => (allowed(c) ? Math.max(m, x) : m), Number.NEGATIVE_INFINITY);
    let n = 0;
    for (let m = 1; m < levels.length; m++) if (bestOf(m) > bestOf(n)) n = m;
    for (; n > 0; n--) {
      const target = bestOf(n);
      const c = levels[n].findIndex((x, k) => allowed(k) && x === target);
      pairs.push(bestPair(block, restTable, r, c, relaxation.multipliers));
      allowed = (k) => mayFollow(chain, restTable, r, c, k);
    }
    path.push({ out: channels, variant: r % variants, pairs });
  });
  return path;
}
