import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { setPairs } from "../../src/bits/layer-bits.ts";
import { runtimeNames, runtimeOf } from "../../src/config/devices.ts";
import { deployedCosts } from "../../src/costs/deployed-costs.ts";
import { layerForm } from "../../src/costs/layer-form.ts";
import { sramLive } from "../../src/costs/live-sram.ts";
import { arenaBytes, arenaSteps } from "../../src/memory/arena.ts";
import { END_BITS, memoryOf } from "../../src/memory/memory-form.ts";
import { networkOf } from "../../src/network/structure.ts";
import { machines, simulatedArena } from "../naive/arena.ts";
import { structuresOf } from "../support/structures.ts";

const names = runtimeNames();

/** Of the families that the simulation runs. */
const anyStructure = structuresOf(
  ["K1DWK1", "K1KXK1"].flatMap((inner) => [`SuperQuantRes${inner}`, `SuperRes${inner}`]),
);

test("every shipped runtime has a simulation of its own here", () => {
  expect(Object.keys(machines).sort()).toEqual(names);
});

describe.each(names)("the arena of %s", (name) => {
  const runtime = runtimeOf(name, "test");

  test("equals a simulation that runs a network kernel by kernel, on 2,000 random networks", () => {
    fc.assert(
      fc.property(
        anyStructure,
        fc.integer({ min: 1, max: 65 }),
        fc.constantFrom(0, 10),
        (structure, resolution, classes) => {
          const network = networkOf(structure, resolution);
          expect(arenaBytes(network, { runtime, classes })).toBe(
            simulatedArena(structure, resolution, classes, machines[name]),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("is the largest of its steps, one for every kernel, and the greatest of the layers' forms", () => {
    const bits = fc.infiniteStream(fc.constantFrom(1, 2, 3, 4, 6, 8));
    fc.assert(
      fc.property(
        anyStructure,
        bits,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 10),
        (structure, stream, resolution, classes) => {
          const network = networkOf(structure, resolution);
          const own = Array.from({ length: network.layers }, () => stream.next().value as number);
          setPairs(
            network,
            Uint8Array.from(own, (a) => (a << 4) | 4),
          );
          const deployment = { runtime, classes };
          const arena = arenaBytes(network, deployment);
          const steps = arenaSteps(network, deployment);
          expect(Math.max(...steps.map((step) => step.bytes))).toBe(arena);
          for (const { input, output, held, live, scratch, bytes } of steps) {
            expect(input + output + held).toBe(live);
            expect(live + scratch).toBe(bytes);
          }
          const parts = own.map((a, layer) =>
            memoryOf(layerForm(network, layer, deployment).peaks.arena!, a, own[layer + 1] ?? END_BITS),
          );
          // A form reads the image in its first layer alone: the others are measured as parts of the network.
          expect(Math.max(...parts)).toBe(arena);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("and its flash are whole bytes where widths are whole groups", () => {
    const structure = [
      { class: "ConvKXBNRELU", in: 3, out: 16, k: 3, s: 2, nbitsA: 8, nbitsW: 3 },
      {
        class: "SuperQuantResK1DWK1",
        in: 16,
        out: 24,
        k: 3,
        s: 2,
        L: 1,
        btn: 48,
        nbitsA: [3, 3, 3],
        nbitsW: [5, 5, 5],
      },
    ];
    const network = networkOf(structure, 33);
    const [{ ofLayer }, { ofNetwork }] = deployedCosts({ runtime, classes: 10 });
    for (const figure of [ofLayer(network, 0), ofLayer(network, 1), ofNetwork(network)]) {
      expect(Number.isInteger(figure)).toBe(true);
    }
  });
});

test("the deployed flash of qes-c: packed weights, 8 bytes a channel, 28 a conv, 8 an output and 16 of the classifier", () => {
  const [{ ofLayer, ofClassifier }] = deployedCosts({ runtime: runtimeOf("qes-c", "test"), classes: 10 });
  const structure = [
    { class: "ConvKXBNRELU", in: 3, out: 16, k: 3, s: 2, nbitsA: 8, nbitsW: 3 },
    { class: "SuperQuantResK1DWK1", in: 16, out: 24, k: 5, s: 2, L: 1, btn: 48, nbitsA: [3, 3, 3], nbitsW: [5, 6, 7] },
  ];
  const network = networkOf(structure, 32);
  expect(ofLayer(network, 0)).toBe((32 * 16 * 3) / 8 + 8 * 16 + 28);
  expect(ofLayer(network, 1)).toBe(
    (16 * 48 * 5) / 8 + (25 * 48 * 6) / 8 + (48 * 24 * 7) / 8 + 8 * (48 + 48 + 24) + 3 * 28,
  );
  expect(ofClassifier!(24, 10)).toBe(240 + 80 + 16);
});

test("what is live in qes-c is at most sramLive and one image of bytes, without the head's output", () => {
  fc.assert(
    fc.property(anyStructure, fc.integer({ min: 4, max: 65 }), (structure, resolution) => {
      const wide = structure.map((block, i) => ({
        ...block,
        in: i === 0 ? block.in : 8 * block.in,
        out: 8 * block.out,
        ...(block.btn === undefined ? {} : { btn: 8 * block.btn }),
      }));
      const network = networkOf(wide, resolution);
      // With other bits behind it a depthwise conv is not in place.
      setPairs(network, new Uint8Array(network.layers).fill(0x44));
      const steps = arenaSteps(network, { runtime: runtimeOf("qes-c", "test"), classes: 10 });
      const live = Math.max(...steps.map((step) => step.live));
      expect(live).toBeLessThanOrEqual(sramLive(network) + resolution ** 2 * network.inChannels[0]);
    }),
    { numRuns: 300 },
  );
});
