import type { Network } from "../network/network.ts";
import type { ScoreDetail } from "./analytic.ts";

/** A score that is computed network by network, by a formula without noise. */
export interface ComputedScore {
  /** @throws UserError where no network of this shape can be scored */
  check(network: Network): void;
  /** The score with its parts: stages and layers, where it has such. @throws UserError as `check` does */
  detail(network: Network): ScoreDetail;
  /** The score alone, of a network that was checked. */
  score(network: Network): number;
}
