import type { ConvSizes, Kernels, Moments } from "../kernel/kernels.ts";

/** What one conv did: its shape, the time it took and the moments of its output. */
export interface ConvRun {
  readonly sizes: ConvSizes;
  ms: number;
  sum: number;
  sumOfSquares: number;
}

/** Kernels that pass every call on and write down how long it took. */
export class TimedKernels implements Kernels {
  readonly #kernels: Kernels;
  /** Of the convs since `runs` was last emptied, in order. */
  readonly runs: ConvRun[] = [];

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  get name(): Kernels["name"] {
    return this.#kernels.name;
  }

  get buffer(): ArrayBuffer {
    return this.#kernels.buffer;
  }

  get moments(): Moments {
    return this.#kernels.moments;
  }

  reserve(bytes: number): void {
    this.#kernels.reserve(bytes);
  }

  scratchBytes(sizes: Readonly<ConvSizes>): number {
    return this.#kernels.scratchBytes(sizes);
  }

  pointwise(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#time(sizes, () => this.#kernels.pointwise(out, input, weights, scratch, sizes));
  }

  depthwise(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#time(sizes, () => this.#kernels.depthwise(out, input, weights, scratch, sizes));
  }

  dense(out: number, input: number, weights: number, scratch: number, sizes: Readonly<ConvSizes>): void {
    this.#time(sizes, () => this.#kernels.dense(out, input, weights, scratch, sizes));
  }

  #time(sizes: Readonly<ConvSizes>, conv: () => void): void {
    const start = performance.now();
    conv();
    const ms = performance.now() - start;
    const { sum, sumOfSquares } = this.#kernels.moments;
    this.runs.push({ sizes: { ...sizes }, ms, sum, sumOfSquares });
  }
}
