import { describe, expect, test } from "vitest";
import { pairOf, setPairs } from "../../src/bits/layer-bits.ts";
import { bestTrade, bitMoves, perUnit } from "../../src/bits/rank.ts";
import { capabilities } from "../../src/config/capabilities.ts";
import { parseConfig } from "../../src/config/config.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { BitSteps } from "../../src/network/bits.ts";
import { networkOf } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";

describe("the rank of the layers", () => {
  const config = parseConfig({ device: "stm32f746", task: "imagenet" }, "test");
  const space = openProblem(config).space;
  const network = networkOf(config.space.start, 160);
  const score = new AnalyticScore(config.score);
  const moves = bitMoves(network, (layer) => space.blocks[network.block[layer]].bits, score);

  test("has every legal step of every layer, with what it does to score, BitOps and flash", () => {
    const own = Uint8Array.from({ length: network.layers }, (_, layer) => pairOf(network, layer));
    const before = { score: score.score(network), ...costs(network, 0, emptyCosts()) };
    expect(moves.length).toBe(2 + 4 * 6);
    for (const move of moves) {
      setPairs(
        network,
        own.map((pair, layer) => (layer === move.layer ? move.to : pair)),
      );
      const after = { score: score.score(network), ...costs(network, 0, emptyCosts()) };
      expect(move.from).toBe(own[move.layer]);
      expect(after.score - before.score).toBeCloseTo(move.score, 9);
      expect(after.bitops - before.bitops).toBe(move.bitops);
      expect(after.flash - before.flash).toBe(move.flash);
      expect(Math.sign(move.score)).toBe(move.up ? 1 : -1);
    }
    setPairs(network, own);
  });

  test("steps from bits that are not legal to the nearest that are, never to none", () => {
    const steps = new BitSteps(capabilities["published"].body);
    const device = networkOf(
      config.space.start.map((block) => ({
        ...block,
        nbitsA: Array.isArray(block.nbitsA) ? block.nbitsA.map(() => 8) : 8,
        nbitsW: Array.isArray(block.nbitsW) ? block.nbitsW.map(() => 2) : 2,
      })),
      160,
    );
    const found = bitMoves(device, () => steps, score);
    // Activations of 8 bits can only go down, weights of 2 only up; the nearest with either is 6/3.
    expect(found.map(({ from, to, up }) => [from, to, up])).toEqual(
      Array.from({ length: device.layers }, () => [0x82, 0x63, false]),
    );
  });

  test("counts memory at the steps that hold a layer's input", () => {
    // The network's peak is block 1's first conv; its input has 80 x 80 x 16 values, its output 80 x 80 x 48, read at the same bits.
    const move = moves.find(({ layer, to }) => layer === 1 && to === 0x84)!;
    expect(move.sram).toBe((80 * 80 * (16 + 48) * 4) / 8);
  });

  test("gives to the step that gains the most a unit, and takes where the least is lost", () => {
    for (const resource of ["flash", "sram", "bitops"] as const) {
      const { give, take } = bestTrade(moves, resource);
      const rates = (up: boolean) =>
        moves.filter((move) => move.up === up && move[resource] !== 0).map((move) => perUnit(move, resource)!);
      expect(perUnit(give!, resource)).toBe(Math.max(...rates(true)));
      expect(perUnit(take!, resource)).toBe(Math.min(...rates(false)));
    }
  });
});
