/**
 * How far the values at one place of a map are from a single Gaussian: relative variances of their energy. `pixels`: between pixels, in all channels alike;
 * `channels`: between channels; `all`: of both together and of what is left, as the kurtosis 3 (1 + all) has it, which may be below 3. Noise begins at 0.
 * Source: the fourth moments of sums of independent products, docs/expected-score.md.
 */
export class Spread {
  pixels = 0;
  channels = 0;
  all = 0;

  reset(): void {
    this.pixels = 0;
    this.channels = 0;
    this.all = 0;
  }

  /** A quantiser leaves this share of the variances. */
  shrink(left: number): void {
    this.pixels *= left;
    this.channels *= left;
  }

  /**
   * Behind a conv of random weights.
   * @param taps k * k
   * @param perGroup input channels of an output channel
   * @param kurtosisA,kurtosisW E q^4 / (E q^2)^2 of the quantised Gaussians; 3 at full precision
   * @returns the relative variance of an output channel's energy that its own weights make
   */
  convolve(taps: number, perGroup: number, depthwise: boolean, kurtosisA: number, kurtosisW: number): number {
    const { pixels, channels } = this;
    const fanIn = perGroup * taps;
    // Neighbours are taken to be independent.
    const shared = pixels / taps;
    const own = ((kurtosisW - 1) * (1 + channels)) / fanIn;
    if (depthwise) {
      this.pixels = shared;
      this.channels = channels + own;
      this.all = (1 + channels) * (1 + (kurtosisW * kurtosisA * (1 + pixels) - 3) / (3 * fanIn)) - 1;
    } else {
      this.pixels = shared + (kurtosisA * (1 + channels) - 1) / fanIn;
      this.channels = own;
      this.all = (1 + shared) * (1 + (kurtosisW * kurtosisA * (1 + channels) - 3) / (3 * fanIn)) - 1;
    }
    return own;
  }
}
