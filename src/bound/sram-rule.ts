import type { Chain } from "./chain.ts";
import type { LayerFigures } from "./layer-figures.ts";

/** Whether a layer of activation class `next` may follow a layer of class `c` under the SRAM budget, and the layer itself fits. */
export function mayFollow(chain: Chain, table: LayerFigures, shape: number, c: number, next: number): boolean {
  if (chain.sram === Number.POSITIVE_INFINITY) return true;
  const a = chain.activations[c];
  if (table.sramInner[shape] * a > chain.sram) return false;
  return table.sramIn[shape] * a + table.sramOut[shape] * chain.activations[next] <= chain.sram;
}

/** Greatest of values[at + class] over the classes that may follow a layer. */
export function bestFollowing(
  chain: Chain,
  table: LayerFigures,
  shape: number,
  c: number,
  values: Float64Array,
  at: number,
): number {
  const classes = chain.activations.length;
  if (chain.sram === Number.POSITIVE_INFINITY) return values[at];
  let best = Number.NEGATIVE_INFINITY;
  for (let next = 0; next < classes; next++) {
    if (values[at + next] > best && mayFollow(chain, table, shape, c, next)) best = values[at + next];
  }
  return best;
}
