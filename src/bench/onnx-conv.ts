import { GraphBuilder, tensorValue } from "../onnx/graph.ts";
import { DataType, writeModel } from "../onnx/model.ts";
import type { ConvRow } from "./kernel.ts";

/** An ONNX model of one Conv, X (1, in, r, r) -> Y, as bytes. */
export function onnxConv(conv: ConvRow, weights: Float32Array): Uint8Array {
  const { kernel, stride, inChannels, outChannels, resolution } = conv;
  const group = conv.kind === "depthwise" ? inChannels : 1;
  const padding = (kernel - 1) / 2;
  const out = Math.ceil(resolution / stride);
  const graph = new GraphBuilder();
  const weight = graph.floats("W", [outChannels, inChannels / group, kernel, kernel], weights);
  const pads = [padding, padding, padding, padding];
  graph.node("Y", "Conv", ["X", weight], { attributes: { strides: [stride, stride], pads, group } });
  return writeModel({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      name: "conv",
      node: graph.nodes,
      initializer: graph.initialisers,
      input: [tensorValue("X", DataType.float, [1, inChannels, resolution, resolution])],
      output: [tensorValue("Y", DataType.float, [1, outChannels, out, out])],
    },
  });
}
