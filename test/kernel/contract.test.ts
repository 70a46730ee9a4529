import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Float32Kernels } from "../../src/kernel/float32.ts";
import { Format, isPointwise, type Kernels, weightIndex } from "../../src/kernel/kernels.ts";
import { ReferenceKernels } from "../../src/kernel/reference.ts";
import { hasRelaxedSimd, SimdKernels } from "../../src/kernel/simd.ts";
import { type Case, differences, run, sizesOf } from "./conv-case.ts";

const makers: [string, () => Kernels][] = [
  ["reference", () => new ReferenceKernels()],
  ["float32", () => new Float32Kernels()],
  ["simd", () => new SimdKernels()],
];
if (hasRelaxedSimd()) {
  makers.push(["simd without int8", () => new SimdKernels("simd", false)]);
  makers.push(["simd-relaxed", () => new SimdKernels("simd-relaxed")]);
}

const bits = fc.integer({ min: 1, max: 8 });
const shape = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    resolution: fc.integer({ min: 1, max: 11 }),
    inChannels: fc.integer({ min: 1, max: 37 }),
    outChannels: fc.integer({ min: 1, max: 29 }),
    kernel: fc.constantFrom(1, 3, 5, 7),
    stride: fc.constantFrom(1, 2),
    depthwise: fc.boolean(),
    bitsA: bits,
    bitsW: bits,
    dense: fc.boolean(),
    inFormat: fc.constantFrom<Format>(Format.int16, Format.float32),
    wide: fc.boolean(),
    seed: fc.nat(),
  })
  .map((c): Case => c);

describe.each(makers)("%s kernels", (name, make) => {
  const kernels = make();
  const reference = new ReferenceKernels();

  test("give the reference's bits where sums are exact", () => {
    fc.assert(
      fc.property(shape, (c) => {
        const expected = run(reference, c);
        const actual = run(kernels, c);
        expect(differences(actual.y, expected.y)).toEqual([]);
        if (expected.saturated) {
          expect(actual.saturated).toBe(true);
          return;
        }
        expect([actual.sum, actual.sumOfSquares, actual.saturated]).toEqual([
          expected.sum,
          expected.sumOfSquares,
          false,
        ]);
      }),
      { numRuns: name === "reference" ? 20 : 150 },
    );
  });

  test("are within 1e-5 of the reference's moments at full precision", () => {
    fc.assert(
      fc.property(shape, (quantised) => {
        const c = { ...quantised, bitsA: 0, bitsW: 0, inFormat: Format.float32 };
        const expected = run(reference, c);
        const actual = run(kernels, c);
        const scale = Math.sqrt(expected.sumOfSquares);
        expect(differences(actual.y, expected.y, 1e-5 * scale)).toEqual([]);
        expect(Math.abs(actual.sumOfSquares - expected.sumOfSquares)).toBeLessThanOrEqual(
          1e-5 * expected.sumOfSquares + 1e-30,
        );
      }),
      { numRuns: name === "reference" ? 20 : 60 },
    );
  });

  test("are within 1e-5 with up to 16 bits", () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 9, max: 16 }), fc.integer({ min: 9, max: 16 }), (shape, bitsA, bitsW) => {
        const c = { ...shape, bitsA, bitsW };
        const expected = run(reference, c);
        const actual = run(kernels, c);
        expect(Math.abs(actual.sumOfSquares - expected.sumOfSquares)).toBeLessThanOrEqual(1e-5 * expected.sumOfSquares);
      }),
      { numRuns: 50 },
    );
  });

  test("say that an int16 output saturated", () => {
    const c: Case = {
      batch: 1,
      resolution: 3,
      inChannels: 3000,
      outChannels: 12,
      kernel: 1,
      stride: 1,
      depthwise: false,
      bitsA: 5,
      bitsW: 5,
      dense: false,
      inFormat: Format.float32,
      wide: false,
      seed: 5,
    };
    expect(run(kernels, c, 1).saturated).toBe(true);
    expect(run(kernels, { ...c, wide: true }, 1).saturated).toBe(false);
    expect(run(kernels, c).saturated).toBe(false);
  });
});

test("the reference equals a conv written out by hand", () => {
  const c: Case = {
    batch: 1,
    resolution: 3,
    inChannels: 2,
    outChannels: 1,
    kernel: 3,
    stride: 2,
    depthwise: false,
    bitsA: 4,
    bitsW: 4,
    dense: true,
    inFormat: Format.float32,
    wide: true,
    seed: 1,
  };
  const sizes = sizesOf(c);
  const { y, input, weights } = run(new ReferenceKernels(), c);
  const q = (v: number) => Math.max(-8, Math.min(8, Math.round(Math.fround(Math.fround(v) * sizes.scale))));
  let corner = 0;
  for (const [row, column, tap] of [
    [0, 0, 4],
    [0, 1, 5],
    [1, 0, 7],
    [1, 1, 8],
  ]) {
    for (let i = 0; i < 2; i++) {
      corner += q(input[(row * 3 + column) * 2 + i]) * weights[weightIndex(sizes, 0, tap * 2 + i)];
    }
  }
  expect(y[0]).toBe(corner);
  expect(isPointwise(sizes)).toBe(false);
});
