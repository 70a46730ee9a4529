import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasBoards, runProgram } from "../../bench/firmware/boards.ts";
import { chosenOperators } from "../../src/config/operators.ts";
import { operatorSteps } from "../../src/costs/operator-steps.ts";
import { cFiles } from "../../src/exports/c.ts";
import { describeNetwork } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { networkOf, type Structure } from "../../src/network/structure.ts";
import { temporaryFolder } from "../temporary.ts";

const block = { class: "SuperQuantResK1DWK1", k: 5, s: 2, L: 2 };
const networks: readonly (readonly [name: string, bits: readonly [a: number, w: number], side: number])[] = [
  ["few bits", [5, 3], 24],
  ["8 bits", [8, 8], 19],
];

describe.skipIf(!hasBoards())("the shipped model of the Cortex-M4", () => {
  const folder = temporaryFolder();
  test.each(networks)("says within 10% what a network takes there: %s", (name, [a, w], side) => {
    const bits = { nbitsA: Array(6).fill(a), nbitsW: Array(6).fill(w) };
    const structure: Structure = [
      { class: "ConvKXBNRELU", in: 3, out: 16, k: 3, s: 1, nbitsA: 8, nbitsW: 8 },
      { ...block, in: 16, out: 40, btn: 96, ...bits },
      { class: "ConvKXBNRELU", in: 40, out: 72, k: 1, s: 1, nbitsA: a, nbitsW: w },
    ];
    const description = describeNetwork(name, structure, side, 4);
    const network = join(folder, name.replaceAll(" ", "-"));
    mkdirSync(network);
    for (const [file, content] of cFiles(description, {
      weights: randomWeights(description, 3),
      weightsNote: "random",
    }))
      writeFileSync(join(network, file), content);
    const text = runProgram({ target: "run", board: "mps2-an386", build: `${network}-build`, network });
    const measured = Number(text.match(/(\d+) instructions/)![1]);
    const steps = operatorSteps(networkOf(structure, side), chosenOperators("qes-c-cortex-m4", "test"), name);
    const modelled = 100_000 * steps.reduce((sum, { value }) => sum + value, 0);
    expect(Math.abs(modelled / measured - 1)).toBeLessThan(0.1);
  });
});
