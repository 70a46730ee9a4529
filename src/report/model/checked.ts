import { UserError } from "../../base/user-error.ts";
import type { Config } from "../../config/config.ts";
import type { Network } from "../../network/network.ts";
import { networkOf } from "../../network/structure.ts";
import { AnalyticScore } from "../../score/analytic.ts";
import { ExpectedScore } from "../../score/expected/expected.ts";
import { type ForwardDetail, ForwardScore } from "../../score/forward/forward.ts";
import { resolutionOf, structureOf } from "../../space/genome.ts";
import type { CheckedLayers } from "./model.ts";
import type { OpenRun } from "./open-run.ts";

/** Draws whose mean is a measured score. */
const DRAWS = 16;

/** The best network by the closed form and by the mean of the measured score, layer by layer; null where there is no network or no such score. */
export function checkedLayers({ row, problem }: OpenRun, measure: boolean): CheckedLayers | null {
  const { checkpoint } = row;
  if (checkpoint === undefined || checkpoint.scores.length === 0) return null;
  const { space, config } = problem;
  const network = networkOf(structureOf(space, checkpoint.genomes, 0), resolutionOf(space, checkpoint.genomes, 0));
  try {
    const analytic = new AnalyticScore(config.score).detail(network);
    const expected = new ExpectedScore(config.score).detail(network);
    const measured = measure ? measuredDetail(config, network) : undefined;
    return {
      analytic: analytic.score,
      expected: expected.score,
      measured: measured === undefined ? null : { score: measured.score, error: measured.scoreError },
      own: ownScore(config),
      layers: Array.from(expected.blocks, (gain, layer) => ({
        block: network.block[layer],
        difference: gain - analytic.blocks[layer],
        measured: measured === undefined ? null : measured.blocks[layer] - analytic.blocks[layer],
      })),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return null;
  }
}

/** What the run itself was scored by, where that is neither the closed form nor its mean. */
function ownScore({ score }: Config): CheckedLayers["own"] {
  if (score.kind === "analytic" || score.kind === "expected") return null;
  if (score.kind !== "forward") return { kind: score.kind, draws: null, resolution: null, maxChannels: null };
  const { kind, repeats, resolution, maxChannels } = score;
  return { kind, draws: repeats, resolution: resolution ?? null, maxChannels: maxChannels ?? null };
}

function measuredDetail({ score }: Config, network: Network): ForwardDetail {
  const { stageWeights, sigmaActivation, sigmaWeight } = score;
  const own = score.kind === "forward" ? score : { batch: 1, noiseSeed: 1, kernel: "simd" as const, rescaled: true };
  const measure = new ForwardScore({ ...own, stageWeights, sigmaActivation, sigmaWeight, repeats: DRAWS });
  return measure.detail(network);
}
