import type { BitPair } from "../../network/bits.ts";
import type { SpaceDescription } from "../graph/space-description.ts";
import type { Allowance } from "./allowance.ts";
import type { LayerMeter } from "./layer-meter.ts";

const none = Number.NEGATIVE_INFINITY;

interface Shape {
  /** Index of the out channels. */
  readonly o: number;
  readonly out: number;
  readonly k: number;
  readonly btn: number;
}

/** What the layers behind a block's first have, index shape * pairs + pair. */
interface RestFigures {
  readonly value: Float64Array;
  /** Index (shape * pairs + pair) * costs + cost. */
  readonly costs: Float64Array;
  readonly next: Int32Array;
}

/** What the check of a space knows of a block. */
export interface BlockTables {
  readonly ins: readonly number[];
  readonly shapes: readonly Shape[];
  readonly pairs: readonly BitPair[];
  /** Index into the meter's bits of every pair. */
  readonly classes: readonly number[];
  readonly maxDepth: number;
  readonly rest: RestFigures;
  /** Behind n layers of a shape, n >= 1: the best score - prices * costs of what follows, index ((n - 1) * shapes + shape) * bits + class. */
  readonly inside: Float64Array;
}

/** The tables of block `b`, before anything is measured. @throws UserError where they take more memory than is allowed */
export function blockTables(
  { blocks, inputChannels }: SpaceDescription,
  b: number,
  { bits, sums }: Pick<LayerMeter, "bits" | "sums">,
  allowance: Allowance,
): BlockTables {
  const { outs, kernels, bottlenecks, pairs, maxDepth } = blocks[b];
  const shapes: Shape[] = [];
  outs.forEach((out, o) => {
    for (const k of kernels) for (const btn of bottlenecks(out)) shapes.push({ o, out, k, btn });
    allowance.take(kernels.length * bottlenecks(out).length * 64);
  });
  const figures = maxDepth > 1 ? shapes.length * pairs.length : 0;
  allowance.take(44 * figures + 8 * maxDepth * shapes.length * bits.length);
  return {
    ins: b === 0 ? [inputChannels] : blocks[b - 1].outs,
    shapes,
    pairs,
    classes: pairs.map(({ a }) => bits.indexOf(a || 8)),
    maxDepth,
    rest: {
      value: new Float64Array(figures).fill(none),
      costs: new Float64Array(figures * sums.length),
      next: new Int32Array(figures),
    },
    inside: new Float64Array(maxDepth * shapes.length * bits.length).fill(none),
  };
}
