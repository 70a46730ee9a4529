import type { Tensor } from "./model.ts";
import type { Gate } from "./squeeze-excite.ts";

/** Shape of a conv as the graph has it. */
export interface ConvUnit {
  readonly kernel: number;
  readonly stride: number;
  readonly depthwise: boolean;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Of its input and its weights; 0 is full precision. */
  readonly bitsA: number;
  readonly bitsW: number;
  /** Bits of the weights were taken from their values, so that they may be fewer than meant. */
  readonly guessed: boolean;
  /** Channels between the two convs of a squeeze-excite on its input; absent where there is none. */
  readonly squeeze?: number;
}

/** Something that a graph computes of images and that a network may have as a layer. */
export interface Unit {
  readonly kind: "image" | "conv" | "add" | "pool" | "average" | "linear" | "gate" | "other";
  /** The node, in messages. */
  readonly label: string;
  /** What it reads, in order; weights are not among them. */
  readonly inputs: readonly Unit[];
  readonly channels: number;
  /** Pixels of one side. */
  readonly side: number;
  readonly conv?: ConvUnit;
  readonly gate?: Gate;
  /** Whether a ReLU, or a Clip at 0, follows. */
  relu: boolean;
}

/** What a name in a graph stands for. */
export type Value =
  | {
      readonly kind: "data";
      readonly unit: Unit;
      /** Bits at which it was quantised since its unit; 0: none. */
      readonly bits: number;
      /** Whether these are whole numbers, before DequantizeLinear, and of a signed type. */
      readonly whole: boolean;
      readonly signed: boolean;
      /** Channels in the middle of a squeeze-excite behind its unit; absent where there is none. */
      readonly squeeze?: number;
    }
  | {
      readonly kind: "constant";
      readonly tensor: Tensor;
      readonly bits: number;
      readonly whole: boolean;
      readonly signed: boolean;
      readonly guessed: boolean;
    }
  /** Shapes, and what is computed of them. */
  | { readonly kind: "shape" };

export type Data = Extract<Value, { kind: "data" }>;
export type Constant = Extract<Value, { kind: "constant" }>;
