import { expect, test } from "vitest";
import { InlinePool } from "../../src/pool/inline.ts";
import type { Scorer } from "../../src/problem/scorer.ts";

/** The batches that a scorer of genomes of one byte was given. */
const batches: number[][] = [];
/** Scores the byte after a millisecond; 0 cannot be scored. */
const slow: Scorer = {
  genomeLength: 1,
  score(genomes) {
    batches.push([...genomes]);
    const end = performance.now() + genomes.length;
    while (performance.now() < end);
    const scores = Float64Array.from(genomes, (byte) => (byte === 0 ? Number.NaN : byte));
    return { scores, failures: [...genomes.keys()].filter((i) => genomes[i] === 0).map((i) => [i, "zero"] as const) };
  },
};

test("where a genome takes long, neighbours are scored together, and scores and failures are in the order of the genomes", async () => {
  const pool = new InlinePool(slow);
  const genomes = Uint8Array.from([9, 0, 7, 3, 0, 8, 1]);
  const first = await pool.score(genomes);
  batches.length = 0;
  const second = await pool.score(genomes);
  expect(batches.flat()).toEqual([0, 0, 1, 3, 7, 8, 9]);
  expect(second).toEqual(first);
  expect([...second.scores]).toEqual([9, Number.NaN, 7, 3, Number.NaN, 8, 1]);
  expect(second.failures).toEqual([
    [1, "zero"],
    [4, "zero"],
  ]);
});
