/** A conv as tables and models of operators know it. */
export interface Operator {
  readonly depthwise: boolean;
  readonly inChannels: number;
  /** Pixels of one side of its input. */
  readonly side: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  /** Whether it adds a shortcut as it writes. */
  readonly fused: boolean;
}

/** An image has so many channels; operators that read one are apart from others. */
export const IMAGE_CHANNELS = 3;

/** Figures are whole multiples of its inverse, 2^-30, about a picosecond in milliseconds, so that sums up to 2^23 are exact in any order. */
export const GRID = 2 ** 30;
