import { UserError } from "../base/user-error.ts";
import { defaultScore, type ScoreConfig } from "../config/config.ts";
import type { Network } from "../network/network.ts";
import { AnalyticScore, type ScoreDetail } from "../score/analytic.ts";
import { ExpectedScore } from "../score/expected/expected.ts";
import { kindOf, type ScoreOptions } from "../score/kinds/kinds.ts";

/** How a network is scored, with whatever fields a configuration's score has besides. */
interface Scoring {
  readonly kind: ScoreConfig["kind"];
  readonly stageWeights: readonly number[];
  readonly sigmaActivation: number;
  readonly sigmaWeight: number;
  readonly resolution: number;
  readonly measuredResolution: number | undefined;
}

/** A network's score of a kind that is not measured. @throws UserError where it has none */
export function computedDetail(network: Network, settings: Scoring): ScoreDetail {
  const { kind } = settings;
  const { computed } = kindOf({ kind });
  if (computed === undefined)
    return (kind === "expected" ? new ExpectedScore(settings) : new AnalyticScore(settings)).detail(network);
  if (kind === "ensemble" && !("parts" in settings)) {
    throw new UserError("ensemble: expected its parts, of a configuration; give one with --config");
  }
  // A configuration's own fields beside those that all kinds have.
  const own = kind === "ensemble" ? {} : defaultScore(kind);
  const { resolution: _, ...given } = settings;
  return computed({ ...own, ...given, resolution: settings.measuredResolution } as ScoreOptions).detail(network);
}
