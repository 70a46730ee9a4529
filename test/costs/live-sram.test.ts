import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { largestStep, liveSteps, sramLive } from "../../src/costs/live-sram.ts";
import { networkOf } from "../../src/network/structure.ts";
import { simulatedPeak } from "../naive/live-memory.ts";
import { anyStructure } from "../support/structures.ts";

describe("the live SRAM figure", () => {
  test("equals a simulation that allocates and frees every tensor, on 10,000 random networks", () => {
    fc.assert(
      fc.property(anyStructure, fc.integer({ min: 1, max: 65 }), (structure, resolution) => {
        expect(sramLive(networkOf(structure, resolution))).toBe(simulatedPeak(structure, resolution));
      }),
      { numRuns: 10_000 },
    );
  });

  test("is the largest of its steps, and costs has it", () => {
    fc.assert(
      fc.property(anyStructure, fc.integer({ min: 1, max: 65 }), (structure, resolution) => {
        const network = networkOf(structure, resolution);
        const steps = liveSteps(network);
        const squeezes = network.squeeze.subarray(0, network.layers).filter((squeezed) => squeezed > 0);
        expect(steps).toHaveLength(network.convs + squeezes.length);
        expect(Math.max(...steps.map((step) => step.bytes))).toBe(sramLive(network));
        expect(largestStep(network).bytes).toBe(sramLive(network));
        for (const step of steps) expect(step.input + step.output + step.held).toBe(step.bytes);
        expect(costs(network, 0, emptyCosts()).sramLive).toBe(sramLive(network));
      }),
    );
  });

  test("has a depthwise conv in place: the larger of all inputs with one output plane and one input plane with all outputs", () => {
    const block = { class: "SuperQuantResK1DWK1", in: 2, out: 1, k: 3, s: 1, L: 1, btn: 10 };
    const peak = (a: number, next: number) => {
      const network = networkOf([{ ...block, nbitsA: [1, a, next], nbitsW: [4, 4, 4] }], 4);
      return liveSteps(network)[1].bytes * 8;
    };
    expect(peak(8, 4)).toBe(16 * (10 * 8 + 4));
    expect(peak(4, 8)).toBe(16 * (4 + 10 * 8));
  });

  test("names its largest step by block, layer and conv", () => {
    const network = networkOf(
      [
        { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
        {
          class: "SuperQuantResK1DWK1",
          in: 8,
          out: 8,
          k: 3,
          s: 1,
          L: 2,
          btn: 32,
          nbitsA: [4, 4, 4, 8, 8, 8],
          nbitsW: [4, 4, 4, 4, 4, 4],
        },
      ],
      32,
    );
    expect(largestStep(network)).toEqual({
      name: "block 1 layer 1: 1x1 32->8 at 16x16",
      block: 1,
      inner: 1,
      bytes: 256 * (8 + 32 + 8),
    });
  });
});
