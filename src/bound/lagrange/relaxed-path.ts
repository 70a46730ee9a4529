import { bestFollowing, mayFollow } from "../graph/memory-rule.ts";
import type { BlockChoice } from "../graph/path.ts";
import { bestPair } from "./reduced-values.ts";
import type { Relaxation } from "./relaxation.ts";

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
        const sum = first[s * classes + c] + bestFollowing(chain, table, s * classes + c, tail, (s % perIn) * classes);
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
    for (let n = 1; n < block.maxDepth; n++) {
      const before = levels[n - 1];
      levels.push(
        Float64Array.from(
          ends,
          (_, c) => rest[r * classes + c] + bestFollowing(chain, restTable, r * classes + c, before, 0),
        ),
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
