import { budgetNames, costNames, peaksOf } from "../costs/cost-table.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import { writeLogarithms } from "./deepmad-tables.ts";
import type { GenomeMemory } from "./memory.ts";
import type { OperatorRates } from "./operators.ts";

/** What `settle` found: within budget; over it; within budget, perhaps as another genome, with a new hash. */
export const Settled = { fits: layout.FITS, exceeds: layout.EXCEEDS, fitted: layout.FITTED } as const;

const RECORD_WORDS = layout.RECORD_BYTES >> 2;

export interface BreedingOptions {
  readonly seed: number;
  /** Budgets in the order of `budgetNames`. */
  readonly limits: Float64Array;
  /** Budget of effectiveness; absent: none. */
  readonly effectiveness?: number;
  /** None for the published operators. */
  readonly rates: OperatorRates | undefined;
}

/** A space, and its engine's rooms. */
interface Bred {
  readonly space: Space;
  readonly members: Uint8Array;
  readonly children: Uint8Array;
}

/**
 * The operators of a search, set up in its engine. Without rates those of the published program: a parent of the population, mutated twice.
 * With rates: some mutations a child, one of them at times the exchange of a range of blocks with a second parent; then random steps down
 * while the child is over budget, and steps up, of which those that fit are kept. A child is a function of (seed, generation, child) and the
 * population.
 */
export class Breeding {
  readonly #memory: GenomeMemory;
  readonly #module: GenomeMemory["module"];
  /** Of every child, `RECORD_WORDS` each. */
  readonly #records: Uint32Array;

  constructor(
    memory: GenomeMemory,
    { space, members, children }: Bred,
    { seed, limits, effectiveness = Number.POSITIVE_INFINITY, rates }: BreedingOptions,
  ) {
    this.#memory = memory;
    this.#module = memory.module;
    const words = (children.length / space.genomeLength) * RECORD_WORDS;
    const records = memory.reserve(4 * words);
    this.#records = memory.words.subarray(records >> 2, (records >> 2) + words);
    memory.set(layout.MEMBERS, members.byteOffset);
    memory.set(layout.CHILDREN, children.byteOffset);
    memory.set(layout.RECORDS, records);
    memory.set(layout.SEED_LOW, seed >>> 0);
    memory.set(layout.SEED_HIGH, Math.floor(seed / 4294967296) >>> 0);
    memory.doubles.set(limits.subarray(0, layout.FIGURES), layout.LIMITS >> 3);
    const more = limits.subarray(layout.FIGURES, costNames.length).some((limit) => limit !== Number.POSITIVE_INFINITY);
    memory.set(layout.MORE_BUDGETS, more ? 1 : 0);
    const limitOf = (name: (typeof budgetNames)[number]) =>
      limits[budgetNames.indexOf(name)] ?? Number.POSITIVE_INFINITY;
    memory.doubles[layout.FLASH_DEPLOYED_LIMIT >> 3] = limitOf("flashDeployed");
    memory.doubles[layout.ARENA_LIMIT >> 3] = limitOf("arena");
    memory.doubles[layout.LATENCY_LIMIT >> 3] = limitOf("latency");
    memory.doubles[layout.ENERGY_LIMIT >> 3] = limitOf("energy");
    memory.doubles[layout.EFFECTIVENESS_LIMIT >> 3] = effectiveness;
    if (effectiveness !== Number.POSITIVE_INFINITY) writeLogarithms(memory, space);
    memory.set(layout.REPAIRS, rates?.repairs ?? 0);
    memory.set(layout.FILLS, rates?.fills ?? 0);
    memory.set(layout.WHEEL_LENGTH, 0);
    if (rates !== undefined) this.#setRates(space, limits, rates);
  }

  /**
   * Makes children of the first `members` members, from number `child` of a generation on, in the engine's room for children from `index` on,
   * and hashes them.
   */
  breed(members: number, generation: number, child: number, index: number, count = 1): void {
    this.#module.breed(members, generation, child, index, count);
  }

  /** Hashes the genome at an index of the room for children, where something else than `breed` made it of the numbers that `draw` began. */
  hash(index: number): void {
    this.#module.hashBred(index);
  }

  /** Leaves the child at an index as it is: `settle` passes over it. */
  skip(index: number): void {
    this.#records[index * RECORD_WORDS + (layout.RECORD_SETTLED >> 2)] = layout.KNOWN;
  }

  /** Holds children against the budgets and fits them to them in place; they may then have another hash. */
  settle(index: number, count = 1): void {
    this.#module.settle(index, count);
  }

  /** What `settle` found of the child at an index: one of `Settled`. */
  settled(index: number): number {
    return this.#records[index * RECORD_WORDS + (layout.RECORD_SETTLED >> 2)];
  }

  /** Words of the hash of the child at an index, as it was bred. */
  low(index: number): number {
    return this.#records[index * RECORD_WORDS + (layout.RECORD_LOW >> 2)];
  }

  high(index: number): number {
    return this.#records[index * RECORD_WORDS + (layout.RECORD_HIGH >> 2)];
  }

  /** Words of its hash once it is fitted. */
  fittedLow(index: number): number {
    return this.#records[index * RECORD_WORDS + (layout.RECORD_FITTED_LOW >> 2)];
  }

  fittedHigh(index: number): number {
    return this.#records[index * RECORD_WORDS + (layout.RECORD_FITTED_HIGH >> 2)];
  }

  /** A random number below n, the first of a child that is not bred. */
  draw(generation: number, child: number, n: number): number {
    this.#module.reset(generation, child);
    return this.#module.below(n);
  }

  #setRates({ blocks, options, genomeLength }: Space, limits: Float64Array, rates: OperatorRates): void {
    const memory = this.#memory;
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
    memory.set(layout.WHEEL, memory.table(wheel));
    memory.set(layout.WHEEL_LENGTH, wheel.length);
    memory.set(layout.MAX_MUTATIONS, rates.maxMutations);
    memory.set(layout.KEPT, memory.reserve(genomeLength));
    memory.doubles[layout.CROSSOVER_ODDS >> 3] = rates.crossover * 2 ** 32;
    // The order of a block's bits changes neither the score nor a sum, but it does change peaks.
    const peakNames = [...peaksOf(undefined).map(({ name }) => name), "arena"];
    const peaks = budgetNames.some((name, i) => peakNames.includes(name) && Number.isFinite(limits[i]));
    memory.set(layout.SORTS, rates.sortLayers && !peaks ? 1 : 0);
    for (const [list, field, count] of [
      [supers, layout.SUPERS, layout.SUPER_COUNT],
      [widths, layout.WIDTHS, layout.WIDTH_COUNT],
      [bits, layout.BITS, layout.BITS_COUNT],
    ] as const) {
      memory.set(field, memory.indices(list));
      memory.set(count, list.length);
    }
  }
}
