import { UserError } from "../base/user-error.ts";
import { Network } from "../network/network.ts";
import { checkScorable } from "../score/kinds/kinds.ts";
import { decode, encode } from "../space/genome.ts";
import { checkBudgetsCanBeMet, fitStart, overBudget } from "./fit-start.ts";
import type { Problem } from "./problem.ts";

/** Where a search starts: the genome, and what was changed to make it fit. */
export interface StartNetwork {
  readonly genome: Uint8Array;
  readonly changes: readonly string[];
}

/** The start network's genome, and what was changed to make it fit. @throws UserError where it is outside the space or over budget */
export function startGenome(problem: Problem): StartNetwork {
  const { config, space } = problem;
  const genome = encode(space, config.space.start, space.options.resolutions[0], "space.start");
  const network = new Network(space.convCapacity);
  decode(space, genome, 0, network);
  checkScorable(config.score, network);
  const over = overBudget(problem, genome);
  if (over.length === 0) return { genome, changes: [] };
  if (config.search.fitStart ?? config.device !== undefined) return fitStart(problem, genome);
  checkBudgetsCanBeMet(problem);
  throw new UserError(
    `space.start is over budget: ${over.join("; ")}; raise the budget, start from a smaller network, or set search.fitStart=true to shrink this one`,
  );
}
