import { expect, test } from "vitest";
import { benchKernel } from "../../src/bench/kernel.ts";
import { kernelTable } from "../../src/bench/kernel-table.ts";

test("every conv is held against the peak of its own arithmetic, and reaches no more than that", () => {
  const report = benchKernel({ resolution: 64, rounds: 2 });
  expect(report.convs.length).toBeGreaterThan(50);
  for (const { precision, kind, peak, gops, shareOfPeak } of report.convs) {
    expect(peak).toBe(precision === "full" ? "float32" : kind === "depthwise" ? "int16" : "dot");
    expect(shareOfPeak).toBe(gops / report.peaks[peak]);
    // Int16 does twice the operations of float32 an instruction: against the wrong peak the best convs reach 1.8.
    expect(shareOfPeak).toBeLessThan(1.2);
  }
  const lines = kernelTable(report).split("\n");
  expect(lines[0]).toMatch(/^peaks of one thread: float32 multiply and add \d+\.\d GOP\/s, int16 dot product and add /);
}, 60_000);
