import { ln } from "../base/gaussian.ts";
import { peaksOf, sumsOf } from "../costs/cost-table.ts";
import { LayerForms, layerForm } from "../costs/layer-form.ts";
import type { MemoryTerm } from "../memory/memory-form.ts";
import type { Deployment } from "../memory/runtime.ts";
import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { MOST_CONVS } from "../network/families.ts";
import { appendLayer, beginNetwork, type LayerPlace, type LayerShape, Network } from "../network/network.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import type { RowPlace, RowShape } from "./memory.ts";

const eights = new Uint8Array(MOST_CONVS).fill(FULL_PRECISION_BITS);
const eightBits = { a: eights, w: eights, offset: 0 };

/** The costs that a row is made of; the module has one field for MACs and the slope of BitOps, and counts layers by convs. */
const sums = ["bitops", "flash", "flashDeployed", "latency", "energy"];
const [BITOPS, FLASH] = [0, 1];
const peaks = ["sram", "sramLive", "arena"];
const [SRAM, SRAM_LIVE, ARENA] = [0, 1, 2];

/** Computes rows of the genome module, by the ordinary folds over a one-layer network: there is one definition of every cost. */
export class LayerRows {
  readonly #space: Space;
  readonly #network = new Network(MOST_CONVS + 1);
  readonly #forms: LayerForms;
  /** Where each cost of a deployment is among the sums; -1 where there is none. */
  readonly #flashDeployed: number;
  readonly #latency: number;
  readonly #energy: number;

  /** @throws Error where the module's fields do not say what a layer costs */
  constructor(space: Space, deployment: Deployment | undefined) {
    this.#space = space;
    const named = <Row extends { readonly name: string }>(rows: readonly Row[], names: readonly string[]) =>
      names.flatMap((name) => rows.find((row) => row.name === name) ?? []);
    const known = named(sumsOf(deployment), sums);
    this.#forms = new LayerForms(known, named(peaksOf(deployment), peaks));
    [this.#flashDeployed, this.#latency, this.#energy] = ["flashDeployed", "latency", "energy"].map((name) =>
      known.findIndex((row) => row.name === name),
    );
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
    { at, tail, deployed }: RowPlace,
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
    this.#fillLayer(rows, at, tail, deployed);
    const rest = { ...shape, in: out, s: 1 };
    this.#beginLayer({ block: b, first: false }, rest, Math.ceil(resolution / block.s));
    this.#fillLayer(rows, at + layout.REST, tail + layout.REST, deployed + layout.DEPLOYED_REST);
  }

  #beginLayer(place: LayerPlace, shape: LayerShape, resolution: number): void {
    beginNetwork(this.#network, resolution);
    appendLayer(this.#network, this.#space.blocks[place.block].family, place, shape, eightBits);
  }

  #fillLayer(rows: Float64Array, at: number, tail: number, deployed: number): void {
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
    const [publishedInner, publishedLast] = memories[SRAM].terms;
    const [liveInner, liveLast, liveJoin] = memories[SRAM_LIVE].terms;
    rows[at + layout.WORK] = slopes[BITOPS];
    rows[at + layout.ELEMENTWISE] = constants[BITOPS];
    rows[at + layout.FLASH_PER_WEIGHT_BIT] = slopes[FLASH];
    rows[tail + layout.FLASH_CONSTANT] = constants[FLASH];
    rows[tail + layout.SRAM_INNER] = publishedInner.perA;
    rows[tail + layout.SRAM_LAST_INPUT] = publishedLast.perA;
    rows[tail + layout.SRAM_LAST_OUTPUT] = publishedLast.perN;
    rows[tail + layout.LIVE_INNER] = liveInner.perA;
    rows[tail + layout.LIVE_LAST_INPUT] = liveLast.perA;
    rows[tail + layout.LIVE_LAST_OUTPUT] = liveLast.perN;
    rows[tail + layout.LIVE_JOIN_INPUT] = liveJoin.perA;
    rows[tail + layout.LIVE_JOIN_OUTPUT] = liveJoin.perN;
    if (this.#latency >= 0) {
      rows[deployed + layout.DEPLOYED_LATENCY] = constants[this.#latency];
      rows[deployed + layout.DEPLOYED_LATENCY_BY_BITS] = slopes[this.#latency];
    }
    if (this.#energy >= 0) {
      rows[deployed + layout.DEPLOYED_ENERGY] = constants[this.#energy];
      rows[deployed + layout.DEPLOYED_ENERGY_BY_BITS] = slopes[this.#energy];
    }
    if (this.#flashDeployed < 0) return;
    rows[deployed + layout.DEPLOYED_PER_WEIGHT_BIT] = slopes[this.#flashDeployed];
    rows[deployed + layout.DEPLOYED_CONSTANT] = constants[this.#flashDeployed];
    const { terms, end = terms } = memories[ARENA];
    fillTerms(rows, deployed + layout.ARENA_TERMS, terms);
    fillTerms(rows, deployed + layout.ARENA_END_TERMS, end);
  }
}

/** Writes the moments of a layer; those that are left of the room for them are 0, which no memory is below. */
function fillTerms(rows: Float64Array, at: number, terms: readonly MemoryTerm[]): void {
  if (terms.length > layout.ARENA_MOST_TERMS) {
    throw new Error(
      `genome engine: a layer has ${terms.length} moments of memory, expected at most ${layout.ARENA_MOST_TERMS}; raise ARENA_MOST_TERMS in assembly/layout.ts`,
    );
  }
  rows.fill(0, at, at + 3 * layout.ARENA_MOST_TERMS);
  terms.forEach(({ perA, perN, constant }, i) => {
    rows[at + 3 * i] = perA;
    rows[at + 3 * i + 1] = perN;
    rows[at + 3 * i + 2] = constant;
  });
}
