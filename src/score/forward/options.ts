import { UserError } from "../../base/user-error.ts";
import type { KernelName } from "../../kernel/kernels.ts";

export interface ForwardOptions {
  readonly stageWeights: readonly number[];
  /** Standard deviations of activations and weights before a quantised conv; full-precision convs use 1. */
  readonly sigmaActivation: number;
  readonly sigmaWeight: number;
  /** Draws of noise whose scores are averaged. */
  readonly repeats: number;
  /** Images of one draw. */
  readonly batch: number;
  /** Pixels of one side of the input; absent: the network's own. */
  readonly resolution?: number | undefined;
  /** Whole number below 2^53. */
  readonly noiseSeed: number;
  readonly kernel: KernelName;
  /**
   * Whether a conv's weights count as rescaled to their exact second moment, which leaves the mean and takes a third of a draw's standard deviation
   * away; absent: as they were drawn.
   */
  readonly rescaled?: boolean | undefined;
  /** Widths are capped at this many channels and the missing fan-in is added back as 0.5 ln(F / F_thin); absent: full width. */
  readonly maxChannels?: number | undefined;
}

/** @throws UserError where an option is out of its range */
export function checkOptions(options: ForwardOptions): void {
  whole("repeats", options.repeats, 1);
  whole("batch", options.batch, 1);
  whole("noiseSeed", options.noiseSeed, 0);
  if (options.maxChannels !== undefined) whole("maxChannels", options.maxChannels, 1);
  if (options.resolution !== undefined) whole("resolution", options.resolution, 1);
  positive("sigmaActivation", options.sigmaActivation);
  positive("sigmaWeight", options.sigmaWeight);
}

function whole(name: string, value: number, min: number): void {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new UserError(`${name}: expected a whole number of at least ${min}, got ${value}`);
  }
}

function positive(name: string, value: number): void {
  const rounded = Math.fround(value);
  if (!(rounded > 0 && rounded < Number.POSITIVE_INFINITY)) {
    throw new UserError(`${name}: expected a number above 0, got ${value}`);
  }
}
