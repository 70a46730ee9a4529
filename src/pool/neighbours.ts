import type { BatchScores } from "../problem/scorer.ts";

/** Genomes in the order of their bytes. */
export interface Neighbours {
  readonly genomes: Uint8Array;
  /** Where each of them was. */
  readonly order: readonly number[];
}

/** Copies genomes into the order of their bytes: neighbours have their first blocks in common, which a batch measures once. */
export function neighbours(genomes: Uint8Array, length: number): Neighbours {
  const view = Buffer.from(genomes.buffer, genomes.byteOffset, genomes.byteLength);
  const order = Array.from({ length: genomes.length / length }, (_, i) => i);
  order.sort((i, j) => view.compare(view, j * length, (j + 1) * length, i * length, (i + 1) * length));
  const sorted = new Uint8Array(genomes.length);
  order.forEach((i, at) => {
    sorted.set(genomes.subarray(i * length, (i + 1) * length), at * length);
  });
  return { genomes: sorted, order };
}

/** The scores of neighbours, each where its genome was. */
export function inOldOrder(order: readonly number[], { scores, standardErrors, failures }: BatchScores): BatchScores {
  const placed = (values: Float64Array) => {
    const old = new Float64Array(order.length);
    order.forEach((i, at) => {
      old[i] = values[at];
    });
    return old;
  };
  const reasons = failures.map(([at, reason]) => [order[at], reason] as const);
  return {
    scores: placed(scores),
    ...(standardErrors === undefined ? {} : { standardErrors: placed(standardErrors) }),
    failures: reasons.sort(([a], [b]) => a - b),
  };
}
