import type { OperatorFigures } from "../operators/operator-figures.ts";

/*
 * What is known of a program that runs networks on a microcontroller, as far as their memory depends on it. Plain data, presets/runtimes/*.yaml
 * with the source of every number; docs/memory.md says what each key means.
 */

/** Whether an operation writes over its input or beside it. */
export type Place = "in-place" | "separate";

/**
 * Bytes of scratch of one kind of conv: a number each for the sizes that it grows with. k is the kernel, r the pixels of one side of the input.
 */
export interface Scratch {
  readonly constant: number;
  /** Input channels. */
  readonly input: number;
  /** Output channels. */
  readonly output: number;
  /** Output channels, where the conv adds a shortcut as it writes. */
  readonly added: number;
  /** k k, and k k times the input channels, as a whole in groups: a patch of the input. */
  readonly kernel: number;
  readonly patch: number;
  /** k k times input and output channels: every weight. */
  readonly weights: number;
  /** k r: rows of a plane. */
  readonly rows: number;
  /** (r + k - 1)^2: a padded plane. */
  readonly plane: number;
}

export interface Runtime {
  readonly name: string;
  /** Bits at which activations and weights can be stored and run, ascending, in all pairs. Others are stored at the next that can hold them. */
  readonly activations: readonly number[];
  readonly weights: readonly number[];
  /** Tensors and weights are stored in groups of so many channels, the image excepted. */
  readonly channels: number;
  /** A tensor is filled up to so many of these groups, so that whatever its bits are it ends at a whole word, or a larger unit. */
  readonly alignment: number;
  /** Where a depthwise conv, the addition of a shortcut and the pool of a strided shortcut write. */
  readonly depthwise: Place;
  readonly addition: Place;
  readonly pool: Place;
  /** Whether an expansion and the depthwise conv behind it are one kernel, so that what is between them is never stored whole. */
  readonly expansion: "fused" | "separate";
  /** Whether the last conv sums its output up for the classifier instead of storing it. */
  readonly average: "fused" | "separate";
  /** Scratch by kind of conv: k x k over all channels, 1x1, depthwise, the fused expansion and depthwise conv, the last conv with its average. */
  readonly scratch: {
    readonly dense: Scratch;
    readonly pointwise: Scratch;
    readonly depthwise: Scratch;
    readonly expansion: Scratch;
    readonly average: Scratch;
  };
  /** Constant bytes in flash: an output channel of a conv, a conv, an output of the classifier, the classifier. */
  readonly constants: {
    readonly channel: number;
    readonly conv: number;
    readonly class: number;
    readonly classifier: number;
  };
  /** KiB that its own code, stack and tables take of a device's memories. */
  readonly reserve: { readonly sram: number; readonly flash: number };
}

/** What is known of where networks run, beside what they cost alone. */
export interface Deployment {
  readonly runtime?: Runtime | undefined;
  /** Outputs of the classifier behind a network; 0 for none. */
  readonly classes: number;
  /** Measured operators, in milliseconds and in millijoules. */
  readonly latency?: OperatorFigures | undefined;
  readonly energy?: OperatorFigures | undefined;
}

/** A runtime, and the outputs of the classifier. */
export type RuntimeDeployment = Pick<Deployment, "classes"> & { readonly runtime: Runtime };

/** The part that has to do with memory, where a runtime is known. */
export function withRuntime(deployment: Deployment | undefined): RuntimeDeployment | undefined {
  return deployment?.runtime === undefined ? undefined : (deployment as RuntimeDeployment);
}

/** A deployment of these parts; undefined where nothing is known. */
export function deploymentWith(deployment: Deployment): Deployment | undefined {
  const { runtime, latency, energy } = deployment;
  return runtime === undefined && latency === undefined && energy === undefined ? undefined : deployment;
}
