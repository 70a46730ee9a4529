import * as layout from "../engine/assembly/layout.ts";
import type { GenomeEngine } from "../engine/engine.ts";
import type { OperatorRates } from "../engine/operators.ts";
import type { Population } from "./population.ts";

/**
 * The operators of a search, set up in its engine. Without rates those of the published program: a parent of the population, mutated twice.
 * With rates: some mutations a child, one of them at times the exchange of a range of blocks with a second parent; then random steps down
 * while the child is over budget, and steps up, of which those that fit are kept. A child is a function of (seed, generation, child) and the
 * population.
 */
export class Breeding {
  readonly #engine: GenomeEngine;

  /** @param limits budgets in the order of `costNames` */
  constructor(engine: GenomeEngine, seed: number, limits: Float64Array, rates: OperatorRates | undefined) {
    this.#engine = engine;
    engine.set(layout.SEED_LOW, seed >>> 0);
    engine.set(layout.SEED_HIGH, Math.floor(seed / 4294967296) >>> 0);
    engine.doubles.set(limits, layout.LIMITS >> 3);
    engine.set(layout.REPAIRS, rates?.repairs ?? 0);
    engine.set(layout.FILLS, rates?.fills ?? 0);
    engine.set(layout.WHEEL_LENGTH, 0);
    if (rates !== undefined) this.#setRates(limits, rates);
  }

  /** Makes one child at an address of the engine, and hashes it. */
  breed({ genomes, count }: Population, generation: number, child: number, genome: number): void {
    this.#engine.module.breed(genomes.byteOffset, count, generation, child, genome);
  }

  /** Holds a genome against the budgets and fits it to them in place; it may then have another hash. FITS, EXCEEDS or FITTED. */
  settle(genome: number): number {
    return this.#engine.module.settle(genome);
  }

  #setRates(limits: Float64Array, rates: OperatorRates): void {
    const engine = this.#engine;
    const { blocks, options } = engine.space;
    const all = blocks.map((_, b) => b);
    const supers = all.filter((b) => blocks[b].family.isSuper);
    const widths = all.filter((b) => blocks[b].maxOut > Math.max(blocks[b].minOut, options.widthStep));
    const bits = all.filter((b) => blocks[b].bits.pairs.length > 1);
    /** The operator of every unit of weight. */
    const wheel: number[] = [];
    const add = (operator: number, weight: number, possible: boolean) => {
      if (possible) for (let i = 0; i < weight; i++) wheel.push(operator);
    };
    add(layout.WIDTH_FACTOR, rates.widthFactor, widths.length > 0);
    add(layout.WIDTH_STEP, rates.widthStep, widths.length > 0);
    add(layout.WIDTH_PUSH, rates.widthPush, widths.length > 0);
    add(layout.KERNEL, rates.kernel, true);
    add(layout.EXPANSION, rates.expansion, true);
    add(layout.DEPTH, rates.depth, true);
    add(layout.MOVE_DEPTH, rates.moveDepth, supers.length > 1);
    add(layout.PUBLISHED, rates.published, true);
    add(layout.LAYER_BITS, rates.layerBits, bits.length > 0);
    add(layout.MOVE_BIT, rates.moveBit, bits.length > 0);
    add(layout.RESOLUTION, rates.resolution, options.resolutions.length > 1);
    if (wheel.length === 0) throw new RangeError("operators: expected one with a weight above 0");
    engine.set(layout.WHEEL, engine.table(wheel));
    engine.set(layout.WHEEL_LENGTH, wheel.length);
    engine.set(layout.MAX_MUTATIONS, rates.maxMutations);
    engine.set(layout.KEPT, engine.reserve(engine.space.genomeLength));
    engine.doubles[layout.CROSSOVER_ODDS >> 3] = rates.crossover * 2 ** 32;
    // The order of a block's bits changes neither score, BitOps nor flash, but it does change both SRAM figures.
    const memory = limits[3] !== Number.POSITIVE_INFINITY || limits[5] !== Number.POSITIVE_INFINITY;
    engine.set(layout.SORTS, rates.sortLayers && !memory ? 1 : 0);
    for (const [list, field, count] of [
      [supers, layout.SUPERS, layout.SUPER_COUNT],
      [widths, layout.WIDTHS, layout.WIDTH_COUNT],
      [bits, layout.BITS, layout.BITS_COUNT],
    ] as const) {
      engine.set(field, engine.indices(list));
      engine.set(count, list.length);
    }
  }
}
