import type { ConvRow, KernelReport } from "./kernel.ts";
import { type Peaks, peakInstructions } from "./peaks.ts";

/** The report as text. */
export function kernelTable(report: KernelReport): string {
  const lines = [
    `peaks of one thread: ${Object.entries(report.peaks)
      .filter(([, gops]) => gops > 0)
      .map(([peak, gops]) => `${peakInstructions[peak as keyof Peaks]} ${gops.toFixed(1)} GOP/s`)
      .join(", ")}`,
    "2 operations a multiply-add; each conv is held against the peak of its own arithmetic",
    "",
    row(
      "network",
      "precision",
      "conv",
      "in->out",
      "at",
      "count",
      "MMAC",
      "simd ms",
      "GOP/s",
      "of peak",
      "peak",
      "float32x",
      "simd x",
    ),
  ];
  for (const conv of report.convs) {
    const { reference = Number.NaN, float32 = Number.NaN, simd = Number.NaN } = conv.ms;
    lines.push(
      row(
        conv.network,
        conv.precision,
        `${conv.kind} ${conv.kernel}${conv.stride === 1 ? "" : `/${conv.stride}`}`,
        `${conv.inChannels}->${conv.outChannels}`,
        `${conv.resolution}`,
        `${conv.count}`,
        (conv.macs / 1e6).toFixed(2),
        simd.toFixed(3),
        conv.gops.toFixed(1),
        percent(conv.shareOfPeak),
        conv.peak,
        (reference / float32).toFixed(1),
        (reference / simd).toFixed(0),
      ),
    );
  }
  lines.push("");
  for (const { name, precision, resolution, ms, noiseShare, int8Speedup } of report.networks) {
    const { reference = Number.NaN, float32 = Number.NaN, simd = Number.NaN } = ms;
    lines.push(
      `${name}, ${precision === "full" ? "full precision" : precision}, ${resolution}: simd ${simd.toFixed(1)} ms, float32 ${float32.toFixed(0)} ms, reference ${reference.toFixed(0)} ms` +
        ` (reference : float32 : simd = ${(reference / simd).toFixed(0)} : ${(float32 / simd).toFixed(1)} : 1), outside the convs ${percent(noiseShare)}`,
    );
    if (int8Speedup !== undefined && ms["simd-int16"] !== undefined) {
      lines.push(
        `  without int8, the same bits: ${ms["simd-int16"].toFixed(1)} ms, ${int8Speedup.toFixed(2)} times the time`,
      );
    }
  }
  const { quantised, full } = report.shareOfPeak;
  lines.push(
    "",
    `share of peak, weighted by work: quantised pointwise ${percent(quantised.pointwise)}, depthwise ${percent(quantised.depthwise)};` +
      ` full precision pointwise ${percent(full.pointwise)}, depthwise ${percent(full.depthwise)}`,
    `${report.thinned.network} with at most ${report.thinned.maxChannels} channels: ${report.thinned.speedup.toFixed(1)} times faster,` +
      ` mean score ${(100 * report.thinned.deviation).toFixed(3)}% off over ${report.thinned.repeats} repeats`,
  );
  const compared = report.convs.filter(({ ms }) => ms.onnxruntime !== undefined && ms.simd !== undefined);
  if (compared.length > 0) {
    const total = (of: (row: ConvRow) => number) => compared.reduce((sum, row) => sum + row.count * of(row), 0);
    const ratio = total(({ ms }) => ms.onnxruntime!) / total(({ ms }) => ms.simd!);
    lines.push(`onnxruntime on the same full-precision convs, one thread: ${ratio.toFixed(1)} times the time of simd`);
  }
  return lines.join("\n");
}

const widths = [11, 10, 13, 10, 4, 6, 8, 8, 8, 8, 8, 9, 7];

function row(...cells: string[]): string {
  return cells.map((cell, i) => (i < 4 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" ");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
