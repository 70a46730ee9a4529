import fc from "fast-check";
import { expect, test } from "vitest";
import { benchScaling, modelled } from "../../src/bench/scaling.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";

test("equal candidates on w workers take as long as the fullest worker", () => {
  for (const { workers, speedup, utilisation } of modelled(new Float64Array(96).fill(0.1), 0)) {
    // 16 batches a worker where there are enough candidates, else one each.
    const size = Math.max(1, Math.min(Math.ceil(96 / (16 * workers)), Math.ceil(96 / workers)));
    const batches = Math.ceil(96 / size);
    const fullest = Math.min(96, Math.ceil(batches / workers) * size);
    expect(speedup).toBeCloseTo(96 / fullest, 9);
    expect(utilisation).toBeCloseTo(96 / fullest / workers, 9);
  }
});

test("no model is faster than its candidates allow", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-4, max: 1, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 0.01, noNaN: true }),
      (list, message) => {
        const seconds = Float64Array.from(list);
        const total = seconds.reduce((a, b) => a + b, 0);
        const most = seconds.reduce((a, b) => Math.max(a, b), 0);
        for (const { workers, candidatesPerSecond, speedup, utilisation } of modelled(seconds, message)) {
          const makespan = seconds.length / candidatesPerSecond;
          expect(makespan).toBeGreaterThanOrEqual(Math.max(most, total / workers) * (1 - 1e-9));
          expect(speedup).toBeLessThanOrEqual(workers * (1 + 1e-9));
          expect(utilisation).toBeLessThanOrEqual(1 + 1e-9);
          if (workers === 1) expect(speedup).toBeCloseTo(1, 9);
        }
      },
    ),
  );
});

test("a search's scoring is measured in threads", async () => {
  const value = presetValue("imagenet-mixed-7.0g") as { search: object };
  const score = { kind: "forward", resolution: 32, maxChannels: 8, repeats: 1 };
  const config = parseConfig({ ...value, score, search: { ...value.search, generation: 24 } }, "test");
  const report = await benchScaling(config, [2]);
  expect(report.generation).toBe(24);
  const [{ threads, candidatesPerSecond, utilisation, warmSeconds }] = report.measured;
  expect(threads).toBe(2);
  expect(candidatesPerSecond).toBeGreaterThan(1);
  expect(utilisation).toBeGreaterThan(0);
  expect(utilisation).toBeLessThanOrEqual(1);
  expect(warmSeconds).toBeGreaterThan(0);
  expect(report.model.map(({ workers }) => workers)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
});
