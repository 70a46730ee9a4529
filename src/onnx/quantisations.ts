import type { GraphBuilder } from "./graph.ts";
import type { Quantisation, QuantisedRows } from "./network-graph.ts";

/** The domain of Quant nodes (github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops/quant_op.md). */
export const QONNX_DOMAIN = "qonnx.custom_op.general";

/** Whole numbers of 8 bits, and a Clip between where there are fewer: QuantizeLinear, Clip, DequantizeLinear. */
export const clippedBytes: Quantisation = {
  activation(graph, name, x, grid) {
    const step = graph.floats(`${name}.step`, [], [grid.step]);
    const zero = graph.bytes(`${name}.zero`, "uint8", [], [0]);
    let whole = graph.node(`${name}.whole`, "QuantizeLinear", [x, step, zero]);
    if (grid.bits < 8) {
      const least = graph.bytes(`${name}.least`, "uint8", [], [0]);
      const most = graph.bytes(`${name}.most`, "uint8", [], [2 ** grid.bits - 1]);
      whole = graph.node(`${name}.clip`, "Clip", [whole, least, most]);
    }
    return graph.node(name, "DequantizeLinear", [whole, step, zero]);
  },
  weights(graph, name, { shape, steps, whole }) {
    return dequantised(graph, name, steps, [
      graph.bytes(`${name}.whole`, "int8", shape, whole),
      graph.bytes(`${name}.zero`, "int8", [steps.length], new Int8Array(steps.length)),
    ]);
  },
};

/**
 * As `clippedBytes`, with weights of 4 and fewer bits in the type of 4. Activations are bytes all the same: onnxruntime 1.30 hangs in its WebAssembly build where
 * they are quantised to UINT4, and computes other values in the native one.
 */
export const nibbleWeights: Quantisation = {
  activation: clippedBytes.activation,
  weights(graph, name, rows) {
    const { shape, steps, whole, bits } = rows;
    if (bits > 4) return clippedBytes.weights(graph, name, rows);
    return dequantised(graph, name, steps, [
      graph.nibbles(`${name}.whole`, shape, whole),
      graph.nibbles(`${name}.zero`, [steps.length], new Int8Array(steps.length)),
    ]);
  },
};

/** A Quant node for every tensor, which says its bits. */
export const quantNodes: Quantisation = {
  activation(graph, name, x, { bits, step }) {
    const scale = graph.floats(`${name}.step`, [], [step]);
    return quant(graph, name, [x, scale], { bits, signed: 0 });
  },
  weights(graph, name, { shape, steps, whole, bits }) {
    const length = whole.length / steps.length;
    // On the grid already, so that no rounding is left to the reader.
    const values = Float32Array.from(whole, (x, i) => x * steps[Math.floor(i / length)]);
    const scale = graph.floats(`${name}.step`, [steps.length, ...shape.slice(1).map(() => 1)], steps);
    return quant(graph, name, [graph.floats(`${name}.values`, shape, values), scale], { bits, signed: 1 });
  },
};

function quant(
  graph: GraphBuilder,
  name: string,
  [x, scale]: readonly [string, string],
  { bits, signed }: { readonly bits: number; readonly signed: 0 | 1 },
): string {
  const zero = graph.floats(`${name}.zero`, [], [0]);
  const width = graph.floats(`${name}.bits`, [], [bits]);
  const attributes = { signed, narrow: 0, rounding_mode: "ROUND" };
  return graph.node(name, "Quant", [x, scale, zero, width], { attributes, domain: QONNX_DOMAIN });
}

/** Weights with one step an output channel, the first axis. */
function dequantised(
  graph: GraphBuilder,
  name: string,
  steps: QuantisedRows["steps"],
  [whole, zero]: readonly [string, string],
): string {
  const scale = graph.floats(`${name}.step`, [steps.length], steps);
  return graph.node(name, "DequantizeLinear", [whole, scale, zero], { attributes: { axis: 0 } });
}
