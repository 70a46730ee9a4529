import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { costs, emptyCosts, publishedForm } from "../src/costs.ts";
import { bitsBehind, largestStep, liveForm, liveSteps, memoryOf, sramLive } from "../src/live-memory.ts";
import { setPairs } from "../src/refine.ts";
import { networkOf, type Structure } from "../src/structure.ts";
import { anyStructure } from "./support/structures.ts";

/** Memory that is allocated and freed piece by piece; remembers the most that was ever live. */
class Memory {
  #live = 0;
  peak = 0;

  allocate(bits: number): void {
    this.#live += bits;
    this.peak = Math.max(this.peak, this.#live);
  }

  free(bits: number): void {
    this.#live -= bits;
    if (this.#live < 0) throw new Error("freed more than was allocated");
  }
}

interface Conv {
  readonly out: number;
  readonly s: number;
  readonly depthwise: boolean;
}

/** Runs a structure tensor by tensor, plane by plane where a conv is depthwise, straight from the blocks. */
function simulatedPeak(structure: Structure, resolution: number): number {
  const layers: { in: number; s: number; convs: Conv[]; shortcut: "none" | "add" | "project"; bits: number[] }[] = [];
  for (const block of structure) {
    const bits = block.nbitsA === undefined ? undefined : [block.nbitsA].flat();
    for (let i = 0; i < (block.L ?? 1); i++) {
      const from = i === 0 ? block.in : block.out;
      const s = i === 0 ? block.s : 1;
      const { out, btn = out } = block;
      let convs: Conv[] = [{ out, s, depthwise: false }];
      let shortcut: "none" | "add" | "project" = "none";
      if (block.class !== "ConvKXBNRELU") {
        const depthwise = block.class !== "SuperResK1KXK1";
        convs = [
          { out: btn, s: 1, depthwise: false },
          { out: btn, s, depthwise },
          { out, s: 1, depthwise: false },
        ];
        if (depthwise) shortcut = from === out ? "add" : "none";
        else shortcut = i === 0 || from !== out ? "project" : "add";
      }
      const layerBits = convs.map((_, j) => bits?.[i * convs.length + j] ?? 8);
      layers.push({ in: from, s, convs, shortcut, bits: layerBits });
    }
  }
  const memory = new Memory();
  const readers = [...layers.flatMap((layer) => layer.bits), 8];
  let reader = 0;
  let r = resolution;
  let channels = layers[0].in;
  memory.allocate(r * r * channels * readers[0]);
  for (const layer of layers) {
    let held = 0;
    layer.convs.forEach((conv, j) => {
      const bits = readers[reader];
      const next = readers[++reader];
      const to = Math.ceil(r / conv.s);
      const input = r * r * channels * bits;
      if (conv.depthwise) {
        for (let c = 0; c < conv.out; c++) {
          memory.allocate(to * to * next);
          memory.free(r * r * bits);
        }
      } else {
        memory.allocate(to * to * conv.out * next);
        if (j > 0 || layer.shortcut === "none") memory.free(input);
        else {
          // The pool writes over the input it has read.
          const pooled = layer.s === 1 ? r : Math.ceil(r / 2);
          held = pooled * pooled * channels * bits;
          memory.free(input - held);
        }
      }
      r = to;
      channels = conv.out;
    });
    const output = r * r * channels * readers[reader];
    if (layer.shortcut === "project") {
      memory.allocate(output);
      memory.free(held);
      // The addition writes over the main path's output.
      memory.free(output);
    } else if (layer.shortcut === "add") memory.free(held);
  }
  memory.free(r * r * channels * 8);
  return memory.peak / 8;
}

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
        expect(steps).toHaveLength(network.convs);
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

describe("the memory of a layer as a form of two bit-widths", () => {
  test("gives both SRAM figures of every network whose layers have equal bits", () => {
    const pairs = fc.infiniteStream(fc.constantFrom(2, 3, 4, 8));
    fc.assert(
      fc.property(anyStructure, pairs, fc.integer({ min: 1, max: 40 }), (structure, stream, resolution) => {
        const network = networkOf(structure, resolution);
        setPairs(
          network,
          Uint8Array.from({ length: network.layers }, () => (stream.next().value << 4) | 4),
        );
        const own = (layer: number) => network.bitsA[network.layerEnd[layer] - 1];
        const most = (form: typeof liveForm) =>
          Math.max(
            ...Array.from({ length: network.layers }, (_, layer) =>
              memoryOf(form(network, layer), own(layer), bitsBehind(network, layer)),
            ),
          );
        expect(most(liveForm)).toBe(sramLive(network));
        expect(most(publishedForm)).toBe(costs(network, 0, emptyCosts()).sram);
      }),
      { numRuns: 2000 },
    );
  });
});
