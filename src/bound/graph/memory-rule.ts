import type { Chain } from "./chain.ts";
import type { LayerFigures } from "./layer-figures.ts";

/** Whether a layer of activation class `next` may follow a layer of class `c` under the memory budgets, and the layer itself fits. */
export function mayFollow(
  { activations }: Chain,
  table: LayerFigures,
  shape: number,
  c: number,
  next: number,
): boolean {
  return table.next.length === 0 || ((table.next[shape * activations.length + c] >> next) & 1) === 1;
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
  if (table.next.length === 0) return values[at];
  const mask = table.next[layer];
  let best = Number.NEGATIVE_INFINITY;
  for (let next = 0; next < chain.activations.length; next++) {
    if (values[at + next] > best && ((mask >> next) & 1) === 1) best = values[at + next];
  }
  return best;
}
