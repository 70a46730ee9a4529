import { UserError } from "../base/user-error.ts";
import { checkedModel, type OperatorModel } from "./operator-model.ts";
import { checkedTable, type OperatorTable } from "./operator-table.ts";

/** What operators take: as they were measured, or fitted to that. */
export type OperatorFigures = OperatorTable | OperatorModel;

/**
 * Checks what a configuration holds as one.
 * @param where names it in messages
 * @throws UserError where it is none
 */
export function checkedFigures(value: unknown, where: string): OperatorFigures {
  if (typeof value === "object" && value !== null && "kinds" in value) return checkedModel(value, where);
  if (typeof value !== "string") return checkedTable(value, where);
  throw new UserError(
    `${where}: expected what a table of operators holds, got the name ${JSON.stringify(value)}; give that`,
  );
}
