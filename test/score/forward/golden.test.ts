import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { networkOf, parseStructure, type Structure } from "../../../src/network/structure.ts";
import { ForwardScore } from "../../../src/score/forward/forward.ts";

const base = { stageWeights: [0, 0, 1, 1, 6], noiseSeed: 1, kernel: "simd" } as const;
const sigmas = { sigmaActivation: 5, sigmaWeight: 4 };

/** Means and spreads of an independent implementation; see golden/README in the fixture's origin. */
interface Golden {
  structure: Structure;
  resolution: number;
  batch: number;
  repeats: number;
  sigma_act: number;
  sigma_weight: number;
  score_mean: number;
  score_std: number;
  block_log_std_mean: number[];
  block_log_std_std: number[];
}

const golden: Golden[] = JSON.parse(
  readFileSync(new URL("../../fixtures/forward-entropy.json", import.meta.url), "utf8"),
);
/** QES_SLOW_TESTS=1 runs every network; else those at 64 pixels and one at 224. */
const slow = process.env.QES_SLOW_TESTS === "1";
const chosen = golden.filter(({ resolution }, i) => slow || resolution === 64 || i === 2);

describe("golden means of an independent implementation", () => {
  test.each(chosen.map((row, i) => [i, row.resolution, row] as const))(
    "network %i at %i pixels",
    (_i, resolution, row) => {
      const forward = new ForwardScore({
        ...base,
        sigmaActivation: row.sigma_act,
        sigmaWeight: row.sigma_weight,
        repeats: row.repeats,
        batch: row.batch,
      });
      const detail = forward.detail(networkOf(parseStructure(row.structure, "golden"), resolution));
      const error = (std: number, goldenStd: number) => Math.sqrt((std ** 2 + goldenStd ** 2) / row.repeats);
      expect(Math.abs(detail.score - row.score_mean)).toBeLessThan(4 * error(detail.scoreStd!, row.score_std));
      // The spread of a spread over n repeats is about 1 / sqrt(2 n) of it.
      expect(detail.scoreStd! / row.score_std).toBeGreaterThan(0.5);
      expect(detail.scoreStd! / row.score_std).toBeLessThan(2);
      row.block_log_std_mean.forEach((mean, block) => {
        const bound = 4 * error(detail.blockStds![block], row.block_log_std_std[block]);
        expect(Math.abs(detail.blocks[block] - mean)).toBeLessThan(bound);
      });
    },
  );
});

test("weights rescaled to their second moment leave the mean and take a part of a draw's spread", () => {
  const row = golden[4];
  const network = networkOf(parseStructure(row.structure, "golden"), row.resolution);
  const options = { ...base, ...sigmas, batch: 1, repeats: 64 };
  const drawn = new ForwardScore(options).detail(network);
  const rescaled = new ForwardScore({ ...options, rescaled: true }).detail(network);
  expect(rescaled.scoreStd! / drawn.scoreStd!).toBeLessThan(0.85);
  const error = Math.hypot(rescaled.scoreError!, row.score_std / Math.sqrt(row.repeats));
  // The logarithm of a mean square is below 0 on average: up to 0.1 of these scores, which rescaling gives back.
  expect(Math.abs(rescaled.score - row.score_mean)).toBeLessThan(3 * error + 0.1);
});

test("the score of a thinned network is near the full one's", () => {
  const row = golden[3];
  const network = networkOf(row.structure, 64);
  const full = new ForwardScore({ ...base, ...sigmas, batch: 1, repeats: 8 }).score(network);
  const thin = new ForwardScore({ ...base, ...sigmas, batch: 1, repeats: 8, maxChannels: 32 }).score(network);
  expect(Math.abs(thin / full - 1)).toBeLessThan(0.01);
  expect(thin).not.toBe(full);
  expect(new ForwardScore({ ...base, ...sigmas, batch: 1, repeats: 8, maxChannels: 4096 }).score(network)).toBe(full);
});
