import type { ConvRow } from "./kernel.ts";

/** An ONNX model of one Conv, X (1, in, r, r) -> Y, as bytes: the few protobuf messages of onnx.proto it takes. */
export function onnxConv(conv: ConvRow, weights: Float32Array): Uint8Array {
  const { kernel, stride, inChannels, outChannels, resolution } = conv;
  const groups = conv.kind === "depthwise" ? inChannels : 1;
  const padding = (kernel - 1) / 2;
  const out = Math.ceil(resolution / stride);
  const tensor = message(
    ...[outChannels, inChannels / groups, kernel, kernel].map((dim) => integer(1, dim)),
    integer(2, 1),
    text(8, "W"),
    field(9, new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)),
  );
  const node = message(
    text(1, "X"),
    text(1, "W"),
    text(2, "Y"),
    text(4, "Conv"),
    field(5, integers("strides", [stride, stride])),
    field(5, integers("pads", [padding, padding, padding, padding])),
    field(5, message(text(1, "group"), integer(3, groups), integer(20, 2))),
  );
  const graph = message(
    field(1, node),
    text(2, "conv"),
    field(5, tensor),
    field(11, value("X", [1, inChannels, resolution, resolution])),
    field(12, value("Y", [1, outChannels, out, out])),
  );
  return message(integer(1, 8), field(7, graph), field(8, message(text(1, ""), integer(2, 13))));
}

function integers(name: string, values: readonly number[]): Uint8Array {
  return message(text(1, name), ...values.map((x) => integer(8, x)), integer(20, 7));
}

function value(name: string, dims: readonly number[]): Uint8Array {
  const shape = message(...dims.map((dim) => field(1, message(integer(1, dim)))));
  const tensorType = message(integer(1, 1), field(2, shape));
  return message(text(1, name), field(2, message(field(1, tensorType))));
}

function message(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function integer(tag: number, x: number): Uint8Array {
  return Buffer.concat([varint(tag * 8), varint(x)]);
}

function field(tag: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(tag * 8 + 2), varint(bytes.length), bytes]);
}

function text(tag: number, content: string): Uint8Array {
  return field(tag, Buffer.from(content));
}

function varint(x: number): Uint8Array {
  const bytes: number[] = [];
  for (; x >= 128; x = Math.floor(x / 128)) bytes.push((x % 128) + 128);
  return Uint8Array.from([...bytes, x]);
}
