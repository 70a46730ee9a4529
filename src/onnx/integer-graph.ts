import type { ConvDescription } from "../formats/network-description.ts";
import type { IntegerConv, IntegerLayer, IntegerNetwork, Requantiser } from "../integer/integer-network.ts";
import { GraphBuilder, tensorValue } from "./graph.ts";
import { DataType, type Graph } from "./model.ts";

/** Sums before they are shifted are smaller in size. */
const BEYOND = 53;

/**
 * A network of whole numbers in operators of whole numbers, equal to the interpreter's result in every bit: images of bytes (batch, channels, r, r) to `output`,
 * int32. Sums are int64; a division by 2^sh cuts off, which is the shift of values that are not negative.
 */
export function integerGraph(network: IntegerNetwork): Graph {
  const { channels, resolution, layers, classes, classifier, name } = network;
  const graph = new GraphBuilder();
  let x = "image";
  const drop = 8 - layers[0].convs[0].shape.bitsA;
  if (drop > 0) {
    const places = graph.bytes("image.drop", "uint8", [], [drop]);
    x = graph.node("image.bits", "BitShift", [x, places], { attributes: { direction: "RIGHT" } });
  }
  layers.forEach((layer, i) => {
    x = appendLayer(graph, layer, `L${i}`, x);
  });
  const { shape } = layers.at(-1)!.convs.at(-1)!;
  if (classifier !== undefined) x = appendClassifier(graph, network, x, shape.outResolution ** 2);
  const output = cast(graph, "output", x, DataType.int32);
  const dims = classes > 0 ? [classes] : [shape.outChannels, shape.outResolution, shape.outResolution];
  return {
    name,
    node: graph.nodes,
    initializer: graph.initialisers,
    input: [tensorValue("image", DataType.uint8, ["batch", channels, resolution, resolution])],
    output: [tensorValue(output, DataType.int32, ["batch", ...dims])],
  };
}

function appendLayer(
  graph: GraphBuilder,
  { convs, shortcut, stride, projection }: IntegerLayer,
  name: string,
  input: string,
): string {
  let x = input;
  convs.forEach((conv, j) => {
    const own = `${name}.C${j}`;
    const { requantiser } = conv;
    let added: string | undefined;
    if (j === convs.length - 1 && shortcut !== "none") {
      const odd = (convs[0].shape.inResolution % 2) as 0 | 1;
      const held = stride > 1 ? pooled(graph, `${name}.pool`, input, odd) : input;
      const other = `${name}.C${convs.length}`;
      added =
        projection === undefined
          ? scaled(graph, `${name}.held`, held, { dims: [], values: [requantiser.held] })
          : scaled(graph, other, convolved(graph, other, projection.shape, projection.weights, held), {
              dims: perChannel(projection.multiplier.length),
              values: projection.multiplier,
            });
    }
    x = appendConv(graph, own, conv, { x, added });
  });
  return x;
}

const perChannel = (channels: number) => [1, channels, 1, 1];

function appendConv(
  graph: GraphBuilder,
  name: string,
  { shape, weights, bitsOut, requantiser }: IntegerConv,
  { x, added }: { readonly x: string; readonly added: string | undefined },
): string {
  const sums = convolved(graph, name, shape, weights, x);
  const total = totalOf(graph, name, sums, requantiser, perChannel(shape.outChannels));
  const all = added === undefined ? total : graph.node(`${name}.sum`, "Add", [total, added]);
  const none = graph.longs(`${name}.least`, [], [0]);
  const shifted = divided(graph, name, graph.node(`${name}.above`, "Max", [all, none]), requantiser.shift);
  const most = graph.longs(`${name}.most`, [], [2 ** bitsOut - 1]);
  return cast(graph, `${name}.whole`, graph.node(`${name}.below`, "Min", [shifted, most]), DataType.uint8);
}

