/** A path as the master program sees it: its score and its cost under every additive budget, in units of the budget. */
export interface Column {
  readonly value: number;
  readonly costs: readonly number[];
}

/** Price of one budget-unit of excess: above it a budget counts as impossible to keep. */
const EXCESS_PRICE = 1e7;
const ROUNDING = 1e-11;

/**
 * The prices at which the known paths, mixed, would use the budgets best: the dual of
 * max sum m_k value_k, sum m_k = 1, sum m_k costs_k <= 1 in every dimension. Source: Dantzig and Wolfe's decomposition; a revised simplex method on D + 1 rows.
 * @returns prices >= 0, per budget-unit, and the program's value, which no Lagrangian bound over more paths can be below
 */
export function priceBudgets(columns: readonly Column[], dimensions: number): { prices: number[]; value: number } {
  const rows = dimensions + 1;
  const unit = (d: number, x: number) => Array.from({ length: rows }, (_, r) => (r === d ? x : 0));
  const all = [
    ...columns.map((c) => ({ value: c.value, entries: [...c.costs, 1] })),
    ...Array.from({ length: dimensions }, (_, d) => ({ value: 0, entries: unit(d, 1) })),
    ...Array.from({ length: dimensions }, (_, d) => ({ value: -EXCESS_PRICE, entries: unit(d, -1) })),
  ];
  const right = new Array(rows).fill(1);
  const excess = columns[0].costs.map((cost, d) => columns.length + (cost > 1 ? dimensions : 0) + d);
  const basis = [...excess, 0];
  for (let step = 0; ; step++) {
    const matrix = basis.map((j) => all[j].entries);
    const dual = solveLinear(
      matrix,
      basis.map((j) => all[j].value),
    );
    const primal = solveLinear(transpose(matrix), right);
    let entering = -1;
    let best = ROUNDING * EXCESS_PRICE;
    for (let j = 0; j < all.length && step < 400; j++) {
      if (basis.includes(j)) continue;
      const gain = all[j].entries.reduce((sum, x, r) => sum - x * dual[r], all[j].value);
      const merit = gain / Math.max(1, Math.abs(all[j].value) / EXCESS_PRICE);
      if (merit > best) [best, entering] = [merit, j];
    }
    if (entering < 0) {
      const value = basis.reduce((sum, j, r) => sum + all[j].value * primal[r], 0);
      return { prices: dual.slice(0, dimensions).map((x) => Math.max(0, x)), value };
    }
    const direction = solveLinear(transpose(matrix), all[entering].entries);
    let leaving = -1;
    let ratio = Number.POSITIVE_INFINITY;
    for (let r = 0; r < rows; r++) {
      if (direction[r] <= ROUNDING) continue;
      const x = Math.max(0, primal[r]) / direction[r];
      if (x < ratio) [ratio, leaving] = [x, r];
    }
    if (leaving < 0)
      return { prices: dual.slice(0, dimensions).map((x) => Math.max(0, x)), value: Number.POSITIVE_INFINITY };
    basis[leaving] = entering;
  }
}

function transpose(matrix: readonly (readonly number[])[]): number[][] {
  return matrix.map((_, c) => matrix.map((row) => row[c]));
}

/** x with matrix x = right, by Gaussian elimination with row pivoting. */
function solveLinear(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const a = matrix.map((row, r) => [...row, right[r]]);
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(a[r][c]) > Math.abs(a[pivot][c])) pivot = r;
    [a[c], a[pivot]] = [a[pivot], a[c]];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const f = a[r][c] / a[c][c];
      for (let k = c; k <= n; k++) a[r][k] -= f * a[c][k];
    }
  }
  return a.map((row, r) => row[n] / row[r]);
}
