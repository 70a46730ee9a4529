/**
 * Memory of an inner layer whose convs share their activation bits a, n being the next layer's:
 * max(inner a, lastInput a + lastOutput n, joinInput a + joinOutput n) bytes. `last` is the last main-path conv, `join` its projection.
 */
export interface MemoryForm {
  readonly inner: number;
  readonly lastInput: number;
  readonly lastOutput: number;
  readonly joinInput: number;
  readonly joinOutput: number;
}

/** @param a activation bits of the layer @param n of the next one */
export function memoryOf(form: MemoryForm, a: number, n: number): number {
  return Math.max(form.inner * a, form.lastInput * a + form.lastOutput * n, form.joinInput * a + form.joinOutput * n);
}
