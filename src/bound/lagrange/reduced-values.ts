import type { ChainBlock } from "../graph/chain.ts";
import type { LayerFigures } from "../graph/layer-figures.ts";

/** What a reduced value is: valueScale * value less what the costs are at the multipliers. */
export interface Prices {
  readonly multipliers: readonly number[];
  /** 1, or 0 to price costs alone. */
  readonly valueScale: number;
}

/** Fills out[shape * classes + class] with the best reduced value over the pairs of the class, for the shapes listed or all of the table. */
export function reducedValues(
  block: ChainBlock,
  table: LayerFigures,
  shapes: Int32Array | null,
  { multipliers, valueScale }: Prices,
  out: Float64Array,
): void {
  const classes = out.length / table.shapes;
  const { gain, factor, pairClass, goodPairs } = block;
  const dimensions = multipliers.length;
  const { value, base, slope } = table;
  const count = shapes === null ? table.shapes : shapes.length;
  for (let j = 0; j < count; j++) {
    const s = shapes === null ? j : shapes[j];
    let fixed = valueScale === 1 || value[s] === Number.NEGATIVE_INFINITY ? value[s] : 0;
    for (let d = 0; d < dimensions; d++) fixed -= multipliers[d] * base[d][s];
    const at = s * classes;
    for (let c = 0; c < classes; c++) out[at + c] = Number.NEGATIVE_INFINITY;
    const price = dimensions === 0 ? 0 : multipliers[0] * slope[0][s];
    for (let g = 0; g < goodPairs.length; g++) {
      const p = goodPairs[g];
      let sum = valueScale * gain[p];
      if (dimensions > 0) sum -= price * factor[0][p];
      for (let d = 1; d < dimensions; d++) sum -= multipliers[d] * slope[d][s] * factor[d][p];
      sum += fixed;
      const c = at + pairClass[p];
      if (sum > out[c]) out[c] = sum;
    }
  }
}

/** The pair of a class with the greatest reduced value for a shape. */
export function bestPair(
  block: ChainBlock,
  table: LayerFigures,
  s: number,
  c: number,
  multipliers: readonly number[],
): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (const p of block.goodPairs) {
    if (block.pairClass[p] !== c) continue;
    const sum = multipliers.reduce((x, m, d) => x - m * table.slope[d][s] * block.factor[d][p], block.gain[p]);
    if (sum > most) [most, best] = [sum, p];
  }
  return best;
}
