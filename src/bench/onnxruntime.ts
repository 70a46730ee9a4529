import { Float32Kernels } from "../kernel/float32.ts";
import { ConvSizes, convolve, roundUp, TENSOR_SLACK, weightCount, weightIndex } from "../kernel/kernels.ts";
import type { ConvRow, KernelReport } from "./kernel.ts";
import { onnxConv } from "./onnx-conv.ts";

/** What is used of onnxruntime-node or onnxruntime-web: both have the same names. */
export interface Onnxruntime {
  readonly env: { wasm?: { numThreads?: number } };
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{
      run(feeds: Record<string, unknown>): Promise<Record<string, { data: Float32Array }>>;
      release(): Promise<void>;
    }>;
  };
  readonly Tensor: new (type: "float32" | "uint8", data: Float32Array | Uint8Array, dims: readonly number[]) => unknown;
}

/** The first of the packages that is installed, or undefined. */
export async function findOnnxruntime(
  packages: readonly string[] = ["onnxruntime-node", "onnxruntime-web"],
): Promise<{ name: string; runtime: Onnxruntime } | undefined> {
  for (const name of packages) {
    try {
      const module = await import(name);
      return { name, runtime: module.default ?? module };
    } catch {
      // Not installed, or not for this machine.
    }
  }
  return undefined;
}

/**
 * The report with `ms.onnxruntime` at every full-precision conv: one thread, the fastest of the runs, after its output was compared.
 * @throws Error where an output differs from the float32 kernel's by more than 1e-4
 */
export async function withOnnxruntime(report: KernelReport, runtime: Onnxruntime, runs = 15): Promise<KernelReport> {
  if (runtime.env.wasm !== undefined) runtime.env.wasm.numThreads = 1;
  const convs: ConvRow[] = [];
  for (const conv of report.convs) {
    if (conv.precision !== "full") {
      convs.push(conv);
      continue;
    }
    convs.push({ ...conv, ms: { ...conv.ms, onnxruntime: await timeConv(conv, runtime, runs) } });
  }
  return { ...report, convs };
}

async function timeConv(conv: ConvRow, runtime: Onnxruntime, runs: number): Promise<number> {
  const { kernel, inChannels, outChannels, resolution } = conv;
  const fanInChannels = conv.kind === "depthwise" ? 1 : inChannels;
  const x = new Float32Array(inChannels * resolution * resolution);
  const w = new Float32Array(outChannels * fanInChannels * kernel * kernel);
  for (let i = 0; i < x.length; i++) x[i] = ((i * 7919) % 31) - 15;
  for (let i = 0; i < w.length; i++) w[i] = ((i * 104729) % 29) - 14;
  const options = { executionProviders: ["cpu"], intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await runtime.InferenceSession.create(onnxConv(conv, w), options);
  const feeds = { X: new runtime.Tensor("float32", x, [1, inChannels, resolution, resolution]) };
  const { data } = (await session.run(feeds)).Y;
  let sumOfSquares = 0;
  for (const y of data) sumOfSquares += y * y;
  const expected = expectedSquares(conv, x, w);
  if (!(Math.abs(sumOfSquares / expected - 1) < 1e-4)) {
    throw new Error(
      `onnxruntime differs: ${conv.kind} ${inChannels} -> ${outChannels}, ${sumOfSquares}, expected ${expected}`,
    );
  }
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await session.run(feeds);
    fastest = Math.min(fastest, performance.now() - start);
  }
  await session.release();
  return fastest;
}

/** Sum of squares of the conv's output by the float32 kernel, x (in, r, r) and w (out, in, k, k). */
function expectedSquares(conv: ConvRow, x: Float32Array, w: Float32Array): number {
  const sizes = new ConvSizes();
  sizes.inResolution = conv.resolution;
  sizes.outResolution = Math.ceil(conv.resolution / conv.stride);
  sizes.inChannels = conv.inChannels;
  sizes.inStride = roundUp(conv.inChannels, 8);
  sizes.outChannels = conv.outChannels;
  sizes.outStride = roundUp(conv.outChannels, 8);
  sizes.kernel = conv.kernel;
  sizes.stride = conv.stride;
  sizes.depthwise = conv.kind === "depthwise";
  const kernels = new Float32Kernels();
  const pixels = conv.resolution ** 2;
  const weights = 4 * pixels * sizes.inStride;
  const out = weights + 4 * weightCount(sizes);
  kernels.reserve(out + 4 * sizes.outResolution ** 2 * sizes.outStride + TENSOR_SLACK);
  const floats = new Float32Array(kernels.buffer);
  for (let c = 0; c < conv.inChannels; c++) {
    for (let p = 0; p < pixels; p++) floats[p * sizes.inStride + c] = x[c * pixels + p];
  }
  const taps = conv.kernel ** 2;
  const fanInChannels = sizes.depthwise ? 1 : conv.inChannels;
  for (let o = 0; o < conv.outChannels; o++) {
    for (let i = 0; i < fanInChannels; i++) {
      for (let tap = 0; tap < taps; tap++) {
        const j = sizes.depthwise ? tap : tap * sizes.inStride + i;
        floats[weights / 4 + weightIndex(sizes, o, j)] = w[(o * fanInChannels + i) * taps + tap];
      }
    }
  }
  convolve(kernels, out, 0, weights, 0, sizes);
  return kernels.moments.sumOfSquares;
}
