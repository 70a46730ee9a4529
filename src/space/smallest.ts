import { leastOf } from "../base/extremes.ts";
import { bitFactor, type Cost, type CostName, costsOf, peaksOf, sumsOf } from "../costs/cost-table.ts";
import { LayerForms } from "../costs/layer-form.ts";
import { END_BITS, memoryOf } from "../memory/memory-form.ts";
import type { Deployment } from "../memory/runtime.ts";
import { type BitPair, FULL_PRECISION_BITS } from "../network/bits.ts";
import { MOST_CONVS } from "../network/families.ts";
import { appendLayer, beginNetwork, Network } from "../network/network.ts";
import { shrunkKernel } from "./genome.ts";
import type { Space, SpaceBlock } from "./space.ts";

/**
 * The smallest value of each cost, alone, that any network of the space has, by name; of measured operators, which follow no rule, none. Exact: every other cost is a sum or
 * a maximum over the blocks, grows with resolution, depth, kernel, expansion and bits, and couples two blocks only by the width between them, so the
 * least over all rising widths is a shortest path.
 * @param classes outputs of the classifier counted into flash; 0 for none
 * @param deployment absent: without its costs
 */
export function smallestCosts(space: Space, classes: number, deployment?: Deployment): ReadonlyMap<CostName, number> {
  const { blocks } = space;
  const resolution = space.options.resolutions[0];
  const step = space.options.widthStep;
  const network = new Network(MOST_CONVS + 1);
  const table = costsOf(deployment).filter(rises);
  const sums = sumsOf(deployment).filter(rises);
  const count = table.length;
  const forms = new LayerForms(sums, peaksOf(deployment));
  /** reached[width units * count + cost]: the least over the networks up to here that end at this width. */
  let reached = new Float64Array(256 * count).fill(Number.POSITIVE_INFINITY);
  reached.fill(0, 0, count);
  blocks.forEach((block, b) => {
    const next = new Float64Array(256 * count).fill(Number.POSITIVE_INFINITY);
    const r = space.inputResolution(block, resolution);
    const k = block.family.isSuper ? leastOf(space.options.kernels.map((kernel) => shrunkKernel(kernel, r))) : block.k;
    const pairs = bitsOf(block);
    const a = leastOf(pairs.map((pair) => pair.a));
    const behind = b + 1 < blocks.length ? leastOf(bitsOf(blocks[b + 1]).map((pair) => pair.a)) : END_BITS;
    const factors = sums.map((cost) => leastOf(pairs.map((pair) => bitFactor(cost, pair.a, pair.w))));
    const zeros = new Uint8Array(block.family.convs.length);
    const unused = { a: zeros, w: zeros, offset: 0 };
    for (let out = block.minOut / step; out <= block.maxOut / step; out++) {
      let btn = out;
      if (block.family.isSuper) {
        btn = Number.POSITIVE_INFINITY;
        for (let e = 0; e < space.expansions; e++) btn = Math.min(btn, space.btnUnits[e * 256 + out]);
      }
      for (let from = b === 0 ? 0 : 1; from <= (b === 0 ? 0 : out); from++) {
        if (!Number.isFinite(reached[from * count])) continue;
        const shape = {
          in: b === 0 ? space.inputChannels : from * step,
          btn: btn * step,
          out: out * step,
          k,
          s: block.s,
        };
        beginNetwork(network, r);
        appendLayer(network, block.family, { block: b, first: true }, shape, unused);
        forms.measure(network, 0);
        let sum = 0;
        let peak = 0;
        for (let i = 0; i < count; i++) {
          const before = reached[from * count + i];
          let value: number;
          if (table[i].kind === "peak") value = Math.max(before, memoryOf(forms.memories[peak++], a, behind));
          else {
            value = before + forms.constants[sum] + forms.slopes[sum] * factors[sum];
            sum++;
          }
          if (value < next[out * count + i]) next[out * count + i] = value;
        }
      }
    }
    reached = next;
  });
  const least = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let out = 1; out < 256; out++) {
    table.forEach((cost, i) => {
      const classifier = (cost.kind === "sum" && cost.ofClassifier?.(out * step, classes)) || 0;
      least[i] = Math.min(least[i], reached[out * count + i] + classifier);
    });
  }
  return new Map(table.map(({ name }, i) => [name, least[i]]));
}

function rises(cost: Cost): boolean {
  return cost.kind === "peak" || cost.mayFall !== true;
}

/** A block's legal bits, as they are charged. */
function bitsOf({ bits }: SpaceBlock): readonly BitPair[] {
  if (bits.pairs.length === 0) return [{ a: FULL_PRECISION_BITS, w: FULL_PRECISION_BITS }];
  return [...bits.pairs].map((pair) => ({ a: pair >> 4, w: pair & 15 }));
}
