import { wasmInstance } from "../base/wasm-module.ts";
import * as layout from "./assembly/layout.ts";
import { checkFigures } from "./figures.ts";

/** The functions of assembly/index.ts; genomes are addresses. */
interface GenomeModule {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  breed(members: number, generation: number, child: number, index: number, count: number): void;
  settle(index: number, count: number): void;
  hashBred(index: number): void;
  reset(generation: number, child: number): void;
  below(n: number): number;
  scores(genomes: number, count: number, out: number): void;
  expectedScores(genomes: number, count: number, out: number): void;
  deepMadScores(genomes: number, count: number, out: number): void;
  allCosts(genomes: number, count: number, out: number, stride: number): void;
  deployedCosts(genomes: number, count: number, out: number): void;
  /** Figures of a genome. */
  figures(): number;
}

/** The shape of a block whose row the module asks for. */
export interface RowShape {
  /** Index of the block. */
  readonly block: number;
  /** Widths in width steps; inUnits is 0 for the input image. */
  readonly inUnits: number;
  readonly btnUnits: number;
  readonly outUnits: number;
  readonly kernel: number;
  /** Of the block's input. */
  readonly resolution: number;
}

/** Where a row begins among the doubles of the memory, and where its tail does. */
export interface RowPlace {
  readonly at: number;
  readonly tail: number;
  /** Of its row of a deployment; of no meaning where there is none. */
  readonly deployed: number;
}

/** Writes the row of a block's shape, which the module asks for once each. */
export type FillRow = (rows: Float64Array, place: RowPlace, shape: RowShape) => void;

/** Whether a genome is over a budget of a cost that is no figure of the module. */
export type ExceedsMore = (genomes: Uint8Array, at: number) => boolean;

const PAGE = 65536;

/** An instance of the genome module and its memory, which has its final size from the start, so that a view of it stays valid. */
export class GenomeMemory {
  readonly module: GenomeModule;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  #free: number;

  /** @param size bytes behind the blocks */
  constructor(blocks: number, size: number, fillRow: FillRow, exceedsMore: ExceedsMore) {
    const fill = (address: number, ...shape: number[]) => {
      const [block, inUnits, btnUnits, outUnits, kernel, resolution] = shape;
      const tail = layout.TAILS + (address - layout.ROWS) * (layout.TAIL_BYTES / layout.ROW_BYTES);
      const deployed =
        this.words[layout.DEPLOYED_ROWS >> 2] + (address - layout.ROWS) * (layout.DEPLOYED_BYTES / layout.ROW_BYTES);
      const place = { at: address >> 3, tail: tail >> 3, deployed: deployed >> 3 };
      fillRow(this.doubles, place, { block, inUnits, btnUnits, outUnits, kernel, resolution });
    };
    const more = (genome: number) => exceedsMore(this.bytes, genome);
    this.module = wasmInstance("engine/genome", {
      genome: { fillRow: fill, exceedsMore: more },
    }) as unknown as GenomeModule;
    checkFigures(this.module.figures());
    const { memory } = this.module;
    this.#free = layout.BLOCKS + blocks * layout.BLOCK_BYTES;
    memory.grow(Math.ceil((this.#free + size) / PAGE));
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    this.doubles = new Float64Array(memory.buffer);
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

  /** Address of a table of 32-bit numbers. */
  numbers(values: ArrayLike<number>): number {
    const address = this.reserve(4 * values.length);
    this.words.set(values, address >> 2);
    return address;
  }
}
