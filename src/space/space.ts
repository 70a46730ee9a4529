import { greatestOf } from "../base/extremes.ts";
import { UserError } from "../base/user-error.ts";
import { type BitPair, BitSteps } from "../network/bits.ts";
import { type Family, familyOf, searchFamilies } from "../network/families.ts";
import { networkCapacity } from "../network/network.ts";
import { type Block, describe, type Structure } from "../network/structure.ts";
import * as layout from "./gene-layout.ts";

/** What may change, and its ranges. Design section 7 gives the published ones. */
export interface SpaceOptions {
  /** Class of the super blocks, of which some may be of others that may stand beside it. */
  readonly superClass: string;
  readonly kernels: readonly number[];
  /** btn / out; not heeded where the family's bottleneck is a width of its own. */
  readonly expansions: readonly number[];
  /** Widths are multiples of this. */
  readonly widthStep: number;
  readonly maxOut: number;
  readonly stemOut: readonly [number, number];
  /** Range of the width of each block of the start, where it is narrower than what follows from the others; absent: of none. */
  readonly blockOut?: readonly (readonly [number, number] | null)[] | undefined;
  /** Range of the head's width; undefined keeps the start's. */
  readonly headOut?: readonly [number, number] | undefined;
  /** Most inner layers of the first super block, and of the others. */
  readonly maxDepth: readonly [number, number];
  /** Legal bit pairs of an inner layer, of the stem and of the head; one legal pair is a fixed pair. Empty at full precision. */
  readonly bodyBits: readonly BitPair[];
  readonly stemBits: readonly BitPair[];
  readonly headBits: readonly BitPair[];
  /** Input resolutions to choose from, ascending; one entry is a fixed resolution. */
  readonly resolutions: readonly number[];
}

/** One block of the space: what is fixed, and where its genes are. */
export interface SpaceBlock {
  readonly role: "stem" | "body" | "head";
  readonly family: Family;
  readonly s: number;
  /** Kernel of a single conv; a super block's is a gene. */
  readonly k: number;
  readonly minOut: number;
  readonly maxOut: number;
  /** 1 for a single conv. */
  readonly maxDepth: number;
  readonly bits: BitSteps;
  /** Product of the strides of the blocks before: the block's input resolution is the input's, divided by it, rounded up at every stride. */
  readonly stridesBefore: readonly number[];
  /** Index of its first gene. */
  readonly offset: number;
}

/** Genes of a single conv, from its offset on. */
export const ConvGene = { out: layout.CONV_OUT, bits: layout.CONV_BITS, length: 2 } as const;
/** Genes of a super block, from its offset on; btn takes two bytes, low first; bits take one byte per depth slot. */
export const SuperGene = {
  k: layout.SUPER_KERNEL,
  btn: layout.SUPER_BTN,
  out: layout.SUPER_OUT,
  depth: layout.SUPER_DEPTH,
  bits: layout.SUPER_BITS,
} as const;
/** Gene 0 is the input resolution in units of 8 pixels, 0 where it is fixed. */
export const RESOLUTION_GENE = 0;
export const RESOLUTION_UNIT = 8;

/** A compiled search space: everything about the genome's layout and ranges, for typed-array code. */
export class Space {
  readonly options: SpaceOptions;
  readonly inputChannels: number;
  readonly blocks: readonly SpaceBlock[];
  /** Bytes of a genome. */
  readonly genomeLength: number;
  /** Depth slots of every super block: its bits genes. */
  readonly depthSlots: number;
  /**
   * btnUnits[e * 256 + outUnits]: round8(expansion e * out) in units of widthStep, half to even, at least 1; where the bottleneck is a width of its own, the
   * e-th of those that a width allows, the last one beyond them.
   */
  readonly btnUnits: Uint16Array;
  /** Convs a network of the space can have. */
  readonly convCapacity: number;

