import fc from "fast-check";
import { expect, test } from "vitest";
import { type Place, type Plan, planOf, type Step } from "../../src/firmware/plan.ts";
import { describeNetwork } from "../../src/formats/network-description.ts";
import type { Block } from "../../src/network/structure.ts";
import { firmwareNetworks } from "../support/firmware-networks.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Bytes of the arena that a step's kernel may touch, the image among them, which may lie there. */
function ranges(plan: Plan, step: Step) {
  const of = (place: Place | undefined): Range | undefined =>
    place && { from: plan.offset(place), to: plan.offset(place) + place.bytes };
  const at = plan.scratchAt(step);
  const scratch = { from: at, to: at + step.scratch };
  return { input: of(step.input), held: of(step.held), output: of(step.output), scratch, arena: plan.arena };
}

const overlap = (a: Range | undefined, b: Range | undefined) =>
  a !== undefined && b !== undefined && a.from < b.to && b.from < a.to;

test("no step's tensors and scratch overlap but where a kernel works in place, and all lie in the arena", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(firmwareNetworks(), fc.boolean(), (network, fused) => {
      const plan = planOf(network, { fused });
      for (const step of plan.steps) {
        const { input, held, output, scratch, arena } = ranges(plan, step);
        kinds.add(`${step.kind}${step.backward ? " backward" : ""}`);
        for (const range of [input, held, output, scratch]) {
          if (range === undefined) continue;
          expect(range.from).toBeGreaterThanOrEqual(0);
          expect(range.to).toBeLessThanOrEqual(arena);
        }
        for (const range of [input, held, output]) expect(overlap(scratch, range)).toBe(false);
        expect(overlap(input, held)).toBe(false);
        if (!["depthwise", "pool"].includes(step.kind)) expect(overlap(input, output)).toBe(false);
        expect(scratch.from % 4).toBe(0);
        expect(arena % 4).toBe(0);
      }
    }),
    { numRuns: 300, seed: 2 },
  );
  const found = ["add", "depthwise", "pool"].flatMap((kind) => [kind, `${kind} backward`]);
  for (const kind of ["image", "conv", "expand", "average", "classify", "output", ...found])
    expect(kinds).toContain(kind);
});

test("what a step reads is where a step before it wrote, and nothing wrote there meanwhile", () => {
  fc.assert(
    fc.property(firmwareNetworks(), fc.boolean(), (network, fused) => {
      // Each byte's last writer, as the step that wrote it; the image is step -1.
      const plan = planOf(network, { fused });
      const writer = new Int32Array(plan.arena).fill(-2);
      writer.fill(-1, 0, network.resolution ** 2 * network.channels);
      const written = new Map<string, number>();
      const key = ({ end, bytes }: Pick<Place, "end" | "bytes">) => `${end} ${bytes}`;
      written.set(key({ end: "low", bytes: network.resolution ** 2 * network.channels }), -1);
      plan.steps.forEach((step, i) => {
        for (const place of [step.input, step.held]) {
          if (place === undefined) continue;
          const by = written.get(key(place));
          expect(by).toBeDefined();
          const at = plan.offset(place);
          expect(writer.subarray(at, at + place.bytes).every((one) => one === by)).toBe(true);
        }
        const scratch = plan.scratchAt(step);
        if (step.kind !== "classify") writer.fill(i, scratch, scratch + step.scratch);
        if (step.output !== undefined) {
          writer.fill(i, plan.offset(step.output), plan.offset(step.output) + step.output.bytes);
          written.set(key(step.output), i);
        }
      });
    }),
    { numRuns: 200, seed: 4 },
  );
});

test("the tensors of a network such as a search finds take no more than its live SRAM, and what fills up odd maps", () => {
  const bits = fc.integer({ min: 2, max: 8 });
  const block = fc.record({
    ...{ out: fc.integer({ min: 1, max: 8 }), btn: fc.integer({ min: 1, max: 16 }) },
    ...{ k: fc.constantFrom(3, 5, 7), s: fc.constantFrom(1, 2), L: fc.integer({ min: 1, max: 3 }), a: bits, w: bits },
  });
  const anyNetwork = fc
    .tuple(fc.integer({ min: 8, max: 48 }), fc.array(block, { minLength: 1, maxLength: 4 }))
    .map(([resolution, blocks]) => {
      let before = 8;
      const stem: Block = { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 };
      const body = blocks.map(({ out, btn, k, s, L, a, w }): Block => {
        const shape = { in: before, out: 8 * out, k, s, L, btn: 8 * btn };
        before = 8 * out;
        const all = (value: number) => new Array<number>(3 * L).fill(value);
        return { class: "SuperQuantResK1DWK1", ...shape, nbitsA: all(a), nbitsW: all(w) };
      });
      return describeNetwork("searched", [stem, ...body], resolution, 10);
    });
  let equal = 0;
  fc.assert(
    fc.property(anyNetwork, (network) => {
      const live = Math.max(...planOf(network).steps.map(({ low, high }) => low + high));
      const isEven = network.layers.every(({ convs }) => convs.every(({ inResolution: r }) => r % 2 === 0));
      // Two tensors, each filled up by less than 4 groups of at most 8 bytes.
      expect(live).toBeLessThanOrEqual(network.totals.sramLive + (isEven ? 0 : 2 * 3 * 8));
      if (live === network.totals.sramLive) equal++;
    }),
    { numRuns: 200, seed: 6 },
  );
  expect(equal).toBeGreaterThan(40);
});

test("a network beyond any microcontroller is told, with figures", () => {
  const network = (resolution: number, ...widths: readonly number[]) =>
    describeNetwork(
      "large",
      widths.map(
        (out, i): Block => ({
          ...{ class: "ConvKXBNRELU", in: widths[i - 1] ?? 3, out, k: 1, s: 1 },
          ...{ nbitsA: 8, nbitsW: 8 },
        }),
      ),
      resolution,
      0,
    );
  expect(() => planOf(network(8, 8192, 8192))).toThrow("c: expected at most 64000000 weights, got 67133440");
  expect(() => planOf(network(4096, 64))).toThrow(
    "c: expected at most 1073741824 bytes of activations, got 1124073504",
  );
});
