import { UserError } from "../base/user-error.ts";
import { parseYamlText } from "../base/yaml-text.ts";
import { checkedFigures, type OperatorFigures } from "../operators/operator-figures.ts";
import type { OperatorModel } from "../operators/operator-model.ts";
import { type OperatorUnit, refuseUnit } from "../operators/operator-table.ts";
import { readOperatorTable } from "../operators/read-table.ts";
import { isRecord, partText } from "./devices.ts";

/** As one writes it: a shipped model by name, at so much of its unit a millisecond or millijoule; a table or a model. */
export type OperatorsInput = string | { readonly model: string; readonly perUnit?: number } | OperatorFigures;

/**
 * The operators that a raw configuration names or holds.
 * @throws UserError where there is no shipped model of that name, or it is neither a table nor a model
 */
export function chosenOperators(value: unknown, where: string): OperatorFigures {
  if (typeof value === "string") return shippedModel(value, where);
  if (!isRecord(value) || typeof value["model"] !== "string") return checkedFigures(value, where);
  const { model, ...changes } = value;
  return checkedFigures({ ...shippedModel(model as string, where), ...changes }, where);
}

function shippedModel(name: string, where: string): OperatorModel {
  const model = parseYamlText(partText("operators", name, where), name) as object;
  return checkedFigures({ name, ...model }, name) as OperatorModel;
}

/**
 * `chosenOperators` for a key of a configuration.
 * @throws UserError as it, and where a table says that its values are of the other key
 */
export function operatorsOf(key: "latency" | "energy", value: unknown, where: string): OperatorFigures {
  const figures = chosenOperators(value, where);
  const [unit, other]: [OperatorUnit, string] = key === "latency" ? ["ms", "energy"] : ["mJ", "latency"];
  refuseUnit(figures, unit, where, `give it as ${other}, or correct its header`);
  return figures;
}

/** Whether a name is that of a file: those of shipped models have no dot. */
export function isOperatorFile(name: string): boolean {
  return /[\\/.]/.test(name);
}

/**
 * What a file of operators holds: a model in YAML, else a table.
 * @param where names it in messages
 * @throws UserError where it is neither
 */
export function readOperators(text: string, where: string, name: string): OperatorFigures {
  if (!/\.ya?ml$/i.test(where)) return readOperatorTable(text, where, name);
  const model = parseYamlText(text, where);
  if (!isRecord(model))
    throw new UserError(`${where}: expected a model of operators, got something else; see docs/latency.md`);
  return checkedFigures({ name, ...model }, where);
}
