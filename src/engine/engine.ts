import { ln } from "../base/gaussian.ts";
import { wasmModule } from "../base/wasm-module.ts";
import { costNames } from "../costs/costs.ts";
import { shrunkKernel } from "../space/genome.ts";
import { RESOLUTION_UNIT, type Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import { LayerRows } from "./layer-rows.ts";

/** The functions of assembly/index.ts; genomes are addresses. */
interface GenomeModule {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  breed(population: number, count: number, generation: number, child: number, genome: number): void;
  /** FITS, EXCEEDS or FITTED of assembly/layout.ts. */
  settle(genome: number): number;
  hash(genome: number): void;
  reset(generation: number, child: number): void;
  below(n: number): number;
  scores(genomes: number, count: number, out: number): void;
  allCosts(genomes: number, count: number, out: number): void;
}

/** Genomes that are scored, or whose costs are computed, in one call. */
const BATCH = 512;
const COSTS = costNames.length;
const PAGE = 65536;

/** What a search keeps in the memory of its engine, in genomes. */
export interface Rooms {
  /** Members of a population. */
  readonly members: number;
  /** Of one generation. */
  readonly children: number;
}

/**
 * A compiled space in WebAssembly: breeds genomes, hashes them, holds them against budgets and computes costs and score straight from
 * their bytes. The memory has its final size from the start, so a view of it stays valid.
 */
export class GenomeEngine {
  readonly space: Space;
  readonly module: GenomeModule;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  /** Address of room for the members of a population. */
  readonly members: number;
  /** Address of room for a generation, and one genome more. */
  readonly children: number;
  readonly rooms: Rooms;
  readonly #batch: number;
  readonly #results: number;
  #free: number;

  /** @param classes outputs of the classifier counted into flash; 0 for none */
  constructor(space: Space, classes: number, rooms: Rooms = { members: 0, children: 0 }) {
    const rows = new LayerRows(space);
    const fillRow = (address: number, ...shape: [number, number, number, number, number, number]) =>
      rows.fill(this.doubles, address >> 3, ...shape);
    this.space = space;
    this.rooms = rooms;
    this.module = new WebAssembly.Instance(wasmModule("engine/genome"), { genome: { fillRow } })
      .exports as unknown as GenomeModule;
    const { blocks, genomeLength: length, options, expansions } = space;
    const { memory } = this.module;
    this.#free = layout.BLOCKS + blocks.length * layout.BLOCK_BYTES;
    const tables =
      blocks.length * (1024 + options.resolutions.length * options.kernels.length + 64) + expansions * 512 + 65536;
    const genomes = rooms.members + rooms.children + 1 + BATCH;
    memory.grow(Math.ceil((this.#free + tables + genomes * (length + 8) + BATCH * COSTS * 8) / PAGE));
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.doubles = new Float64Array(memory.buffer);
    this.#writeSpace(classes);
    this.#results = this.reserve(BATCH * COSTS * 8);
    this.#batch = this.reserve(BATCH * length);
    this.members = this.reserve(rooms.members * length);
    this.children = this.reserve((rooms.children + 1) * length);
  }

  /** Takes memory for a table; a multiple of 8. @throws Error where the tables were estimated too small */
  reserve(bytes: number): number {
    const address = this.#free;
    this.#free += Math.ceil(bytes / 8) * 8;
    if (this.#free > this.bytes.length) throw new Error(`genome engine: ${this.#free} bytes of ${this.bytes.length}`);
    return address;
  }

  set(field: number, value: number): void {
    this.words[field >> 2] = value;
  }

  /** What the analytic score is made of; weights missing for a stage make every score NaN. */
  setScore(stageWeights: ArrayLike<number>, bitGains: ArrayLike<number>): void {
    const stages = 1 + this.space.blocks.filter(({ s }, b) => b > 0 && s === 2).length;
    const address = this.words[layout.STAGE_WEIGHTS >> 2];
    for (let i = 0; i < stages; i++) this.doubles[(address >> 3) + i] = stageWeights[i] ?? Number.NaN;
    this.doubles.set(bitGains, layout.BIT_GAINS >> 3);
  }

  /** Analytic score of every genome. */
  scores(genomes: Uint8Array): Float64Array {
    return this.#inBatches(genomes, 1, this.module.scores);
  }

  /** Costs of every genome, `costNames.length` figures each, in that order. */
  costs(genomes: Uint8Array): Float64Array {
    return this.#inBatches(genomes, COSTS, this.module.allCosts);
  }

  #inBatches(genomes: Uint8Array, figures: number, compute: GenomeModule["scores"]): Float64Array {
    const length = this.space.genomeLength;
    const count = genomes.length / length;
    const out = new Float64Array(count * figures);
    const results = this.#results >> 3;
    for (let first = 0; first < count; first += BATCH) {
      const end = Math.min(count, first + BATCH);
      this.bytes.set(genomes.subarray(first * length, end * length), this.#batch);
      compute(this.#batch, end - first, this.#results);
      out.set(this.doubles.subarray(results, results + (end - first) * figures), first * figures);
    }
    return out;
  }

  #writeSpace(classes: number): void {
    const { space, doubles, bytes } = this;
    const { options, blocks, expansions, btnUnits } = space;
    const { kernels, resolutions, widthStep } = options;
    this.set(layout.GENOME_LENGTH, space.genomeLength);
    this.set(layout.BLOCK_COUNT, blocks.length);
    this.set(layout.RESOLUTION_COUNT, resolutions.length);
    this.set(layout.KERNEL_COUNT, kernels.length);
    this.set(layout.EXPANSIONS, expansions);
    this.set(layout.RESOLUTIONS, this.#words(resolutions));
    this.set(layout.BTN_UNITS, this.indices(btnUnits));
    this.set(layout.STAGE_WEIGHTS, this.reserve(8 * (blocks.length + 1)));
    doubles[layout.CLASSIFIER_CONSTANT >> 3] = classes;
    doubles[layout.CLASSIFIER_PER_UNIT >> 3] = classes * widthStep;
    if (resolutions.length > 1) {
      for (const [i, r] of resolutions.entries()) bytes[layout.RESOLUTION_INDICES + r / RESOLUTION_UNIT] = i;
    }
    for (let units = 1; units < 256; units++) doubles[(layout.LN_WIDTHS >> 3) + units] = ln(units * widthStep);
    for (const [b, block] of blocks.entries()) {
      const at = layout.BLOCKS + b * layout.BLOCK_BYTES;
      const { isSuper, convs } = block.family;
      this.set(at + layout.BLOCK_OFFSET, block.offset);
      this.set(at + layout.BLOCK_KERNEL, isSuper ? 0 : block.k);
      this.set(at + layout.BLOCK_CONVS, convs.length);
      this.set(at + layout.BLOCK_STRIDE, block.s);
      this.set(at + layout.BLOCK_MIN_OUT, block.minOut / widthStep);
      this.set(at + layout.BLOCK_MAX_OUT, block.maxOut / widthStep);
      this.set(at + layout.BLOCK_MAX_DEPTH, block.maxDepth);
      this.set(at + layout.BLOCK_BIT_PAIRS, block.bits.pairs.length);
      this.set(at + layout.BLOCK_BIT_STEPS, this.table(block.bits.next));
      const shrunk = resolutions.flatMap((r) => {
        const input = space.inputResolution(block, r);
        return kernels.map((kernel) => shrunkKernel(kernel, input));
      });
      this.set(at + layout.BLOCK_KERNELS, this.table(shrunk));
    }
  }

  /** Address of a table of bytes. */
  table(values: ArrayLike<number>): number {
    const address = this.reserve(values.length);
    this.bytes.set(values, address);
    return address;
  }

  /** Address of a table of 16-bit numbers. */
  indices(values: ArrayLike<number>): number {
    const address = this.reserve(2 * values.length);
    new Uint16Array(this.bytes.buffer).set(values, address >> 1);
    return address;
  }

  #words(values: ArrayLike<number>): number {
    const address = this.reserve(4 * values.length);
    this.words.set(values, address >> 2);
    return address;
  }
}
