import { ROW_BYTES, ROW_KEYS, ROW_SLOTS, ROWS } from "./layout";

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
  const mixed: u32 = (low ^ (high * 0x9e3779b1)) * 0x85ebca6b;
  const slot: usize = (mixed ^ (mixed >> 15)) & (ROW_SLOTS - 1);
  const key = <usize>ROW_KEYS + (slot << 3);
  const row = <usize>ROWS + slot * ROW_BYTES;
  const wanted = (<u64>(<u32>high) << 32) | <u64>(<u32>low);
  if (load<u64>(key) != wanted) {
    store<u64>(key, wanted);
    fillRow(row, b, inUnits, btnUnits, outUnits, k, resolution);
  }
  return row;
}
