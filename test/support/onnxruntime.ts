import { findOnnxruntime, type Onnxruntime } from "../../src/bench/onnxruntime.ts";

/** onnxruntime's WebAssembly build; undefined where it is not installed, and tests that need it are skipped, by name. */
export const onnxruntime: Onnxruntime | undefined = (await findOnnxruntime(["onnxruntime-web"]))?.runtime;

interface OnnxInputs {
  readonly type: "float32" | "uint8";
  readonly shape: readonly number[];
  readonly inputs: readonly (Float32Array | Uint8Array)[];
  readonly options?: object;
}

/** Runs a model on inputs of shape (1, channels, r, r); its output for each of them. */
export async function runOnnx(
  model: Uint8Array,
  { type, shape, inputs, options = {} }: OnnxInputs,
): Promise<Float32Array[]> {
  const runtime = onnxruntime!;
  if (runtime.env.wasm !== undefined) runtime.env.wasm.numThreads = 1;
  const session = await runtime.InferenceSession.create(model, { executionProviders: ["cpu"], ...options });
  const outputs: Float32Array[] = [];
  for (const input of inputs) {
    const result = await session.run({ image: new runtime.Tensor(type, input, shape) });
    outputs.push(result.output.data);
  }
  await session.release();
  return outputs;
}