function convolved(
  graph: GraphBuilder,
  name: string,
  { kernel, stride, depthwise, inChannels, outChannels }: ConvDescription,
  weights: Int8Array,
  x: string,
): string {
  const padding = (kernel - 1) / 2;
  const shape = [outChannels, depthwise ? 1 : inChannels, kernel, kernel];
  return graph.node(`${name}.conv`, "ConvInteger", [x, graph.bytes(`${name}.weight`, "int8", shape, weights)], {
    attributes: {
      group: depthwise ? inChannels : 1,
      kernel_shape: [kernel, kernel],
      pads: [padding, padding, padding, padding],
      strides: [stride, stride],
    },
  });
}

/** sum M + B 2^(sh - f) + 2^(sh - 1), int64. */
function totalOf(
  graph: GraphBuilder,
  name: string,
  sums: string,
  { multiplier, bias, shift, biasShift }: Requantiser,
  dims: readonly number[],
): string {
  const product = scaled(graph, name, sums, { dims, values: multiplier });
  const values = Array.from(bias, (b) => b * 2 ** (shift - biasShift) + 2 ** (shift - 1));
  return graph.node(`${name}.total`, "Add", [product, graph.longs(`${name}.bias`, dims, values)]);
}

/** Times whole numbers, as int64. */
function scaled(
  graph: GraphBuilder,
  name: string,
  x: string,
  { dims, values }: { readonly dims: readonly number[]; readonly values: ArrayLike<number> },
): string {
  const factors = graph.longs(`${name}.multiplier`, dims, Array.from(values));
  return graph.node(`${name}.scaled`, "Mul", [cast(graph, `${name}.long`, x, DataType.int64), factors]);
}

function divided(graph: GraphBuilder, name: string, x: string, shift: number): string {
  return graph.node(`${name}.shifted`, "Div", [x, graph.longs(`${name}.power`, [], [2 ** shift])]);
}

/** The 2x2 average of what exists, half up: quarters, which float32 holds exactly. */
function pooled(graph: GraphBuilder, name: string, x: string, odd: 0 | 1): string {
  const attributes = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, odd, odd], count_include_pad: 0 };
  const float = cast(graph, `${name}.float`, x, DataType.float);
  const mean = graph.node(`${name}.mean`, "AveragePool", [float], { attributes });
  const up = graph.node(`${name}.up`, "Add", [mean, graph.floats(`${name}.half`, [], [0.5])]);
  return cast(graph, name, graph.node(`${name}.floor`, "Floor", [up]), DataType.uint8);
}

function appendClassifier(graph: GraphBuilder, network: IntegerNetwork, x: string, places: number): string {
  const { classes } = network;
  const { channels, weights, requantiser } = network.classifier!;
  const axes = graph.longs("fc.axes", [2], [2, 3]);
  const sum = graph.node("fc.sum", "ReduceSum", [cast(graph, "fc.int", x, DataType.int32), axes], {
    attributes: { keepdims: 0 },
  });
  const wide = cast(graph, "fc.wide", sum, DataType.int64);
  const up = graph.node("fc.up", "Add", [wide, graph.longs("fc.half", [], [Math.floor(places / 2)])]);
  const mean = graph.node("fc.average", "Div", [up, graph.longs("fc.places", [], [places])]);
  const transposed = Int8Array.from({ length: weights.length }, (_, i) => {
    const k = i % classes;
    return weights[k * channels + (i - k) / classes];
  });
  const factors = graph.bytes("fc.weight", "int8", [channels, classes], transposed);
  const sums = graph.node("fc.product", "MatMulInteger", [cast(graph, "fc.mean", mean, DataType.uint8), factors]);
  const total = totalOf(graph, "fc", sums, requantiser, [1, classes]);
  // Logits may be negative: a multiple of 2^sh above every size makes them positive for the division.
  const above = graph.node("fc.above", "Add", [total, graph.longs("fc.more", [], [2 ** BEYOND])]);
  const less = graph.longs("fc.less", [], [2 ** (BEYOND - requantiser.shift)]);
  return graph.node("fc.logits", "Sub", [divided(graph, "fc", above, requantiser.shift), less]);
}

function cast(graph: GraphBuilder, name: string, x: string, to: number): string {
  return graph.node(name, "Cast", [x], { attributes: { to } });
}
