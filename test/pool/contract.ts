import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Config, defaultScore, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { networkOf } from "../../src/network/structure.ts";
import type { Pool } from "../../src/pool/pool.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { ForwardScore } from "../../src/score/forward/forward.ts";
import { encode, structureOf } from "../../src/space/genome.ts";
import { mutatePublished } from "../naive/mutation.ts";
import { RandomStream } from "../naive/random.ts";
import { naiveScore } from "../naive/score.ts";

const config = parseConfig(presetValue("imagenet-mixed-7.0g"), "preset");
/** A configuration that scores nothing: weights that all round to 0. */
const failing: Config = { ...config, score: { ...config.score, sigmaWeight: 0.001 } };
const space = openProblem(config).space;
const length = space.genomeLength;
const COUNT = 200;

function walkGenomes(): Uint8Array {
  const genomes = new Uint8Array(COUNT * length);
  genomes.set(encode(space, config.space.start, 224, "start"));
  const random = new RandomStream();
  random.reset(1, 2, 3);
  for (let i = 1; i < COUNT; i++) {
    genomes.copyWithin(i * length, (i - 1) * length, i * length);
    mutatePublished(space, genomes, i * length, random);
  }
  return genomes;
}

/** The contract of `Pool`, for every implementation. */
export function poolContract(name: string, open: (config: Config, genomeLength: number) => Pool): void {
  describe(name, () => {
    const genomes = walkGenomes();
    let pool: Pool;
    beforeAll(() => {
      pool = open(config, length);
    });
    afterAll(() => pool.close());

    test("scores come back in the order of the genomes, and are the naive ones", async () => {
      const { scores, failures } = await pool.score(genomes);
      expect(failures).toEqual([]);
      expect(scores).toHaveLength(COUNT);
      scores.forEach((score, i) => {
        const naive = naiveScore(structureOf(space, genomes, i * length), config.score).score;
        expect(Math.abs(score - naive)).toBeLessThan(1e-9 * Math.abs(naive));
      });
    });

    test("scores have the same bits however the genomes are split, and while other batches are on their way", async () => {
      const { scores } = await pool.score(genomes);
      for (const size of [1, 13, 100]) {
        const starts = Array.from({ length: Math.ceil(COUNT / size) }, (_, i) => i * size);
        const parts = await Promise.all(
          starts.map((first) => pool.score(genomes.slice(first * length, Math.min(COUNT, first + size) * length))),
        );
        expect(Float64Array.from(parts.flatMap((part) => [...part.scores]))).toEqual(scores);
      }
    });

    test("no genomes give no scores", async () => {
      expect(await pool.score(new Uint8Array(0))).toEqual({ scores: new Float64Array(0), failures: [] });
    });

    test("the genomes are left as they were", async () => {
      const copy = genomes.slice();
      await pool.score(genomes);
      expect(genomes).toEqual(copy);
    });

    test("what cannot be scored is NaN with a reason, in its place, and no exception", async () => {
      const other = open(failing, length);
      const { scores, failures } = await other.score(genomes);
      await other.close();
      expect([...scores].every(Number.isNaN)).toBe(true);
      expect(failures.map(([index]) => index)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
      for (const [, reason] of failures) expect(reason).toMatch(/score is/);
    });

    test("scores of several draws of noise come with their standard errors, however the genomes are split", async () => {
      const score = { ...defaultScore("forward"), repeats: 3, resolution: 32, maxChannels: 8 };
      const some = genomes.slice(0, 8 * length);
      const naive = new ForwardScore(score);
      const truth = Array.from({ length: 8 }, (_, i) =>
        naive.detail(networkOf(structureOf(space, some, i * length), 224)),
      );
      const other = open({ ...config, score }, length);
      try {
        for (const size of [8, 3]) {
          for (let first = 0; first < 8; first += size) {
            const part = await other.score(some.slice(first * length, (first + size) * length));
            const own = truth.slice(first, first + size);
            expect([...part.scores]).toEqual(own.map((detail) => detail.score));
            expect([...part.standardErrors!]).toEqual(own.map((detail) => detail.scoreError));
          }
        }
      } finally {
        await other.close();
      }
      expect((await pool.score(some)).standardErrors).toBeUndefined();
    });

    test("it may be closed twice", async () => {
      const other = open(config, length);
      await other.score(genomes.subarray(0, length));
      await other.close();
      await other.close();
    });
  });
}
