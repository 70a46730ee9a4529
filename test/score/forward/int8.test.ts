import fc from "fast-check";
import { expect, test } from "vitest";
import { TimedKernels } from "../../../src/bench/timed-kernels.ts";
import { hasRelaxedSimd, SimdKernels } from "../../../src/kernel/simd.ts";
import { networkOf, parseStructure, type Structure } from "../../../src/network/structure.ts";
import { ForwardScore } from "../../../src/score/forward/forward.ts";
import type { ForwardOptions } from "../../../src/score/forward/options.ts";

const options: ForwardOptions = {
  stageWeights: [1],
  sigmaActivation: 5,
  sigmaWeight: 4,
  repeats: 1,
  batch: 1,
  noiseSeed: 1,
  kernel: "simd",
};

test.runIf(hasRelaxedSimd())("a score has the same bits with and without int8", () => {
  const sides = [true, false].map((int8) => {
    const kernels = new TimedKernels(new SimdKernels("simd", int8));
    return { kernels, forward: new ForwardScore(options, kernels) };
  });
  const simd = new SimdKernels();
  const width = fc.integer({ min: 1, max: 160 });
  const block = fc.record({
    out: width,
    btn: width,
    k: fc.constantFrom(1, 3, 5, 7),
    L: fc.integer({ min: 1, max: 2 }),
    bits: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 12, maxLength: 12 }),
  });
  let convs = 0;
  let int8Convs = 0;
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 3 }), fc.integer({ min: 8, max: 64 }), (blocks, r) => {
      const structure: Structure = blocks.map(({ bits, ...shape }, i) => ({
        class: "SuperQuantResK1DWK1",
        in: i === 0 ? 3 : blocks[i - 1].out,
        ...shape,
        s: i === 0 ? 2 : 1,
        nbitsA: bits.slice(0, 3 * shape.L),
        nbitsW: bits.slice(6, 6 + 3 * shape.L),
      }));
      const [score, expected] = sides.map(({ kernels, forward }) => {
        kernels.runs.length = 0;
        return forward.detail(networkOf(parseStructure(structure, "int8"), r)).score;
      });
      expect(score).toBe(expected);
      convs += sides[0].kernels.runs.length;
      int8Convs += sides[0].kernels.runs.filter(({ sizes }) => simd.runsInt8(sizes)).length;
    }),
    { numRuns: 40 },
  );
  expect(int8Convs).toBeGreaterThan(0.2 * convs);
});
