import { ROW_BYTES, ROW_SLOTS, ROWS } from "./layout";

/** Computes a row, in JavaScript: there is one definition of every cost. */
@external("genome", "fillRow")
declare function fillRow(row: usize, b: i32, inUnits: i32, btnUnits: i32, outUnits: i32, k: i32, resolution: i32): void;

/**
 * Address of a block's row, by a direct-mapped cache of the shapes met so far: late in a search nearly every lookup hits.
 * @param inUnits,btnUnits,outUnits in width steps; inUnits is 0 for the input image
 * @param resolution of the block's input
 */
// @ts-ignore: decorator
@inline
export function rowOf(b: i32, inUnits: i32, btnUnits: i32, outUnits: i32, k: i32, resolution: i32): usize {
  const low = inUnits | (outUnits << 8) | (k << 16) | (b << 21);
  const high = btnUnits | (resolution << 16);
  const wanted = (<u64>(<u32>high) << 32) | <u64>(<u32>low);
  const slot = <usize>((wanted * 0x9e3779b97f4a7c15) >> 48) & (ROW_SLOTS - 1);
  const row = <usize>ROWS + slot * ROW_BYTES;
  // No shape has the key 0.
  if (load<u64>(row) != wanted) {
    store<u64>(row, wanted);
    fillRow(row, b, inUnits, btnUnits, outUnits, k, resolution);
  }
  return row;
}
