import { costs, emptyCosts, sramHeld, sramInput, sramOutput } from "../costs.ts";
import { liveForm } from "../live-memory.ts";
import { appendLayer, beginNetwork, FULL_PRECISION_BITS, Network } from "../network.ts";
import { ln } from "../score/gaussian.ts";
import type { Space } from "./space.ts";

/**
 * Fields of one inner layer in a row of the table: what is left of its costs and gains when the bits are taken out.
 * With activation bits A, weight bits W and the next layer's activation bits N: BitOps = work A W + elementwise;
 * MACs = work; flash = perWeightBit W + constant; SRAM = max(inner A, lastInput A + lastOutput N); gains = lnFanIn + f(A, W) a conv;
 * live SRAM as a `MemoryForm` of A and N.
 */
export const LayerField = {
  work: 0,
  elementwise: 1,
  flashPerWeightBit: 2,
  flashConstant: 3,
  /** ln sqrt(fan-in) of main-path conv 0, 1, 2. */
  lnFanIn: 8,
  sramInner: 16,
  sramLastInput: 17,
  sramLastOutput: 18,
  liveJoinOutput: 19,
  liveInner: 24,
  liveLastInput: 25,
  liveLastOutput: 26,
  liveJoinInput: 27,
} as const;

/**
 * A row holds a block's first inner layer and, `REST` further on at every field, any other one: four cache lines of sums, gains and twice
 * memory, so that whoever asks for the sums alone touches one.
 */
export const REST = 4;
const ROW_LENGTH = 32;
const SLOTS = 1 << 14;

/**
 * Rows of every block shape (in, btn, out, k, resolution) met so far, found by a direct-mapped cache: late in a search nearly every
 * lookup hits. A row is computed by the ordinary folds over a one-layer network, so there is one definition of every cost.
 */
export class LayerTable {
  /** Rows, `ROW_LENGTH` doubles each. */
  readonly rows = new Float64Array(SLOTS * ROW_LENGTH);
  readonly #space: Space;
  readonly #keys = new Int32Array(SLOTS * 2).fill(-1);
  readonly #network = new Network(8);
  readonly #costs = emptyCosts();

  constructor(space: Space) {
    this.#space = space;
  }

  /**
   * Index in `rows` of a block's row.
   * @param inUnits,btnUnits,outUnits in width steps; inUnits is 0 for the input image
   * @param resolution of the block's input
   */
  find(b: number, inUnits: number, btnUnits: number, outUnits: number, k: number, resolution: number): number {
    const low = inUnits | (outUnits << 8) | (k << 16) | (b << 21);
    const high = btnUnits | (resolution << 16);
    const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    const slot = (mixed ^ (mixed >>> 15)) & (SLOTS - 1);
    const keys = this.#keys;
    if (keys[2 * slot] !== low || keys[2 * slot + 1] !== high) {
      keys[2 * slot] = low;
      keys[2 * slot + 1] = high;
      this.#fill(slot * ROW_LENGTH, b, inUnits, btnUnits, outUnits, k, resolution);
    }
    return slot * ROW_LENGTH;
  }

  #fill(at: number, b: number, inUnits: number, btnUnits: number, outUnits: number, k: number, resolution: number) {
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
    this.#fillLayer(at, b, shape, resolution, true);
    const rest = { ...shape, in: out, s: 1 };
    this.#fillLayer(at + REST, b, rest, Math.ceil(resolution / block.s), false);
  }

  #fillLayer(at: number, b: number, shape: Parameters<typeof appendLayer>[3], resolution: number, first: boolean) {
    const { family } = this.#space.blocks[b];
    const network = this.#network;
    const rows = this.rows;
    const bits = new Array(family.convs.length).fill(FULL_PRECISION_BITS);
    beginNetwork(network, resolution);
    appendLayer(network, family, b, shape, first, bits, bits, 0);
    const { macs, bitops, flash } = costs(network, 0, this.#costs);
    let constant = 0;
    for (let conv = 0; conv < network.convs; conv++) constant += 2 * network.outChannels[conv];
    rows[at + LayerField.work] = macs;
    rows[at + LayerField.elementwise] = bitops - FULL_PRECISION_BITS * FULL_PRECISION_BITS * macs;
    rows[at + LayerField.flashPerWeightBit] = (flash - constant) / FULL_PRECISION_BITS;
    rows[at + LayerField.flashConstant] = constant;
    let inner = 0;
    let main = 0;
    for (let conv = 0; conv < network.convs; conv++) {
      if (network.projection[conv] === 1) continue;
      const kernel = network.kernel[conv];
      const fanIn = (network.depthwise[conv] === 1 ? 1 : network.inChannels[conv]) * kernel * kernel;
      rows[at + LayerField.lnFanIn + main++] = 0.5 * ln(fanIn);
      const input = sramInput(network, conv) / 8;
      const output = sramOutput(network, conv) / 8;
      rows[at + LayerField.sramLastInput] = input;
      rows[at + LayerField.sramLastOutput] = output;
      if (main < family.convs.length) {
        inner = Math.max(inner, input + output + sramHeld(network, 0, 0, conv) / 8);
      }
    }
    rows[at + LayerField.sramInner] = inner;
    const live = liveForm(network, 0);
    rows[at + LayerField.liveInner] = live.inner;
    rows[at + LayerField.liveLastInput] = live.lastInput;
    rows[at + LayerField.liveLastOutput] = live.lastOutput;
    rows[at + LayerField.liveJoinInput] = live.joinInput;
    rows[at + LayerField.liveJoinOutput] = live.joinOutput;
  }
}
