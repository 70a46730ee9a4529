import { expect, test } from "vitest";
import { benchKernel } from "../../src/bench/kernel.ts";
import { kernelTable } from "../../src/bench/kernel-table.ts";
import { hasRelaxedSimd } from "../../src/kernel/simd.ts";

test("every conv is held against the peak of its own arithmetic, and reaches no more than that", () => {
  const report = benchKernel({ resolution: 32, rounds: 2 });
  expect(report.convs.length).toBeGreaterThan(50);
  for (const { precision, kind, peak, gops, shareOfPeak, resolution, stride } of report.convs) {
    const int16 = kind === "depthwise" ? "int16" : "dot";
    // The stem has 8 bits, and convs at 2 pixels too few outputs to pay for packing their weights.
    const int8 = hasRelaxedSimd() && kind !== "dense" && (kind === "depthwise" || resolution / stride >= 4);
    expect(peak).toBe(precision === "full" ? "float32" : int8 ? "int8" : int16);
    expect(shareOfPeak).toBe(gops / report.peaks[peak]);
    // Int16 does twice the operations of float32 an instruction: against the wrong peak the best convs reach 1.8.
    expect(shareOfPeak).toBeLessThan(1.2);
  }
  const lines = kernelTable(report).split("\n");
  for (const { precision, ms, int8Speedup } of report.networks) {
    expect(int8Speedup === undefined).toBe(precision === "full" || !hasRelaxedSimd());
    expect(ms["simd-int16"] === undefined).toBe(int8Speedup === undefined);
  }
  expect(lines.filter((line) => line.includes("without int8")).length).toBe(hasRelaxedSimd() ? 2 : 0);
  expect(lines[0]).toMatch(/^peaks of one thread: float32 multiply and add \d+\.\d GOP\/s, int16 dot product and add /);
}, 60_000);
