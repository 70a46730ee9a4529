import { CONV_OUT, SUPER_BTN, SUPER_OUT } from "../../space/gene-layout";
import {
  BLOCK_BYTES,
  BLOCK_KERNEL,
  BLOCK_KERNELS,
  BLOCK_OFFSET,
  BLOCK_STRIDE,
  BLOCKS,
  BTN_UNITS,
  EXPANSIONS,
  GENOME_LENGTH,
  HASH_HIGH,
  HASH_LOW,
  KERNEL_COUNT,
  RESOLUTION_INDICES,
  RESOLUTIONS,
} from "./layout";

/*
 * Genomes as in src/space/genome.ts: bytes in canonical form. `genome` is the address of the first byte, `block` that of a block's record,
 * `genes` that of a block's first gene.
 */

// @ts-ignore: decorator
@inline
export function blockAt(b: i32): usize {
  return <usize>BLOCKS + <usize>b * BLOCK_BYTES;
}

// @ts-ignore: decorator
@inline
export function genesOf(block: usize, genome: usize): usize {
  return genome + load<usize>(block, BLOCK_OFFSET);
}

// @ts-ignore: decorator
@inline
export function isSuper(block: usize): bool {
  return load<i32>(block, BLOCK_KERNEL) == 0;
}

// @ts-ignore: decorator
@inline
export function outOf(block: usize, genome: usize): i32 {
  return load<u8>(genesOf(block, genome) + select<usize>(SUPER_OUT, CONV_OUT, isSuper(block)));
}

// @ts-ignore: decorator
@inline
export function btnUnits(expansion: i32, out: i32): i32 {
  return load<u16>(load<usize>(BTN_UNITS) + <usize>((expansion << 8) + out) * 2);
}

/** The smallest expansion that gives this btn. */
export function expansionOf(out: i32, btn: i32): i32 {
  const e = expansionFrom(out, btn);
  return e < load<i32>(EXPANSIONS) && btnUnits(e, out) == btn ? e : -1;
}

/** The smallest expansion that gives this btn or more, which rise with it; their number where none does. */
export function expansionFrom(out: i32, btn: i32): i32 {
  let low = 0;
  let high = load<i32>(EXPANSIONS);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (btnUnits(middle, out) < btn) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** btn = expansion * out for the block's width. */
export function setExpansion(genes: usize, expansion: i32): void {
  store<u16>(genes, <u16>btnUnits(expansion, load<u8>(genes, SUPER_OUT)), SUPER_BTN);
}

// @ts-ignore: decorator
@inline
export function resolutionIndex(genome: usize): i32 {
  return load<u8>(<usize>RESOLUTION_INDICES + load<u8>(genome));
}

/** The gene of a searched resolution: units of 8 pixels. */
// @ts-ignore: decorator
@inline
export function resolutionGene(index: i32): u8 {
  return <u8>(load<i32>(load<usize>(RESOLUTIONS) + ((<usize>index) << 2)) >> 3);
}

/** Pixels of one side of the input. */
// @ts-ignore: decorator
@inline
export function resolutionOf(genome: usize): i32 {
  return load<i32>(load<usize>(RESOLUTIONS) + ((<usize>resolutionIndex(genome)) << 2));
}

/** Pixels behind a block. */
// @ts-ignore: decorator
@inline
export function behind(block: usize, resolution: i32): i32 {
  return load<i32>(block, BLOCK_STRIDE) == 2 ? (resolution + 1) >> 1 : resolution;
}

/** A kernel of the space as it shrinks at the block's input. */
export function kernelAt(block: usize, resolution: i32, kernel: i32): i32 {
  return load<u8>(load<usize>(block, BLOCK_KERNELS) + <usize>(resolution * load<i32>(KERNEL_COUNT) + kernel));
}

/** The legal kernel of a block nearest to the wanted one; the smaller of two as near. */
export function kernelNear(block: usize, resolution: i32, wanted: i32): i32 {
  const count = load<i32>(KERNEL_COUNT);
  let best = 0;
  for (let kernel = 0; kernel < count; kernel++) {
    const legal = kernelAt(block, resolution, kernel);
    const change = abs(legal - wanted) - abs(best - wanted);
    if (best == 0 || change < 0 || (change == 0 && legal < best)) best = legal;
  }
  return best;
}

/** Hashes a genome as SeenSet.find does. */
export function hash(genome: usize): void {
  let x: u32 = 0x9e3779b9;
  let y: u32 = 0x85ebca6b;
  const end = genome + load<usize>(GENOME_LENGTH);
  let at = genome;
  for (; at + 4 <= end; at += 4) {
    const word = load<u32>(at);
    x = (x ^ word) * 0xcc9e2d51;
    x ^= x >> 15;
    y = ((y + word) ^ (y >> 13)) * 0x1b873593;
  }
  let word: u32 = 0;
  for (; at < end; at++) word = (word << 8) | load<u8>(at);
  x = (x ^ word) * 0xcc9e2d51;
  y = ((y + word) ^ (y >> 13)) * 0x1b873593;
  x = (x ^ (x >> 16) ^ y) * 0x21f0aaad;
  y = (y ^ (y >> 15) ^ x) * 0x735a2d97;
  store<u32>(HASH_LOW, x ^ (x >> 15));
  store<u32>(HASH_HIGH, y ^ (y >> 16));
}
