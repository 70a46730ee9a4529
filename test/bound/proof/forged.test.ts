import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/user-error.ts";
import { type BoundProblem, boundProblem } from "../../../src/bound/problem.ts";
import type { Certificate } from "../../../src/bound/proof/certificate.ts";
import { certificateOf } from "../../../src/bound/proof/certificate.ts";
import { verifyCertificate } from "../../../src/bound/proof/check-certificate.ts";
import { type BoundState, solve } from "../../../src/bound/solve.ts";
import { parseConfig } from "../../../src/config/config.ts";
import { presetValue } from "../../../src/config/presets.ts";
import { costs, emptyCosts } from "../../../src/costs/costs.ts";
import { networkOf } from "../../../src/network/structure.ts";
import { openProblem } from "../../../src/problem/problem.ts";
import { AnalyticScore } from "../../../src/score/analytic.ts";

type Changes = { space?: object; score?: object; budgets?: object };

const preset = presetValue("imagenet-mixed-7.0g") as Required<Changes>;
const configOf = ({ space, score, budgets }: Changes = {}) =>
  parseConfig(
    {
      ...preset,
      space: { ...preset.space, ...space },
      score: { ...preset.score, ...score },
      budgets: budgets ?? preset.budgets,
    },
    "test",
  );
const problemOf = (changes?: Changes): BoundProblem => boundProblem(openProblem(configOf(changes)));

type Proof = Certificate["proofs"][number];
const forged = (
  bound: number | null,
  by: Proof["by"],
  multipliers: Proof["multipliers"],
  best: Certificate["best"] = null,
): Certificate => ({
  format: "qe-search bound certificate 1",
  config: {},
  upperBound: bound,
  proofs: [{ resolution: 224, by, bound, multipliers }],
  best,
});

/** Whether it is found wrong, or ends at a limit: where prices leave everything above the claim the enumeration is long. */
function isRefused(certificate: Certificate, problem: BoundProblem): boolean {
  try {
    return verifyCertificate(certificate, problem, { bytes: 4e6 }).length > 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return true;
  }
}

function ended({ spaces, budgets }: BoundProblem): BoundState {
  const steps = solve(spaces, budgets);
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

/** The preset with narrow blocks. */
const narrow = { space: { maxOut: 96 } };
/** With few shapes, its start network among them. */
const few = { kernels: [3], expansions: [2] };

describe("a forged certificate is refused", () => {
  it.each([1e300, 1e290, 1e18, 1e9, Number.MAX_VALUE, Number.POSITIVE_INFINITY, Number.NaN, -1, -1e300])(
    "that claims 5 with a multiplier of %d",
    (bitops) => {
      for (const by of ["enumeration", "multipliers"] as const) {
        expect(isRefused(forged(5, by, { bitops }), problemOf(narrow))).toBe(true);
      }
    },
  );

  it("that calls the start network a proven optimum", () => {
    const problem = problemOf({ space: few });
    const structure = configOf().space.start;
    const network = networkOf(structure, 224);
    const score = new AnalyticScore(problem.spaces[0].score).score(network);
    expect(score).toBeCloseTo(425.967, 3);
    const best = { resolution: 224, structure, score, costs: costs(network, 0, emptyCosts()) };
    for (const bitops of [1e-8, 1e300])
      expect(isRefused(forged(score, "enumeration", { bitops }, best), problem)).toBe(true);
  });

  // One layer a block and 17 main convs: the optimum is known, and is feasible at the limit exactly.
  it("that prices a budget so high that rounding hides the scores", () => {
    const problem = problemOf({ space: { ...few, maxDepth: 1 }, budgets: { layers: 17 } });
    const state = ended(problem);
    const { upperBound } = certificateOf({}, state);
    expect(state.networks[0].score).toBe(556.3692341303024);
    expect(verifyCertificate(forged(upperBound, "multipliers", {}), problem)).toEqual([]);
    expect(isRefused(forged(0, "multipliers", { layers: 1e18 }), problem)).toBe(true);
    const low = 556.3692341303024 - 2.5e-6;
    expect(isRefused(forged(low, "multipliers", { layers: 1e9 }), problem)).toBe(true);
    expect(isRefused(forged(low, "enumeration", { layers: 1e9 }), problem)).toBe(true);
  });

  it("whose stage weights do not fit its space", () => {
    const stageWeights = [0, 0, 1];
    expect(() => verifyCertificate(forged(5, "multipliers", {}), problemOf({ score: { stageWeights } }))).toThrow(
      /stage weights: expected 5 entries/,
    );
  });

  it("that has multipliers of a budget that does not exist, or none for a resolution", () => {
    expect(verifyCertificate(forged(5, "multipliers", { flash: 1 }), problemOf())).not.toEqual([]);
    expect(verifyCertificate({ ...forged(5, "multipliers", {}), proofs: [] }, problemOf())).not.toEqual([]);
  });

  it("that is about more layers than the argument about rounding counts on", () => {
    const [space] = problemOf(narrow).spaces;
    const many = { ...space, blocks: [...space.blocks, ...Array(65).fill({ ...space.blocks[4], maxDepth: 64 })] };
    expect(() => verifyCertificate(forged(5, "multipliers", {}), { spaces: [many], budgets: {} })).toThrow(
      /at most 4096 layers/,
    );
    const start = Array(257).fill(configOf().space.start[1]);
    expect(() => configOf({ space: { start } })).toThrow(/space.start/);
  });

  const unlimited = problemOf({ ...narrow, budgets: {} });
  const optimum = ended(unlimited);

  it.each([2 ** 49, 2 ** 50, 2 ** 53, 1e18])(
    "that claims less than the optimum under a limit of %d, from 2^49 on a widened one",
    (bitops) => {
      const problem = problemOf({ ...narrow, budgets: { bitops } });
      const { upperBound } = certificateOf({}, optimum);
      const { score } = optimum.networks[0];
      expect(verifyCertificate(forged(upperBound, "multipliers", {}), problem)).toEqual([]);
      expect(isRefused(forged(score - 1e-9, "multipliers", { bitops: 1e-30 }), problem)).toBe(true);
    },
  );

  it("where a sigma makes every score minus infinity", () => {
    const check = () => verifyCertificate(forged(5, "multipliers", {}), problemOf({ score: { sigmaWeight: 1e-5 } }));
    expect(check).toThrow(/sigmaWeight: expected values that do not vanish/);
  });
});

describe("checking is capped", () => {
  it("in memory and in time, with a message and its remedy", () => {
    const check = (limits: object) => () => verifyCertificate(forged(5, "enumeration", {}), problemOf(narrow), limits);
    expect(check({ bytes: 1e5 })).toThrow(
      expect.objectContaining({ message: expect.stringContaining("0.1 MB"), remedies: ["moreMemory"] }),
    );
    expect(check({ isLate: () => true })).toThrow(expect.objectContaining({ remedies: ["moreTime"] }));
    expect(check({ bytes: 2e6 })).toThrow(
      expect.objectContaining({ message: expect.stringContaining("2 MB"), remedies: ["moreMemory"] }),
    );
  });
});
