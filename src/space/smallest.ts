import { leastOf } from "../base/extremes.ts";
import { costs, emptyCosts, publishedForm } from "../costs/costs.ts";
import { liveForm, memoryOf } from "../costs/live-sram.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { MOST_CONVS } from "../network/families.ts";
import { appendLayer, beginNetwork, Network } from "../network/network.ts";
import { shrunkKernel } from "./genome.ts";
import type { Space, SpaceBlock } from "./space.ts";

/**
 * The smallest value of each cost, alone, that any network of the space has, in the order of `costNames`. Exact: every cost is a sum or
 * a maximum over the blocks, grows with resolution, depth, kernel, expansion and bits, and couples two blocks only by the width between them, so the
 * least over all rising widths is a shortest path.
 * @param classes outputs of the classifier counted into flash; 0 for none
 */
export function smallestCosts(space: Space, classes: number): Float64Array {
  const { blocks } = space;
  const resolution = space.options.resolutions[0];
  const step = space.options.widthStep;
  const network = new Network(MOST_CONVS + 1);
  const found = emptyCosts();
  /** reached[width units * 6 + cost]: the least over the networks up to here that end at this width. */
  let reached = new Float64Array(256 * 6).fill(Number.POSITIVE_INFINITY);
  reached.fill(0, 0, 6);
  blocks.forEach((block, b) => {
    const next = new Float64Array(256 * 6).fill(Number.POSITIVE_INFINITY);
    const r = space.inputResolution(block, resolution);
    const k = block.family.isSuper ? leastOf(space.options.kernels.map((kernel) => shrunkKernel(kernel, r))) : block.k;
    const a = leastBits(block, (pair) => pair >> 4);
    const w = leastBits(block, (pair) => pair & 15);
    const product = leastBits(block, (pair) => (pair >> 4) * (pair & 15), FULL_PRECISION_BITS ** 2);
    const behind = b + 1 < blocks.length ? leastBits(blocks[b + 1], (pair) => pair >> 4) : FULL_PRECISION_BITS;
    for (let out = block.minOut / step; out <= block.maxOut / step; out++) {
      let btn = out;
      if (block.family.isSuper) {
        btn = Number.POSITIVE_INFINITY;
        for (let e = 0; e < space.expansions; e++) btn = Math.min(btn, space.btnUnits[e * 256 + out]);
      }
      for (let from = b === 0 ? 0 : 1; from <= (b === 0 ? 0 : out); from++) {
        if (!Number.isFinite(reached[from * 6])) continue;
        const shape = {
          in: b === 0 ? space.inputChannels : from * step,
          btn: btn * step,
          out: out * step,
          k,
          s: block.s,
        };
        beginNetwork(network, r);
        const bits = new Array(block.family.convs.length).fill(w);
        appendLayer(network, block.family, b, shape, true, bits, bits, 0);
        const { bitops, macs, flash, layers } = costs(network, 0, found);
        const elementwise = bitops - w * w * macs;
        const additive = [elementwise + product * macs, macs, flash, 0, layers, 0];
        const published = memoryOf(publishedForm(network, 0), a, behind);
        const live = memoryOf(liveForm(network, 0), a, behind);
        for (let i = 0; i < 6; i++) {
          const before = reached[from * 6 + i];
          const value = i === 3 ? Math.max(before, published) : i === 5 ? Math.max(before, live) : before + additive[i];
          if (value < next[out * 6 + i]) next[out * 6 + i] = value;
        }
      }
    }
    reached = next;
  });
  const least = new Float64Array(6).fill(Number.POSITIVE_INFINITY);
  for (let out = 1; out < 256; out++) {
    for (let i = 0; i < 6; i++) {
      const classifier = i === 2 && classes > 0 ? classes * (out * step + 1) : 0;
      least[i] = Math.min(least[i], reached[out * 6 + i] + classifier);
    }
  }
  return least;
}

/** The least of a figure over a block's legal pairs; `fullPrecision` where it has none. */
function leastBits(block: SpaceBlock, figure: (pair: number) => number, fullPrecision = FULL_PRECISION_BITS): number {
  return block.bits.pairs.length === 0 ? fullPrecision : leastOf([...block.bits.pairs].map(figure));
}
