import type { Network } from "../network/network.ts";
import type { ScoreDetail } from "./analytic.ts";
import type { ComputedScore } from "./computed.ts";

interface Part {
  readonly weight: number;
  readonly score: Pick<ComputedScore, "check" | "detail">;
}

/** A weighted sum of scores; its stages are the parts, weighted. */
export class EnsembleScore implements ComputedScore {
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  check(network: Network): void {
    for (const { score } of this.#parts) score.check(network);
  }

  score(network: Network): number {
    return this.#parts.reduce((sum, { weight, score }) => sum + weight * score.detail(network).score, 0);
  }

  detail(network: Network): ScoreDetail {
    const stages = Float64Array.from(this.#parts, ({ weight, score }) => weight * score.detail(network).score);
    return { score: stages.reduce((sum, part) => sum + part, 0), stages, blocks: new Float64Array(0) };
  }
}
