import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConvSizes, convolve, Format, weightCount } from "../../src/kernel/kernels.ts";
import { elements } from "../../src/kernel/reference.ts";
import { hasRelaxedSimd, SimdKernels } from "../../src/kernel/simd.ts";
import { differences, run, sizesOf } from "./conv-case.ts";

describe.runIf(hasRelaxedSimd())("int8", () => {
  const kernels = new SimdKernels("simd");
  const int16 = new SimdKernels("simd", false);
  const bytes = fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    resolution: fc.integer({ min: 4, max: 70 }),
    inChannels: fc.integer({ min: 1, max: 70 }),
    outChannels: fc.integer({ min: 1, max: 40 }),
    kernel: fc.constantFrom(1, 3, 5, 7),
    stride: fc.constantFrom(1, 2),
    depthwise: fc.boolean(),
    bitsA: fc.integer({ min: 1, max: 6 }),
    bitsW: fc.integer({ min: 1, max: 7 }),
    dense: fc.constant(false),
    inFormat: fc.constantFrom<Format>(Format.int16, Format.float32),
    wide: fc.constant(false),
    seed: fc.nat(),
    scale: fc.constantFrom(1e-6, 0.0173, 0.5, 3, 126.9, 127, 1e6),
  });

  test("gives int16's bits, whatever the scale", () => {
    let ran = 0;
    fc.assert(
      fc.property(bytes, fc.constantFrom(0, 0.5, 2), (c, bias) => {
        // A 7x7 conv of a large map takes the time of all the others.
        if (c.kernel > 3 && !c.depthwise) c.resolution = Math.min(c.resolution, 12);
        if (kernels.runsInt8(sizesOf(c))) ran++;
        const expected = run(int16, c, bias);
        const actual = run(kernels, c, bias);
        expect(differences(actual.y, expected.y)).toEqual([]);
        expect([actual.sum, actual.sumOfSquares, actual.saturated]).toEqual([
          expected.sum,
          expected.sumOfSquares,
          expected.saturated,
        ]);
      }),
      { numRuns: 200 },
    );
    expect(ran).toBeGreaterThan(100);
  });

  test.each([1, -1])("gives int16's bits up to an end of its range and past it, where it runs no more", (sign) => {
    const level = 16;
    for (let channels = 104; channels <= 144; channels += 8) {
      const sizes = Object.assign(new ConvSizes(), {
        inResolution: 5,
        outResolution: 5,
        inChannels: channels,
        inStride: channels,
        outChannels: 11,
        outStride: 16,
        inFormat: Format.int16,
        arithmetic: Format.int16,
        outFormat: Format.int16,
        limit: level,
        weightLimit: level,
      });
      expect(kernels.runsInt8(sizes)).toBe(true);
      const results = [kernels, int16].map((each) => {
        each.reserve(2 ** 20);
        const [input, weights, out, scratch] = [65536, 131072, 262144, 524288];
        elements(each.buffer, input, Format.int16).fill(300, 0, 25 * channels);
        elements(each.buffer, weights, Format.int16).fill(sign * level, 0, weightCount(sizes));
        convolve(each, out, input, weights, scratch, sizes);
        return { y: [...elements(each.buffer, out, Format.int16).subarray(0, 25 * 16)], ...each.moments };
      });
      expect(results[0]).toEqual(results[1]);
      const sum = sign * channels * level * level;
      expect(results[0].y[0]).toBe(Math.max(-32768, Math.min(32767, sum)));
      expect(results[0].saturated).toBe(Math.abs(sum) > 32767);
    }
  });
});