  /**
   * @param start fixes the number of blocks, their classes, strides and the kernels of single convs
   * @throws UserError where the start's skeleton is not one of the family
   */
  constructor(start: Structure, options: SpaceOptions) {
    this.options = options;
    this.inputChannels = start[0].in;
    checkOptions(options);
    const deepest = greatestOf(options.maxDepth);
    this.depthSlots = [4, 8, 16, 32, 64].find((slots) => slots >= deepest)!;
    let offset = 1;
    const strides: number[] = [];
    const lastSuper = start.findLastIndex((block) => familyOf(block.class)!.isSuper);
    const firstSuper = start.findIndex((block) => familyOf(block.class)!.isSuper);
    if (firstSuper < 0) {
      throw new UserError(`space.start: expected at least one ${options.superClass} block, got none`);
    }
    this.blocks = start.map((block, i) => {
      const family = familyOf(block.class)!;
      const beside = classesBeside(options.superClass);
      if (family.isSuper && !beside.includes(block.class)) {
        const others = beside.slice(1).join(", ");
        throw new UserError(
          `space.start[${i}].class: expected ${options.superClass}, the family's block,${others === "" ? "" : ` or one that may stand beside it (${others}),`} got ${block.class}; change the block or space.family`,
        );
      }
      const role = family.isSuper ? "body" : i < firstSuper ? "stem" : "head";
      if (!family.isSuper && i > firstSuper && i < lastSuper) {
        throw new UserError(`space.start[${i}]: a single conv between super blocks is not searched; remove it`);
      }
      const widths = {
        stem: options.stemOut,
        body: [options.widthStep, options.maxOut],
        head: options.headOut ?? [block.out, block.out],
      }[role];
      const own = options.blockOut?.[i];
      const compiled: SpaceBlock = {
        role,
        family,
        s: block.s,
        k: block.k,
        minOut: Math.max(widths[0], own?.[0] ?? 0),
        maxOut: Math.min(widths[1], own?.[1] ?? widths[1]),
        maxDepth: role === "body" ? options.maxDepth[i === firstSuper ? 0 : 1] : 1,
        bits: new BitSteps(bitsOf(block, role, options)),
        stridesBefore: [...strides],
        offset,
      };
      offset += family.isSuper ? SuperGene.bits + this.depthSlots : ConvGene.length;
      strides.push(block.s);
      return compiled;
    });
    this.genomeLength = offset;
    const bottleneck = familyOf(options.superClass)?.search?.bottleneck;
    this.btnUnits = bottleneck === undefined ? expansionTable(options.expansions) : widthTable(bottleneck);
    this.convCapacity = networkCapacity(this.blocks);
  }

  /** Largest expansion index + 1. */
  get expansions(): number {
    return this.btnUnits.length / 256;
  }

  /** Pixels of one side of a block's input. */
  inputResolution(block: SpaceBlock, resolution: number): number {
    return block.stridesBefore.reduce((r, s) => Math.ceil(r / s), resolution);
  }
}

/**
 * Classes that super blocks of one space may have: the family's, and those of families whose bottlenecks are chosen in the same way and which have bits, or none, as
 * it does.
 */
export function classesBeside(className: string): string[] {
  const own = familyOf(className);
  const key = (bottleneck: readonly number[] | undefined) => bottleneck?.join() ?? "expansion";
  const beside = searchFamilies().filter(
    ({ quantised, search }) => quantised === own?.quantised && key(search.bottleneck) === key(own?.search?.bottleneck),
  );
  return [className, ...beside.map((family) => family.className).filter((name) => name !== className)];
}

function bitsOf(block: Block, role: SpaceBlock["role"], options: SpaceOptions): readonly BitPair[] {
  if (block.nbitsA === undefined) return [];
  return role === "body" ? options.bodyBits : role === "stem" ? options.stemBits : options.headBits;
}

/** Half to even, as the published program rounds. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

function expansionTable(expansions: readonly number[]): Uint16Array {
  const table = new Uint16Array(expansions.length * 256);
  expansions.forEach((expansion, e) => {
    for (let out = 0; out < 256; out++) table[e * 256 + out] = Math.max(1, roundHalfEven(expansion * out));
  });
  return table;
}

function widthTable([least, most]: readonly [number, number]): Uint16Array {
  const table = new Uint16Array(255 * 256);
  for (let out = 0; out < 256; out++) {
    const low = Math.max(1, Math.ceil(least * out));
    const high = Math.max(1, Math.floor(most * out));
    for (let e = 0; e < 255; e++) table[e * 256 + out] = Math.min(high, low + e);
  }
  return table;
}

function checkOptions(options: SpaceOptions): void {
  const fail = (key: string, expected: string, got: unknown): never => {
    throw new UserError(`space.${key}: expected ${expected}, got ${describe(got)}`);
  };
  const { widthStep, maxOut, stemOut, headOut, resolutions } = options;
  if (maxOut % widthStep !== 0 || maxOut > 255 * widthStep) {
    fail("maxOut", `a multiple of ${widthStep}, at most ${255 * widthStep}`, maxOut);
  }
  for (const out of stemOut) if (out % widthStep !== 0) fail("stemOut", `multiples of ${widthStep}`, out);
  for (const out of headOut ?? []) if (out % widthStep !== 0) fail("headOut", `multiples of ${widthStep}`, out);
  for (const [i, range] of (options.blockOut ?? []).entries()) {
    if (range === null) continue;
    const [low, high] = range;
    if (low % widthStep !== 0 || high % widthStep !== 0 || low > high) {
      fail(`blockOut[${i}]`, `the smaller width first, multiples of ${widthStep}`, range);
    }
  }
  if (stemOut[0] > stemOut[1]) fail("stemOut", "the smaller width first", stemOut);
  if (headOut !== undefined && headOut[0] > headOut[1]) fail("headOut", "the smaller width first", headOut);
  if (resolutions.length > 1) {
    for (const r of resolutions) {
      if (r % RESOLUTION_UNIT !== 0) fail("resolution", `multiples of ${RESOLUTION_UNIT} where it is searched`, r);
    }
  }
}
