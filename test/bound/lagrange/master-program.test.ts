import fc from "fast-check";
import { expect, test } from "vitest";
import { type Column, priceBudgets } from "../../../src/bound/lagrange/master-program.ts";

/** Columns with whole-numbered figures, so that ties and degenerate corners are common. */
const columnsOf = (dimensions: number): fc.Arbitrary<Column[]> =>
  fc.array(
    fc.record({
      value: fc.integer({ min: -20, max: 40 }),
      costs: fc.array(
        fc.integer({ min: 0, max: 12 }).map((x) => x / 4),
        { minLength: dimensions, maxLength: dimensions },
      ),
    }),
    { minLength: 1, maxLength: 6 },
  );

/**
 * The greatest value of a mixture within the budgets, by trying every corner: a corner mixes k columns and has k - 1 budgets spent to the last.
 * -Infinity where no mixture is within the budgets.
 */
function bestMixture(columns: readonly Column[], dimensions: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let set = 1; set < 1 << columns.length; set++) {
    const chosen = columns.filter((_, k) => (set >> k) & 1);
    for (let tight = 0; tight < 1 << dimensions; tight++) {
      const spent = Array.from({ length: dimensions }, (_, d) => d).filter((d) => (tight >> d) & 1);
      if (spent.length !== chosen.length - 1) continue;
      const shares = solve([chosen.map(() => 1), ...spent.map((d) => chosen.map(({ costs }) => costs[d]))]);
      if (shares === undefined || shares.some((share) => share < -1e-9)) continue;
      const total = (of: (column: Column) => number) => chosen.reduce((sum, c, k) => sum + shares[k] * of(c), 0);
      if (Array.from({ length: dimensions }, (_, d) => total(({ costs }) => costs[d])).some((c) => c > 1 + 1e-9))
        continue;
      best = Math.max(
        best,
        total(({ value }) => value),
      );
    }
  }
  return best;
}

/** x with every row times x equal to 1; undefined where that is not one x. */
function solve(rows: readonly (readonly number[])[]): number[] | undefined {
  const a = rows.map((row) => [...row, 1]);
  const n = a.length;
  for (let c = 0; c < n; c++) {
    const pivot = a.findIndex((row, r) => r >= c && Math.abs(row[c]) > 1e-9);
    if (pivot < 0) return undefined;
    [a[c], a[pivot]] = [a[pivot], a[c]];
    a[c] = a[c].map((x) => x / a[c][c]);
    for (let r = 0; r < n; r++) if (r !== c) a[r] = a[r].map((x, k) => x - a[r][c] * a[c][k]);
  }
  return a.map((row) => row[n]);
}

test.each([1, 2, 3])("with %i budgets the prices are those of the best mixture of columns", (dimensions) => {
  let within = 0;
  fc.assert(
    fc.property(columnsOf(dimensions), (columns) => {
      const { prices, value } = priceBudgets(columns, dimensions);
      const best = bestMixture(columns, dimensions);
      expect(prices.every((price) => price >= 0)).toBe(true);
      if (best === Number.NEGATIVE_INFINITY) {
        // Some budget is exceeded by every mixture: its price says that it counts as impossible to keep.
        expect(value).toBeLessThan(Math.min(...columns.map((column) => column.value)));
        expect(Math.max(...prices)).toBeGreaterThan(1e5);
        return;
      }
      within++;
      expect(value).toBeCloseTo(best, 6);
      // Strong duality: at these prices no column is worth more than the value.
      const dual = Math.max(
        ...columns.map((column) => column.costs.reduce((sum, cost, d) => sum - prices[d] * cost, column.value)),
      );
      expect(dual + prices.reduce((sum, price) => sum + price, 0)).toBeCloseTo(best, 5);
    }),
    { numRuns: 400, seed: 3 },
  );
  expect(within).toBeGreaterThan(100);
});
