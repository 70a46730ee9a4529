import { boundProblem } from "../src/bound/problem.ts";
import { solve } from "../src/bound/solve.ts";
import { parseConfig } from "../src/config/config.ts";
import { type Costs, costs, emptyCosts } from "../src/costs/costs.ts";
import { networkOf, type Structure } from "../src/network/structure.ts";
import { openProblem } from "../src/problem/problem.ts";
import { AnalyticScore } from "../src/score/analytic.ts";

/** The study's images, space, score and device: docs/study.md, "Plan". */
export const RESOLUTION = 28;
export const CLASSES = 10;
export const LEAST_BITS = 3;
export const MOST_BITS = 8;
export const MOST_INNER_LAYERS = 4;
export const MOST_OUT = 64;
export const EXPANSIONS = [1.5, 2, 2.5, 3, 3.5, 4];
export const HEAD = 64;
export const STEMS = [8, 16];

export const scoring = { stageWeights: [1, 1, 6], sigmaActivation: 5, sigmaWeight: 4 };
export const device = { flash: 4500, sramLive: 4704, bitops: 9e6, layers: 14 };

const block = (channels: number, out: number, btn: number) => ({
  class: "SuperQuantResK1DWK1",
  in: channels,
  out,
  k: 3,
  s: 2,
  L: 1,
  btn,
  nbitsA: [4, 4, 4],
  nbitsW: [4, 4, 4],
});

const configOf = (bits: readonly number[], budgets: Partial<typeof device>) =>
  parseConfig(
    {
      name: "study",
      input: { resolution: RESOLUTION, channels: 1 },
      classes: CLASSES,
      space: {
        family: "quant-k1dwk1",
        kernels: [3],
        bits: [...bits],
        expansions: EXPANSIONS,
        stemOut: [8, 16],
        maxOut: MOST_OUT,
        maxDepth: MOST_INNER_LAYERS,
        start: [
          { class: "ConvKXBNRELU", in: 1, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
          block(8, 8, 16),
          block(8, 16, 24),
          { class: "ConvKXBNRELU", in: 16, out: HEAD, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
        ],
      },
      score: { kind: "analytic", ...scoring },
      budgets,
      search: { fitStart: true },
    },
    "study",
  );

/** The proven optimum of the score with these bits under these budgets. */
export function provenOptimum(bits: readonly number[], budgets: Partial<typeof device>): Structure {
  const problem = boundProblem(openProblem(configOf(bits, budgets)));
  for (const state of solve(problem.spaces, problem.budgets)) if (state.proven) return state.networks[0].structure;
  throw new Error("the optimum was not proven");
}

const analytic = new AnalyticScore(scoring);

export const scoreOf = (structure: Structure): number => analytic.score(networkOf(structure, RESOLUTION));

export const costsOf = (structure: Structure): Costs => costs(networkOf(structure, RESOLUTION), CLASSES, emptyCosts());
