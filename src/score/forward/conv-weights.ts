import { type ConvSizes, weightCount, weightDepth } from "../../kernel/kernels.ts";
import type { NoisePools } from "../../kernel/noise-pools.ts";
import { quantisedStd } from "../quantised-gaussian.ts";

/** Address of a conv's weights: a slice of the noise, or put together at `target` where they are too many. */
export function convWeights(
  noise: NoisePools,
  target: number,
  sizes: Readonly<ConvSizes>,
  { bits, repeat, conv }: Drawn,
): number {
  const { arithmetic, outChannels } = sizes;
  const count = weightCount(sizes);
  return noise.slice(target, arithmetic, bits, repeat, conv, outChannels, inner(sizes), count);
}

/**
 * What the variance of a conv's output grows by where its drawn weights get the second moment that they have in expectation.
 * @param sigma standard deviation of weights before they are quantised
 */
export function rescaling(
  noise: NoisePools,
  sizes: Readonly<ConvSizes>,
  { bits, repeat, conv }: Drawn,
  sigma: number,
): number {
  const { arithmetic, outChannels } = sizes;
  const drawn = noise.meanSquare(arithmetic, bits, repeat, conv, outChannels, inner(sizes), weightCount(sizes));
  return (sizes.limit > 0 ? quantisedStd(sigma, bits) ** 2 : 1) / drawn;
}

interface Drawn {
  /** Of the weights; 0: full precision. */
  readonly bits: number;
  readonly repeat: number;
  /** Index among the main-path convs. */
  readonly conv: number;
}

/** Tells weight tensors of as many output channels apart. */
function inner(sizes: Readonly<ConvSizes>): number {
  return 2 * weightDepth(sizes) + (sizes.depthwise ? 1 : 0);
}
