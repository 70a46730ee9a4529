import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setPairs } from "../../src/bits/layer-bits.ts";
import { bitFactor, peaksOf, sumsOf } from "../../src/costs/cost-table.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { layerForm } from "../../src/costs/layer-form.ts";
import { bitsBehind } from "../../src/costs/live-sram.ts";
import { memoryOf } from "../../src/memory/memory-form.ts";
import { networkOf } from "../../src/network/structure.ts";
import { anyStructure } from "../support/structures.ts";
import { addToyCosts } from "../support/toy-costs.ts";

let undo: () => void;
beforeAll(() => {
  undo = addToyCosts();
});
afterAll(() => undo());

test("the forms of the layers give every cost of every network whose layers have equal bits", () => {
  const bits = fc.constantFrom(1, 2, 3, 4, 8, 15);
  const pairs = fc.infiniteStream(fc.tuple(bits, bits));
  fc.assert(
    fc.property(anyStructure, pairs, fc.integer({ min: 1, max: 40 }), (structure, stream, resolution) => {
      const network = networkOf(structure, resolution);
      const own = Array.from({ length: network.layers }, () => stream.next().value as [number, number]);
      setPairs(
        network,
        Uint8Array.from(own, ([a, w]) => (a << 4) | w),
      );
      const forms = own.map((_, layer) => layerForm(network, layer));
      const cost = costs(network, 0, emptyCosts());
      for (const row of sumsOf(undefined)) {
        const sum = forms.reduce((total, { sums }, layer) => {
          const { constant, slope } = sums[row.name]!;
          return total + constant + slope * bitFactor(row, ...own[layer]);
        }, 0);
        expect(sum, row.name).toBe(cost[row.name]);
      }
      for (const { name } of peaksOf(undefined)) {
        const peaks = forms.map(({ peaks }, layer) =>
          memoryOf(peaks[name]!, own[layer][0], bitsBehind(network, layer)),
        );
        expect(Math.max(...peaks), name).toBe(cost[name]);
      }
    }),
    { numRuns: 2000 },
  );
});

test("what does not depend on bits is no part of a slope, whatever it is", () => {
  const structure = [{ class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 4, nbitsW: 4 }] as const;
  const { sums } = layerForm(networkOf(structure, 32), 0);
  expect(sums.flash).toEqual({ constant: 2 * 8, slope: (3 * 8 * 9) / 8 });
  expect((sums as unknown as Record<string, unknown>)["toySum"]).toEqual({ constant: 100 + 5 * 8, slope: 3 * 8 });
});

test("a network comes back with the bits that it had", () => {
  fc.assert(
    fc.property(anyStructure, (structure) => {
      const network = networkOf(structure, 20);
      for (let layer = 0; layer < network.layers; layer++) layerForm(network, layer);
      expect(network).toEqual(networkOf(structure, 20));
    }),
  );
});
