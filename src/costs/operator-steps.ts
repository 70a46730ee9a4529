import { UserError } from "../base/user-error.ts";
import { firstConv, type Network } from "../network/network.ts";
import type { Operator } from "../operators/operator.ts";
import type { OperatorFigures } from "../operators/operator-figures.ts";
import { liveSteps } from "./live-sram.ts";
import { operatorFigure, operatorOf, operatorsOf } from "./operator-costs.ts";

/** What one conv takes, and how it is known. */
export interface OperatorStep {
  readonly block: number;
  readonly inner: number;
  readonly name: string;
  readonly operator: Operator;
  /** Milliseconds or millijoules. */
  readonly value: number;
}

/**
 * Every conv in the order of execution with what it takes; their sum is the network's figure.
 * @param where names the network in messages
 * @throws UserError where an operator was not measured
 */
export function operatorSteps(network: Network, figures: OperatorFigures, where: string): OperatorStep[] {
  const operators = operatorsOf(figures);
  const named = new Map(liveSteps(network).map((step) => [step.conv, step]));
  const steps: OperatorStep[] = [];
  for (let layer = 0; layer < network.layers; layer++) {
    for (let conv = firstConv(network, layer); conv < network.layerEnd[layer]; conv++) {
      const { block, inner, name } = named.get(conv)!;
      const operator = operatorOf(network, layer, conv);
      if (!operators.knows(operator)) {
        throw new UserError(
          `${where}: ${name}: expected such an operator in ${figures.name}, got none of its kernel${operator.fused ? ", with the sum of a shortcut" : ""}; add rows of it`,
        );
      }
      steps.push({ block, inner, name, operator, value: operatorFigure(operators, network, layer, conv) });
    }
  }
  return steps;
}
