import { UserError } from "../base/user-error.ts";
import type { Config } from "../config/config.ts";
import { Network } from "../network/network.ts";
import { decode, encode } from "../space/genome.ts";
import type { Space } from "../space/space.ts";
import { checkBudgetsCanBeMet, fitStart, overBudget } from "./fit-start.ts";
import { budgetLimits } from "./problem.ts";
import { checkScorable } from "./scorer.ts";

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
