import fc from "fast-check";
import { expect, test } from "vitest";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { networkOf, parseStructure } from "../../src/network/structure.ts";
import { anyResolution, anyStructure } from "../arbitrary.ts";
import { naiveCosts } from "../naive/costs.ts";

test("the costs of any structure at any resolution are the naive ones, exactly", () => {
  fc.assert(
    fc.property(anyStructure, anyResolution, fc.constantFrom(0, 10, 1000), (structure, resolution, classes) => {
      const network = networkOf(parseStructure(structure, "random"), resolution);
      const { srams: _, sram, ...naive } = naiveCosts(structure, resolution, classes);
      const actual = costs(network, classes, emptyCosts());
      expect(actual).toMatchObject(naive);
      // There is a published SRAM estimate for this family alone.
      if (structure.every((block) => !/K.X/.test(block.class.replace("ConvKX", "")))) expect(actual.sram).toBe(sram);
    }),
    { numRuns: 500 },
  );
});

test("a classifier costs flash and nothing else", () => {
  const network = networkOf([{ class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2 }], 32);
  const without = { ...costs(network, 0, emptyCosts()) };
  expect(costs(network, 10, emptyCosts())).toEqual({ ...without, flash: without.flash + 8 * 10 + 10 });
});
