import { expect, test } from "vitest";
import { defaultScore } from "../../src/config/config.ts";
import { networkOf, parseStructure } from "../../src/network/structure.ts";
import { configAround, stageWeightsOf } from "../../src/problem/around-network.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { encode, structureOf } from "../../src/space/genome.ts";

const around = (...classes: readonly string[]) => {
  const structure = parseStructure(
    [
      { class: "ConvKXBNRELU", in: 3, out: 16, k: 3, s: 2 },
      ...classes.map((name, i) => ({
        class: name,
        ...{ in: 16 + 8 * i, out: 24 + 8 * i, k: 3, s: 2, L: 1, btn: 16 },
      })),
    ],
    "mixed",
  );
  const { stages } = networkOf(structure, 64);
  const { stageWeights: _, kind: __, ...sigmas } = defaultScore("analytic");
  const scoring = { ...sigmas, stageWeights: stageWeightsOf(stages) };
  return { structure, config: configAround({ structure, resolution: 64, classes: 10 }, scoring) };
};

test("a network of families that may stand beside each other is in the space around it", () => {
  const { structure, config } = around("SuperResK1KXK1", "SuperResK1KX", "SuperResKXKX");
  expect(config.space.family).toBe("k1kxk1");
  const { space } = openProblem(config);
  expect(structureOf(space, encode(space, structure, 64, "mixed"), 0)).toEqual(structure);
  expect(around("SuperResK1DWK1", "SuperResK1DWSEK1").config.space.family).toBe("k1dwk1");
});

test("a network of others is in none", () => {
  expect(() => around("SuperResK1KXK1", "SuperResK1DWK1")).toThrow(
    /^no space has networks of SuperResK1KXK1 and SuperResK1DWK1; those of/,
  );
  expect(() => around()).toThrow(/^no space has networks of single convs/);
});
