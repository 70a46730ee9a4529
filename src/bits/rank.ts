import { layerForm } from "../costs/layer-form.ts";
import { memoryOf } from "../memory/memory-form.ts";
import { type BitSteps, FULL_PRECISION_BITS } from "../network/bits.ts";
import type { Network } from "../network/network.ts";
import type { AnalyticScore } from "../score/analytic.ts";
import { layerWeights, pairOf } from "./layer-bits.ts";

/** One step of one layer's bits to the next legal pair, and what it does to the network. */
export interface BitMove {
  readonly layer: number;
  /** Index of the block in the structure, and of the inner layer in the block. */
  readonly block: number;
  readonly inner: number;
  readonly up: boolean;
  /** Bit pairs a << 4 | w. */
  readonly from: number;
  readonly to: number;
  /** Score gained, and bytes and BitOps spent; all negative for a step down. */
  readonly score: number;
  readonly flash: number;
  /** Of live SRAM at the steps that hold the layer's input, whether or not they are the network's peak. */
  readonly sram: number;
  readonly bitops: number;
}

/** Resources that bits are paid with, and the unit that ranks are given in. */
export const resources = [
  { name: "flash", unit: "KiB", size: 1024 },
  { name: "sram", unit: "KiB", size: 1024 },
  { name: "bitops", unit: "MBitOp", size: 1e6 },
] as const;
export type Resource = (typeof resources)[number]["name"];

/**
 * Every step of every layer's activation or weight bits to the next legal pair, in the order of the layers; a layer whose bits are not
 * legal steps to the nearest that are.
 * @param steps the legal pairs of a layer
 */
export function bitMoves(network: Network, steps: (layer: number) => BitSteps, score: AnalyticScore): BitMove[] {
  const own = Uint8Array.from({ length: network.layers }, (_, layer) => pairOf(network, layer));
  const forms = Array.from(own, (_, layer) => layerForm(network, layer));
  const worth = layerWeights(network, score.stageWeights);
  const a = (layer: number) => (layer < own.length ? own[layer] >> 4 : 0) || FULL_PRECISION_BITS;
  /** Live bytes at the steps that hold the layer's input, with `bits` for it. */
  const memory = (layer: number, bits: number) =>
    Math.max(
      memoryOf(forms[layer].peaks.sramLive, bits, a(layer + 1)),
      layer === 0 ? 0 : memoryOf(forms[layer - 1].peaks.sramLive, a(layer - 1), bits),
    );
  const moves: BitMove[] = [];
  let inner = 0;
  for (let layer = 0; layer < network.layers; layer++) {
    const block = network.block[layer];
    inner = layer > 0 && network.block[layer - 1] === block ? inner + 1 : 0;
    const from = own[layer];
    const { bitops, flash, layers } = forms[layer].sums;
    const seen = new Set([from]);
    for (let kind = 0; kind < 4; kind++) {
      const to = steps(layer).step(from, kind);
      if (from === 0 || seen.has(to)) continue;
      seen.add(to);
      const [a0, w0, a1, w1] = [from >> 4, from & 15, to >> 4, to & 15];
      moves.push({
        layer,
        block,
        inner,
        up: kind % 2 === 1,
        from,
        to,
        score: worth[layer] * layers.constant * (score.bitsGain(a1, w1) - score.bitsGain(a0, w0)),
        flash: flash.slope * (w1 - w0),
        sram: memory(layer, a1) - memory(layer, a0),
        bitops: bitops.slope * (a1 * w1 - a0 * w0),
      });
    }
  }
  return moves;
}

/** Score per unit of a resource; undefined where the step does not change it. */
export function perUnit(move: BitMove, resource: Resource): number | undefined {
  const { size } = resources.find(({ name }) => name === resource)!;
  return move[resource] === 0 ? undefined : (move.score / move[resource]) * size;
}

/** For a resource, the step up that gains the most a unit and the step down that loses the least. */
export function bestTrade(moves: readonly BitMove[], resource: Resource): { give?: BitMove; take?: BitMove } {
  let give: BitMove | undefined;
  let take: BitMove | undefined;
  for (const move of moves) {
    const rate = perUnit(move, resource);
    if (rate === undefined) continue;
    if (move.up && move[resource] > 0 && (give === undefined || rate > perUnit(give, resource)!)) give = move;
    if (!move.up && move[resource] < 0 && (take === undefined || rate < perUnit(take, resource)!)) take = move;
  }
  return { ...(give ? { give } : {}), ...(take ? { take } : {}) };
}
