import { leastOf } from "../base/extremes.ts";
import { median } from "../base/median.ts";
import { defaultScore } from "../config/config.ts";
import { createKernels } from "../kernel/create.ts";
import { type ConvSizes, fanInOf, type KernelName } from "../kernel/kernels.ts";
import { hasRelaxedSimd, instantiate, SimdKernels } from "../kernel/simd.ts";
import type { Network } from "../network/network.ts";
import { networkOf, type Structure } from "../network/structure.ts";
import { ForwardScore } from "../score/forward/forward.ts";
import { higher, measurePeaks, type Peaks, peakOf } from "./peaks.ts";
import { publishedNetworks } from "./published-networks.ts";
import { type ConvRun, TimedKernels } from "./timed-kernels.ts";

export interface KernelBenchOptions {
  /** Pixels of one side of the input. */
  readonly resolution?: number;
  /** Interleaved rounds: networks take their median, single convs and the peak the fastest, since another process only adds time. */
  readonly rounds?: number;
  /** Told what is being measured. */
  readonly progress?: (what: string) => void;
}

/** simd-int16: simd without int8, what it is on engines without relaxed SIMD. */
type BenchKernel = KernelName | "simd-int16";
type Milliseconds = Partial<Record<BenchKernel | "onnxruntime", number>>;

/** One conv shape of one network. */
export interface ConvRow {
  readonly network: string;
  readonly precision: "quantised" | "full";
  readonly kind: "pointwise" | "depthwise" | "dense";
  readonly kernel: number;
  readonly stride: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly resolution: number;
  /** How often the shape occurs. */
  readonly count: number;
  /** Of one conv. */
  readonly macs: number;
  readonly ms: Milliseconds;
  /** Of simd, 2 operations a multiply-add. */
  readonly gops: number;
  /** The peak that bounds the conv's arithmetic, and the share of it that is reached. */
  readonly peak: keyof Peaks;
  readonly shareOfPeak: number;
}

export interface KernelReport {
  /** GOP/s of one thread. */
  readonly peaks: Peaks;
  readonly convs: readonly ConvRow[];
  readonly networks: readonly {
    readonly name: string;
    readonly precision: "quantised" | "full";
    readonly resolution: number;
    /** One repeat, noise included. */
    readonly ms: Milliseconds;
    /** Share of a repeat of simd that is spent outside the convs: drawing noise, and everything else. */
    readonly noiseShare: number;
    /** Median over the rounds of the time of simd-int16 over that of simd; absent where nothing runs in int8. */
    readonly int8Speedup?: number;
  }[];
  /** Share of peak of simd, convs weighted by work. */
  readonly shareOfPeak: Readonly<Record<"quantised" | "full", { pointwise: number; depthwise: number }>>;
  readonly thinned: {
    readonly network: string;
    readonly maxChannels: number;
    readonly speedup: number;
    /** Mean score of the thinned network over that of the full one, less 1. */
    readonly deviation: number;
    readonly repeats: number;
  };
}

const { stageWeights, sigmaActivation, sigmaWeight } = defaultScore("analytic");
const weights = { stageWeights, sigmaActivation, sigmaWeight };
const options = { ...weights, repeats: 1, batch: 1, noiseSeed: 1 };

interface Subject {
  readonly name: string;
  readonly precision: "quantised" | "full";
  readonly network: Network;
  readonly kernels: readonly { name: BenchKernel; timed: TimedKernels; score: ForwardScore }[];
}

