import { SEED_HIGH, SEED_LOW } from "./layout";

/*
 * The random numbers of one child: a xoroshiro64** stream whose 64-bit state is a pure function of (seed, generation, child),
 * so that any child can be bred again on its own, on any thread and after any interruption.
 */

let a: u32 = 0;
let b: u32 = 0;

/** A bijection of 32 bits in which every input bit reaches every output bit. */
// @ts-ignore: decorator
@inline
function mix(x: u32): u32 {
  let h = x;
  h = (h ^ (h >> 16)) * 0x21f0aaad;
  h = (h ^ (h >> 15)) * 0x735a2d97;
  return h ^ (h >> 15);
}

export function reset(generation: u32, child: u32): void {
  let h = mix(load<u32>(SEED_LOW) ^ 0x9e3779b9);
  h = mix(h ^ load<u32>(SEED_HIGH) ^ 0x7f4a7c15);
  h = mix((h + generation) ^ 0x85ebca6b);
  a = mix((h + child * 0x9e3779b1) ^ 0x165667b1);
  b = mix(((h * 0xc2b2ae35) ^ child) + 0x27d4eb2f);
  // The all-zero state is the generator's only fixed point.
  if ((a | b) == 0) a = 1;
}

/** Keeps the state at an address, two words. */
export function keepRandom(at: usize): void {
  store<u32>(at, a);
  store<u32>(at, b, 4);
}

export function restoreRandom(at: usize): void {
  a = load<u32>(at);
  b = load<u32>(at, 4);
}

/** 32 random bits. */
// @ts-ignore: decorator
@inline
export function next(): u32 {
  const before = a;
  const result = rotl<u32>(before * 0x9e3779bb, 5) * 5;
  const mixed = b ^ before;
  a = rotl<u32>(before, 26) ^ mixed ^ (mixed << 9);
  b = rotl<u32>(mixed, 13);
  return result;
}

/** A whole number from 0 to n - 1. */
// @ts-ignore: decorator
@inline
export function below(n: i32): i32 {
  return <i32>((<u64>next() * <u64>n) >> 32);
}
