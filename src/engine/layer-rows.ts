import { ln } from "../base/gaussian.ts";
import { additiveCosts, emptyCosts, publishedForm } from "../costs/costs.ts";
import { liveForm } from "../costs/live-sram.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { MOST_CONVS } from "../network/families.ts";
import { appendLayer, beginNetwork, type LayerShape, Network } from "../network/network.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";

const eights = new Uint8Array(MOST_CONVS).fill(FULL_PRECISION_BITS);

/** Computes rows of the genome module, by the ordinary folds over a one-layer network: there is one definition of every cost. */
export class LayerRows {
  readonly #space: Space;
  readonly #network = new Network(MOST_CONVS + 1);
  readonly #costs = emptyCosts();

  constructor(space: Space) {
    this.#space = space;
  }

  /**
   * Fills the row of a block's shape from `rows[at]` on; its fields are in assembly/layout.ts.
   * @param inUnits,btnUnits,outUnits in width steps; inUnits is 0 for the input image
   * @param resolution of the block's input
   */
  fill(
    rows: Float64Array,
    at: number,
    b: number,
    inUnits: number,
    btnUnits: number,
    outUnits: number,
    k: number,
    resolution: number,
  ): void {
    const block = this.#space.blocks[b];
    const step = this.#space.options.widthStep;
    const out = outUnits * step;
    const shape = {
      in: inUnits === 0 ? this.#space.inputChannels : inUnits * step,
      btn: btnUnits * step,
      out,
      k,
      s: block.s,
    };
    this.#fillLayer(rows, at, b, shape, resolution, true);
    const rest = { ...shape, in: out, s: 1 };
    this.#fillLayer(rows, at + layout.REST, b, rest, Math.ceil(resolution / block.s), false);
  }

  #fillLayer(rows: Float64Array, at: number, b: number, shape: LayerShape, resolution: number, first: boolean): void {
    const { family } = this.#space.blocks[b];
    const network = this.#network;
    beginNetwork(network, resolution);
    appendLayer(network, family, b, shape, first, eights, eights, 0);
    const { macs, bitops, flash } = additiveCosts(network, 0, this.#costs);
    let constant = 0;
    let main = 0;
    for (let conv = 0; conv < network.convs; conv++) {
      constant += 2 * network.outChannels[conv];
      if (network.projection[conv] === 1) continue;
      const kernel = network.kernel[conv];
      const fanIn = (network.depthwise[conv] === 1 ? 1 : network.inChannels[conv]) * kernel * kernel;
      rows[at + layout.LN_FAN_IN + main++] = 0.5 * ln(fanIn);
    }
    rows[at + layout.WORK] = macs;
    rows[at + layout.ELEMENTWISE] = bitops - FULL_PRECISION_BITS * FULL_PRECISION_BITS * macs;
    rows[at + layout.FLASH_PER_WEIGHT_BIT] = (flash - constant) / FULL_PRECISION_BITS;
    rows[at + layout.FLASH_CONSTANT] = constant;
    const published = publishedForm(network, 0);
    rows[at + layout.SRAM_INNER] = published.inner;
    rows[at + layout.SRAM_LAST_INPUT] = published.lastInput;
    rows[at + layout.SRAM_LAST_OUTPUT] = published.lastOutput;
    const live = liveForm(network, 0);
    rows[at + layout.LIVE_INNER] = live.inner;
    rows[at + layout.LIVE_LAST_INPUT] = live.lastInput;
    rows[at + layout.LIVE_LAST_OUTPUT] = live.lastOutput;
    rows[at + layout.LIVE_JOIN_INPUT] = live.joinInput;
    rows[at + layout.LIVE_JOIN_OUTPUT] = live.joinOutput;
  }
}
