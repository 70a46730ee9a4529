import type { Chain } from "./chain.ts";
import type { LayerFigures } from "./layer-figures.ts";

/** Whether a layer of activation class `next` may follow a layer of class `c` under the memory budgets, and the layer itself fits. */
export function mayFollow(chain: Chain, table: LayerFigures, shape: number, c: number, next: number): boolean {
  const a = chain.activations[c];
  const n = chain.activations[next];
  for (let m = 0; m < chain.memoryLimits.length; m++) {
    const { inner, lastInput, lastOutput, joinInput, joinOutput } = table.memory[m];
    const limit = chain.memoryLimits[m];
    if (inner[shape] * a > limit || lastInput[shape] * a + lastOutput[shape] * n > limit) return false;
    if (joinInput[shape] * a + joinOutput[shape] * n > limit) return false;
  }
  return true;
}

/**
 * Greatest of values[at + class] over the classes that may follow a layer.
 * @param layer its shape * classes + its class
 */
export function bestFollowing(
  chain: Chain,
  table: LayerFigures,
  layer: number,
  values: Float64Array,
  at: number,
): number {
  if (chain.memoryLimits.length === 0) return values[at];
  const classes = chain.activations.length;
  const c = layer % classes;
  const shape = (layer - c) / classes;
  let best = Number.NEGATIVE_INFINITY;
  for (let next = 0; next < classes; next++) {
    if (values[at + next] > best && mayFollow(chain, table, shape, c, next)) best = values[at + next];
  }
  return best;
}
