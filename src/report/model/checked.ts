import { UserError } from "../../base/user-error.ts";
import { networkOf } from "../../network/structure.ts";
import { AnalyticScore } from "../../score/analytic.ts";
import { ExpectedScore } from "../../score/expected/expected.ts";
import { resolutionOf, structureOf } from "../../space/genome.ts";
import type { CheckedLayers } from "./model.ts";
import type { OpenRun } from "./open-run.ts";

/** The best network by the closed form and by the mean of the measured score, layer by layer; null where there is no network or no such score. */
export function checkedLayers({ row, problem }: OpenRun): CheckedLayers | null {
  const { checkpoint } = row;
  if (checkpoint === undefined || checkpoint.scores.length === 0) return null;
  const { space, config } = problem;
  const network = networkOf(structureOf(space, checkpoint.genomes, 0), resolutionOf(space, checkpoint.genomes, 0));
  try {
    const analytic = new AnalyticScore(config.score).detail(network);
    const expected = new ExpectedScore(config.score).detail(network);
    return {
      analytic: analytic.score,
      expected: expected.score,
      layers: Array.from(expected.blocks, (gain, layer) => ({
        block: network.block[layer],
        difference: gain - analytic.blocks[layer],
      })),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return null;
  }
}
