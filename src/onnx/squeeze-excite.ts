import type { ConvUnit, Unit } from "./units.ts";

/** What a squeeze-excite computes beside the tensor that it multiplies. */
export interface Gate {
  /** Whose channels are averaged. */
  readonly of: Unit;
  /** Channels between the two convs. */
  readonly squeezed: number;
  /** The average and the two convs. */
  readonly parts: readonly Unit[];
}

/** The gate that a sigmoid of this unit ends: the average of every channel, a 1x1 conv, ReLU and a 1x1 conv; undefined where it is another thing. */
export function gateOf(excite: Unit): Gate | undefined {
  const [squeeze] = excite.inputs;
  const [average] = squeeze?.inputs ?? [];
  const [of] = average?.inputs ?? [];
  if (of === undefined || average.kind !== "average" || !isPointwise(squeeze) || !isPointwise(excite)) return undefined;
  if (!squeeze.relu || excite.relu || excite.channels !== of.channels) return undefined;
  return { of, squeezed: squeeze.channels, parts: [average, squeeze, excite] };
}

function isPointwise({ conv }: Unit): boolean {
  // One channel to one channel is depthwise and is not.
  const dense = ({ kernel, stride, depthwise, inChannels }: ConvUnit) =>
    kernel === 1 && stride === 1 && !(depthwise && inChannels > 1);
  return conv !== undefined && dense(conv) && conv.squeeze === undefined;
}
