import type { Config } from "./config.ts";
import { Network } from "./network.ts";
import { checkScorable } from "./pool/scorer.ts";
import { budgetLimits } from "./search-problem.ts";
import { checkBudgetsCanBeMet, fitStart, overBudget } from "./space/fit-start.ts";
import { decode, encode } from "./space/genome.ts";
import type { Space } from "./space/space.ts";
import { UserError } from "./user-error.ts";

/** Where a search starts: the genome, and what was changed to make it fit. */
export interface StartNetwork {
  readonly genome: Uint8Array;
  readonly changes: readonly string[];
}

/** The start network's genome, and what was changed to make it fit. @throws UserError where it is outside the space or over budget */
export function startGenome(config: Config, space: Space): StartNetwork {
  const genome = encode(space, config.space.start, space.options.resolutions[0], "space.start");
  const network = new Network(space.convCapacity);
  decode(space, genome, 0, network);
  checkScorable(config, network);
  const limits = budgetLimits(config);
  const over = overBudget(space, genome, config.classes, limits);
  if (over.length === 0) return { genome, changes: [] };
  if (config.search.fitStart ?? config.device !== undefined) return fitStart(space, genome, config.classes, limits);
  checkBudgetsCanBeMet(space, config.classes, limits);
  throw new UserError(
    `space.start is over budget: ${over.join("; ")}; raise the budget, start from a smaller network, or set search.fitStart=true to shrink this one`,
  );
}
