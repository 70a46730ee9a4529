import { expect, test } from "vitest";
import { gapStrip, networkStrips, showsBlocks, strip } from "../../../src/cli/render/strips.ts";

test("a strip has a character a value, as high as its share of the greatest", () => {
  expect(strip([0, 1, 2, 4, 8])).toBe("▁▁▂▄█");
  expect(strip([0, 0])).toBe("▁▁");
});

test("a network has a row a figure and a column a conv, and none where the terminal is too narrow", () => {
  const structure = [
    { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
    { class: "ConvKXBNRELU", in: 8, out: 64, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
  ] as const;
  expect(networkStrips(structure, 32, 80)).toBe("live SRAM  ▂█\nflash      ▅█\nBitOps     ▆█");
  expect(networkStrips(structure, 32, 12)).toBe("");
});

test("a run's way to the optimum is as long for every run, and ends at the bottom where it reached it", () => {
  expect(
    gapStrip(
      [
        [1, 0],
        [10, 90],
        [100, 99],
        [1000, 100],
      ],
      100,
    ),
  ).toBe("████▇▇▇▇▆▆▆▁");
  // Without the optimum it ends where its gap is.
  expect(
    gapStrip(
      [
        [100, 50],
        [200, 99.9],
      ],
      100,
    ),
  ).toMatch(/^█{11}▄$/);
  expect(gapStrip([[5, -3]], -3)).toBe("▁".repeat(12));
  expect(gapStrip([[0, 7]], 9)).toBe("");
  expect(gapStrip([], 9)).toBe("");
});

test("what is no terminal gets none", () => {
  expect(showsBlocks()).toBe(false);
});
