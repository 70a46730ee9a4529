import { ln } from "../base/gaussian.ts";
import { LayerForms } from "../costs/layer-form.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { MOST_CONVS } from "../network/families.ts";
import { appendLayer, beginNetwork, type LayerPlace, type LayerShape, Network } from "../network/network.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import type { RowShape } from "./memory.ts";

const eights = new Uint8Array(MOST_CONVS).fill(FULL_PRECISION_BITS);
const eightBits = { a: eights, w: eights, offset: 0 };

/** Computes rows of the genome module, by the ordinary folds over a one-layer network: there is one definition of every cost. */
export class LayerRows {
  readonly #space: Space;
  readonly #network = new Network(MOST_CONVS + 1);
  readonly #forms = new LayerForms(["bitops", "macs", "flash", "layers"], ["sram", "sramLive"]);

  constructor(space: Space) {
    this.#space = space;
  }

  /** Fills the row of a block's shape from `rows[at]` on; its fields are in assembly/layout.ts. */
  fill(rows: Float64Array, at: number, { block: b, inUnits, btnUnits, outUnits, kernel, resolution }: RowShape): void {
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
    this.#fillLayer(rows, at, { block: b, first: true }, shape, resolution);
    const rest = { ...shape, in: out, s: 1 };
    this.#fillLayer(rows, at + layout.REST, { block: b, first: false }, rest, Math.ceil(resolution / block.s));
  }

  #fillLayer(rows: Float64Array, at: number, place: LayerPlace, shape: LayerShape, resolution: number): void {
    const { family } = this.#space.blocks[place.block];
    const network = this.#network;
    beginNetwork(network, resolution);
    appendLayer(network, family, place, shape, eightBits);
    let main = 0;
    for (let conv = 0; conv < network.convs; conv++) {
      if (network.projection[conv] === 1) continue;
      const kernel = network.kernel[conv];
      const fanIn = (network.depthwise[conv] === 1 ? 1 : network.inChannels[conv]) * kernel * kernel;
      rows[at + layout.LN_FAN_IN + main++] = 0.5 * ln(fanIn);
    }
    this.#forms.measure(network, 0);
    const [work, , perWeightBit] = this.#forms.slopes;
    const [elementwise, macs, constant, layers] = this.#forms.constants;
    const [published, live] = this.#forms.memories;
    // The module has one field for both, and counts layers by convs.
    if (work !== macs || layers !== family.convs.length) {
      throw new Error(`genome engine: a row has no room for the costs of ${family.className}`);
    }
    rows[at + layout.WORK] = work;
    rows[at + layout.ELEMENTWISE] = elementwise;
    rows[at + layout.FLASH_PER_WEIGHT_BIT] = perWeightBit;
    rows[at + layout.FLASH_CONSTANT] = constant;
    rows[at + layout.SRAM_INNER] = published.inner;
    rows[at + layout.SRAM_LAST_INPUT] = published.lastInput;
    rows[at + layout.SRAM_LAST_OUTPUT] = published.lastOutput;
    rows[at + layout.LIVE_INNER] = live.inner;
    rows[at + layout.LIVE_LAST_INPUT] = live.lastInput;
    rows[at + layout.LIVE_LAST_OUTPUT] = live.lastOutput;
    rows[at + layout.LIVE_JOIN_INPUT] = live.joinInput;
    rows[at + layout.LIVE_JOIN_OUTPUT] = live.joinOutput;
  }
}
