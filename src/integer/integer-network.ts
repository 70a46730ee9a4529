import type { ConvDescription, LayerDescription } from "../formats/network-description.ts";

/*
 * A network in whole numbers, as docs/integer-arithmetic.md defines it: all that a program needs to run it without a float. Activations are unsigned with zero
 * point 0, weights are two's complement, sums are int32.
 */

/** What turns sums into stored values, channel by channel: clamp((acc M + B 2^(sh - f) + held R + 2^(sh - 1)) >> sh). */
export interface Requantiser {
  /** M of every output channel, signed, 32 bits. */
  readonly multiplier: Int32Array;
  /** B of every output channel, signed, 32 bits: the bias in units of 2^-f of an output step. */
  readonly bias: Int32Array;
  /** sh, 1 to 40. */
  readonly shift: number;
  /** f, 0 to sh. */
  readonly biasShift: number;
  /** R, one of the layer, below 2^31: of the held tensor that is added; 0 where none is. */
  readonly held: number;
}

/** A conv, its batch norm and what follows it, ReLU included. */
export interface IntegerConv {
  readonly shape: ConvDescription;
  /** Shape (out, in of a group, kernel, kernel). */
  readonly weights: Int8Array;
  /** Of the stored output: the `bitsA` of the conv that reads it, 8 behind the last. */
  readonly bitsOut: number;
  readonly requantiser: Requantiser;
}

/** The 1x1 conv of a projected shortcut. It stores nothing: its sums enter those of the layer's last conv, times a multiplier of their own. */
export interface IntegerProjection {
  readonly shape: ConvDescription;
  /** Shape (out, in). */
  readonly weights: Int8Array;
  /** Of every output channel, signed, 32 bits, for the shift of the last conv, whose bias contains that of the projection. */
  readonly multiplier: Int32Array;
}

/** One inner layer; its input is held for the addition where it has a shortcut. */
export interface IntegerLayer extends Pick<LayerDescription, "block" | "inner" | "shortcut" | "stride"> {
  /** The main path. */
  readonly convs: readonly IntegerConv[];
  /** Where the shortcut is projected. */
  readonly projection?: IntegerProjection;
}

/** The global average of 8-bit values and a linear layer; what it writes is not clamped. */
export interface IntegerClassifier {
  readonly channels: number;
  /** Shape (classes, channels). */
  readonly weights: Int8Array;
  readonly requantiser: Requantiser;
}

export interface IntegerNetwork {
  readonly name: string;
  /** Of the description that the weights belong to. */
  readonly digest: string;
  /** Images are bytes of shape (resolution, resolution, channels), of which the first conv's `bitsA` high bits are read. */
  readonly resolution: number;
  readonly channels: number;
  /** Outputs of the classifier; 0: the last layer's tensor is the output. */
  readonly classes: number;
  readonly layers: readonly IntegerLayer[];
  readonly classifier?: IntegerClassifier;
  /** What one unit of the output stands for. */
  readonly outputStep: number;
}
