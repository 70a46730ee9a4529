import { ln } from "../base/gaussian.ts";
import { LayerForms, layerForm } from "../costs/layer-form.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { MOST_CONVS } from "../network/families.ts";
import { appendLayer, beginNetwork, type LayerPlace, type LayerShape, Network } from "../network/network.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import type { RowPlace, RowShape } from "./memory.ts";

const eights = new Uint8Array(MOST_CONVS).fill(FULL_PRECISION_BITS);
const eightBits = { a: eights, w: eights, offset: 0 };

/** The costs that a row is made of; the module has one field for MACs and the slope of BitOps, and counts layers by convs. */
const sums = ["bitops", "flash"] as const;
const [BITOPS, FLASH] = [0, 1];
const peaks = ["sram", "sramLive"] as const;
const [SRAM, SRAM_LIVE] = [0, 1];

/** Computes rows of the genome module, by the ordinary folds over a one-layer network: there is one definition of every cost. */
export class LayerRows {
  readonly #space: Space;
  readonly #network = new Network(MOST_CONVS + 1);
  readonly #forms = new LayerForms(sums, peaks);

  /** @throws Error where the module's fields do not say what a layer costs */
  constructor(space: Space) {
    this.#space = space;
    for (const { family, s } of space.blocks) {
      const shape = { in: 8, btn: 16, out: 24, k: 3, s };
      beginNetwork(this.#network, 32);
      appendLayer(this.#network, family, { block: 0, first: true }, shape, eightBits);
      const { bitops, macs, layers } = layerForm(this.#network, 0).sums;
      if (bitops.slope === macs.constant && layers.constant === family.convs.length) continue;
      throw new Error(`genome engine: a row has no room for the MACs or the layers of ${family.className}`);
    }
  }

  /** Fills the row of a block's shape; its fields are in assembly/layout.ts. */
  fill(
    rows: Float64Array,
    { at, tail }: RowPlace,
    { block: b, inUnits, btnUnits, outUnits, kernel, resolution }: RowShape,
  ): void {
    const block = this.#space.blocks[b];
    const step = this.#space.options.widthStep;
    const out = outUnits * step;
    const shape = {
      in: inUnits === 0 ? this.#space.inputChannels : inUnits * step,
      btn: btnUnits * step,
      out,
      k: kernel,
      s: block.s,
    };
    this.#beginLayer({ block: b, first: true }, shape, resolution);
    this.#fillLayer(rows, at, tail);
    const rest = { ...shape, in: out, s: 1 };
    this.#beginLayer({ block: b, first: false }, rest, Math.ceil(resolution / block.s));
    this.#fillLayer(rows, at + layout.REST, tail + layout.REST);
  }

  #beginLayer(place: LayerPlace, shape: LayerShape, resolution: number): void {
    beginNetwork(this.#network, resolution);
    appendLayer(this.#network, this.#space.blocks[place.block].family, place, shape, eightBits);
  }

  #fillLayer(rows: Float64Array, at: number, tail: number): void {
    const network = this.#network;
    let main = 0;
    for (let conv = 0; conv < network.convs; conv++) {
      if (network.projection[conv] === 1) continue;
      const kernel = network.kernel[conv];
      const fanIn = (network.depthwise[conv] === 1 ? 1 : network.inChannels[conv]) * kernel * kernel;
      rows[tail + layout.LN_FAN_IN + main++] = 0.5 * ln(fanIn);
    }
    this.#forms.measure(network, 0);
    const { slopes, constants, memories } = this.#forms;
    const published = memories[SRAM];
    const live = memories[SRAM_LIVE];
    rows[at + layout.WORK] = slopes[BITOPS];
    rows[at + layout.ELEMENTWISE] = constants[BITOPS];
    rows[at + layout.FLASH_PER_WEIGHT_BIT] = slopes[FLASH];
    rows[tail + layout.FLASH_CONSTANT] = constants[FLASH];
    rows[tail + layout.SRAM_INNER] = published.inner;
    rows[tail + layout.SRAM_LAST_INPUT] = published.lastInput;
    rows[tail + layout.SRAM_LAST_OUTPUT] = published.lastOutput;
    rows[tail + layout.LIVE_INNER] = live.inner;
    rows[tail + layout.LIVE_LAST_INPUT] = live.lastInput;
    rows[tail + layout.LIVE_LAST_OUTPUT] = live.lastOutput;
    rows[tail + layout.LIVE_JOIN_INPUT] = live.joinInput;
    rows[tail + layout.LIVE_JOIN_OUTPUT] = live.joinOutput;
  }
}