/** Measures the kernels on the published networks. Every result is compared with the reference's before anything is timed. */
export function benchKernel({
  resolution = 224,
  rounds = 15,
  progress = () => {},
}: KernelBenchOptions = {}): KernelReport {
  const names: BenchKernel[] = ["float32", "simd"];
  if (hasRelaxedSimd()) names.push("simd-relaxed", "simd-int16");
  const subjects: Subject[] = [];
  const referenceRuns = new Map<Subject, { ms: number; runs: ConvRun[] }>();
  for (const { name, structure } of publishedNetworks) {
    for (const precision of ["quantised", "full"] as const) {
      const network = networkOf(precision === "full" ? fullPrecision(structure) : structure, resolution);
      const kernels = names
        .filter((kernel) => kernel !== (precision === "full" ? "simd-int16" : "simd-relaxed"))
        .map((kernel) => subjectKernel(kernel));
      const subject = { name, precision, network, kernels };
      subjects.push(subject);
      progress(`check ${name}, ${precision} precision, against the reference`);
      referenceRuns.set(subject, check(subject));
    }
  }
  const assembly = instantiate(hasRelaxedSimd() ? "simd-int8" : "simd");
  let peaks: Peaks = { float32: 0, dot: 0, int16: 0, int8: 0 };
  const times = new Map<Subject, Map<BenchKernel, { total: number[]; convs: number[][] }>>();
  for (const subject of subjects) {
    times.set(subject, new Map(subject.kernels.map(({ name }) => [name, { total: [], convs: [] }])));
  }
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}`);
    peaks = higher(peaks, measurePeaks(assembly, hasRelaxedSimd()));
    for (const subject of subjects) {
      for (const { name, timed, score } of subject.kernels) {
        if (name === "float32" && round >= 3) continue;
        timed.runs.length = 0;
        const start = performance.now();
        score.score(subject.network);
        const entry = times.get(subject)!.get(name)!;
        entry.total.push(performance.now() - start);
        entry.convs.push(timed.runs.map(({ ms }) => ms));
      }
    }
  }
  const convs = subjects.flatMap((subject) =>
    convRows(subject, times.get(subject)!, referenceRuns.get(subject)!.runs, peaks),
  );
  return {
    peaks,
    convs,
    networks: subjects.map((subject) => {
      const entries = [...times.get(subject)!];
      const ms: Milliseconds = { reference: referenceRuns.get(subject)!.ms };
      for (const [name, { total }] of entries) ms[name] = median(total);
      const simd = times.get(subject)!.get("simd")!;
      const outside = simd.total.map((total, i) => 1 - simd.convs[i].reduce((sum, x) => sum + x, 0) / total);
      const int16 = times.get(subject)!.get("simd-int16");
      return {
        name: subject.name,
        precision: subject.precision,
        resolution,
        ms,
        noiseShare: median(outside),
        ...(int16 && { int8Speedup: median(int16.total.map((total, i) => total / simd.total[i])) }),
      };
    }),
    shareOfPeak: {
      quantised: {
        pointwise: share(convs, "quantised", "pointwise"),
        depthwise: share(convs, "quantised", "depthwise"),
      },
      full: { pointwise: share(convs, "full", "pointwise"), depthwise: share(convs, "full", "depthwise") },
    },
    thinned: benchThinned(
      subjects.find(({ name, precision }) => name === "mixed19d2G" && precision === "quantised")!,
      rounds,
    ),
  };
}

function subjectKernel(name: BenchKernel): { name: BenchKernel; timed: TimedKernels; score: ForwardScore } {
  const kernel = name === "simd-int16" ? "simd" : name;
  const timed = new TimedKernels(name === "simd-int16" ? new SimdKernels("simd", false) : createKernels(kernel));
  return { name, timed, score: new ForwardScore({ ...options, kernel }, timed) };
}

/** The same shapes without bits. */
function fullPrecision(structure: Structure): Structure {
  return structure.map(({ nbitsA: _a, nbitsW: _w, ...block }) => ({
    ...block,
    class: block.class.replace("SuperQuantRes", "SuperRes"),
  }));
}

/**
 * Runs the reference once and compares the moments of every conv: equal bits where quantised, 1e-5 relative at full precision.
 * @throws Error at the first conv that differs
 */
function check(subject: Subject): { ms: number; runs: ConvRun[] } {
  const reference = subjectKernel("reference");
  const start = performance.now();
  reference.score.score(subject.network);
  const ms = performance.now() - start;
  for (const { name, timed, score } of subject.kernels) {
    timed.runs.length = 0;
    score.score(subject.network);
    timed.runs.forEach(({ sum, sumOfSquares }, i) => {
      const expected = reference.timed.runs[i];
      const exact = sum === expected.sum && sumOfSquares === expected.sumOfSquares;
      const error = Math.abs(sumOfSquares / expected.sumOfSquares - 1);
      if (!(exact || (subject.precision === "full" && error < 1e-5))) {
        throw new Error(
          `${name} differs from the reference: ${subject.name}, ${subject.precision}, conv ${i}, relative error ${error}`,
        );
      }
    });
  }
  return { ms, runs: reference.timed.runs };
}

function convRows(
  subject: Subject,
  times: Map<BenchKernel, { total: number[]; convs: number[][] }>,
  reference: readonly ConvRun[],
  peaks: Peaks,
): ConvRow[] {
  const simd = new SimdKernels();
  const rows = new Map<string, { first: ConvSizes; indices: number[] }>();
  reference.forEach(({ sizes }, i) => {
    const key = [
      kindOf(sizes),
      sizes.kernel,
      sizes.stride,
      sizes.inChannels,
      sizes.outChannels,
      sizes.inResolution,
    ].join();
    const row = rows.get(key) ?? { first: sizes, indices: [] };
    row.indices.push(i);
    rows.set(key, row);
  });
  return [...rows.values()].map(({ first, indices }) => {
    const ms: Milliseconds = { reference: median(indices.map((i) => reference[i].ms)) };
    for (const [name, { convs }] of times) ms[name] = median(indices.map((i) => leastOf(convs.map((run) => run[i]))));
    const macs = first.outChannels * fanInOf(first) * first.outResolution ** 2;
    const gops = (2 * macs) / ms.simd! / 1e6;
    const peak = peakOf(first, simd.runsInt8(first));
    return {
      network: subject.name,
      precision: subject.precision,
      kind: kindOf(first),
      kernel: first.kernel,
      stride: first.stride,
      inChannels: first.inChannels,
      outChannels: first.outChannels,
      resolution: first.inResolution,
      count: indices.length,
      macs,
      ms,
      gops,
      peak,
      shareOfPeak: gops / peaks[peak],
    };
  });
}

function kindOf(sizes: Readonly<ConvSizes>): ConvRow["kind"] {
  return sizes.depthwise ? "depthwise" : sizes.kernel === 1 ? "pointwise" : "dense";
}

/** Share of peak of the convs of one kind together, both networks. */
function share(convs: readonly ConvRow[], precision: ConvRow["precision"], kind: ConvRow["kind"]): number {
  const rows = convs.filter((row) => row.precision === precision && row.kind === kind);
  const work = rows.reduce((sum, row) => sum + row.count * row.macs, 0);
  const atPeak = rows.reduce((sum, row) => sum + (row.count * row.macs) / row.shareOfPeak, 0);
  return work / atPeak;
}

function benchThinned({ name, network }: Subject, rounds: number): KernelReport["thinned"] {
  const maxChannels = 32;
  const repeats = 8;
  const full = new ForwardScore({ ...options, repeats, kernel: "simd" });
  const thin = new ForwardScore({ ...options, repeats, kernel: "simd", maxChannels });
  const deviation = thin.score(network) / full.score(network) - 1;
  const ratios: number[] = [];
  for (let round = 0; round < Math.ceil(rounds / 2); round++) {
    const start = performance.now();
    full.score(network);
    const middle = performance.now();
    thin.score(network);
    ratios.push((middle - start) / (performance.now() - middle));
  }
  return { network: name, maxChannels, speedup: median(ratios), deviation, repeats };
}
