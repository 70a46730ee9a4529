import type { MemoryForm } from "../memory/memory-form.ts";

/**
 * The memory of an inner layer by one of the two published figures, whose convs share their activation bits a, n being the next layer's:
 * max(inner a, lastInput a + lastOutput n, joinInput a + joinOutput n) bytes. `last` is the last main-path conv, `join` its projection.
 */
export interface FiveConstants {
  readonly inner: number;
  readonly lastInput: number;
  readonly lastOutput: number;
  readonly joinInput: number;
  readonly joinOutput: number;
}

/** The moments inside the layer, at its last conv and at its projection, in this order. */
export function formOf({ inner, lastInput, lastOutput, joinInput, joinOutput }: FiveConstants): MemoryForm {
  return {
    terms: [
      { perA: inner, perN: 0, constant: 0 },
      { perA: lastInput, perN: lastOutput, constant: 0 },
      { perA: joinInput, perN: joinOutput, constant: 0 },
    ],
  };
}
