import { isSuper } from "./genome";
import { CONV_BITS, SUPER_BITS, SUPER_BTN, SUPER_DEPTH, SUPER_KERNEL } from "../../space/gene-layout";
import { BLOCK_KERNEL, ROW_BYTES, ROW_SLOTS, ROWS, TAIL_BYTES, TAILS } from "./layout";

/** Computes a row, in JavaScript: there is one definition of every cost. */
@external("genome", "fillRow")
declare function fillRow(row: usize, b: i32, inUnits: i32, btnUnits: i32, outUnits: i32, k: i32, resolution: i32): void;

/** Inner layers of a block. */
// @ts-ignore: decorator
@inline
export function depthOf(block: usize, genes: usize): i32 {
  return select<i32>(load<u8>(genes, SUPER_DEPTH), 1, isSuper(block));
}

/** Address of the bit pair of a block's first inner layer. */
// @ts-ignore: decorator
@inline
export function bitsOf(block: usize, genes: usize): usize {
  return genes + select<usize>(SUPER_BITS, CONV_BITS, isSuper(block));
}

/**
 * Address of a block's row, as its genes say. All choices here are selects, of bytes behind a single conv's genes too, which do no harm:
 * as branches they would cost a tenth of the search.
 */
// @ts-ignore: decorator
@inline
export function rowOfBlock(b: i32, block: usize, genes: usize, inUnits: i32, outUnits: i32, resolution: i32): usize {
  const btn = select<i32>(load<u16>(genes, SUPER_BTN), outUnits, isSuper(block));
  const k = select<i32>(load<u8>(genes, SUPER_KERNEL), load<i32>(block, BLOCK_KERNEL), isSuper(block));
  return rowOf(b, inUnits, btn, outUnits, k, resolution);
}

/** Address of a row's tail. */
// @ts-ignore: decorator
@inline
export function tailOf(row: usize): usize {
  return <usize>TAILS + (row - <usize>ROWS) * (TAIL_BYTES / ROW_BYTES);
}

/**
 * Address of a block's row, by a direct-mapped cache of the shapes met so far: late in a search nearly every lookup hits.
 * @param inUnits,btnUnits,outUnits in width steps; inUnits is 0 for the input image
 * @param resolution of the block's input
 */
// @ts-ignore: decorator
@inline
function rowOf(b: i32, inUnits: i32, btnUnits: i32, outUnits: i32, k: i32, resolution: i32): usize {
  const low = inUnits | (outUnits << 8) | (k << 16) | (b << 21);
  const high = btnUnits | (resolution << 16);
  const wanted = ((<u64>(<u32>high)) << 32) | <u64>(<u32>low);
  const slot = <usize>((wanted * 0x9e3779b97f4a7c15) >> 48) & (ROW_SLOTS - 1);
  const row = <usize>ROWS + slot * ROW_BYTES;
  // No shape has the key 0.
  if (load<u64>(row) != wanted) {
    store<u64>(row, wanted);
    fillRow(row, b, inUnits, btnUnits, outUnits, k, resolution);
  }
  return row;
}
