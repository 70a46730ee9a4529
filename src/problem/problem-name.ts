import { createHash } from "node:crypto";
import type { Config } from "../config/config.ts";
import type { CostName } from "../costs/cost-table.ts";

/**
 * Names what is proven of a configuration: a hash of all of it but its name and what only its search heeds.
 * @param without a budget that is left out, where what is proven holds along it
 */
export function problemName(config: Config, without?: CostName): string {
  const { name: _, search: __, budgets, ...rest } = config;
  const limits = Object.fromEntries(
    Object.entries(budgets).filter(([budget, limit]) => budget !== without && limit !== undefined),
  );
  return createHash("sha256")
    .update(JSON.stringify([rest, limits]))
    .digest("hex")
    .slice(0, 32);
}
