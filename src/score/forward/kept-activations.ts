import { type ConvSizes, Format, type Kernels, TENSOR_SLACK } from "../../kernel/kernels.ts";
import { Arena } from "./arena.ts";

/**
 * A stack of activations behind the arena: what shared prefixes of a sorted batch left after some of their convs.
 * Every entry is a prefix of the next one.
 */
export class KeptActivations {
  readonly #kernels: Kernels;
  readonly #mostBytes: number;
  #base = 0;
  #size = 0;
  readonly #depths: number[] = [];
  readonly #addresses: number[] = [];
  readonly #ends: number[] = [];
  readonly #formats: Format[] = [];
  readonly #stds: number[] = [];

  constructor(kernels: Kernels, mostBytes: number) {
    this.#kernels = kernels;
    this.#mostBytes = mostBytes;
  }

  /** The last kept activation; only where `rewind` gave more than 0. */
  get address(): number {
    return this.#addresses[this.#size - 1];
  }

  get format(): Format {
    return this.#formats[this.#size - 1] ?? Format.float32;
  }

  get std(): number {
    return this.#stds[this.#size - 1];
  }

  /** Forgets everything and begins at an address. */
  clear(base: number): void {
    this.#base = base;
    this.#size = 0;
  }

  /** Forgets what lies deeper than `depth` convs; returns the depth of what is left, 0 where nothing is. */
  rewind(depth: number): number {
    while (this.#size > 0 && this.#depths[this.#size - 1] > depth) this.#size--;
    return this.#size > 0 ? this.#depths[this.#size - 1] : 0;
  }

  /** Keeps the output of a conv, where there is room. */
  push(depth: number, out: number, std: number, sizes: Readonly<ConvSizes>): void {
    const at = this.#size > 0 ? this.#ends[this.#size - 1] : this.#base;
    const bytes = Arena.outBytes(sizes);
    if (at + bytes - this.#base > this.#mostBytes) return;
    this.#kernels.reserve(at + bytes + TENSOR_SLACK);
    new Uint8Array(this.#kernels.buffer).copyWithin(at, out, out + bytes);
    const i = this.#size++;
    this.#depths[i] = depth;
    this.#addresses[i] = at;
    this.#ends[i] = at + bytes;
    this.#formats[i] = sizes.outFormat;
    this.#stds[i] = std;
  }
}
