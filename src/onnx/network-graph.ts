import type { ConvDescription, LayerDescription, NetworkDescription } from "../formats/network-description.ts";
import { classifierBits, imageStep, type NetworkWeights, weightShape } from "../formats/weights.ts";
import { GraphBuilder, tensorValue } from "./graph.ts";
import { DataType, type Graph } from "./model.ts";

/** PyTorch's, and ONNX's default. */
const EPSILON = 1e-5;

/** Weights of a conv or of the classifier as whole numbers: rows of an output channel, each with its step. */
export interface QuantisedRows {
  readonly shape: readonly number[];
  readonly bits: number;
  readonly steps: Float32Array;
  /** value = whole * step of its row */
  readonly whole: Int32Array;
}

/** How a form of ONNX says that values are on a grid. */
export interface Quantisation {
  /** @param x float values >= 0 @returns them at the nearest of 0 ... 2^bits - 1 steps; of two equally near ones either */
  activation(graph: GraphBuilder, name: string, x: string, { bits, step }: ActivationGrid): string;
  /** @returns float weights */
  weights(graph: GraphBuilder, name: string, rows: QuantisedRows): string;
}

export interface ActivationGrid {
  readonly bits: number;
  readonly step: number;
}

/** The network as a graph of float values, of a form, or without any quantiser: images (batch, channels, r, r) of 0 to 1 to `output`. */
export function networkGraph(
  network: NetworkDescription,
  weights: NetworkWeights,
  quantisation: Quantisation | undefined,
): Graph {
  return new NetworkGraph(network, weights, quantisation).build();
}

class NetworkGraph {
  readonly #graph = new GraphBuilder();
  readonly #network: NetworkDescription;
  readonly #weights: NetworkWeights;
  readonly #quantisation: Quantisation | undefined;

  constructor(network: NetworkDescription, weights: NetworkWeights, quantisation: Quantisation | undefined) {
    this.#network = network;
    this.#weights = weights;
    this.#quantisation = quantisation;
  }

  build(): Graph {
    const { layers, channels, resolution, classes, outputShape, name } = this.#network;
    let x = "image";
    layers.forEach((layer, i) => {
      x = this.#layer(layer, i, x);
    });
    if (classes > 0) x = this.#classifier(x);
    const output = this.#graph.node("output", "Identity", [x]);
    return {
      name,
      node: this.#graph.nodes,
      initializer: this.#graph.initialisers,
      input: [tensorValue("image", DataType.float, ["batch", channels, resolution, resolution])],
      output: [tensorValue(output, DataType.float, ["batch", ...outputShape.slice(1)])],
    };
  }

  #layer({ convs, shortcut, stride, squeeze }: LayerDescription, i: number, input: string): string {
    const name = `L${i}`;
    const x = this.#stored(input, `${name}.C0`, convs[0], i === 0);
    const last = convs.findLastIndex(({ projection }) => !projection);
    let y = x;
    convs.forEach((conv, j) => {
      if (conv.projection) return;
      const own = `${name}.C${j}`;
      if (j > 0) {
        y = this.#graph.node(`L${i}.C${j - 1}.relu`, "Relu", [y]);
        if (squeeze !== undefined && j === last) y = this.#squeezeExcite(y, name, conv, squeeze);
        y = this.#stored(y, own, conv, false);
      }
      y = this.#conv(y, own, conv);
    });
    if (shortcut !== "none") {
      const held = shortcut === "pooled" || (shortcut === "projected" && stride === 2) ? this.#pooled(x, i) : x;
      const j = convs.findIndex(({ projection }) => projection);
      y = this.#graph.node(`${name}.add`, "Add", [y, j < 0 ? held : this.#conv(held, `${name}.C${j}`, convs[j])]);
    }
    return this.#graph.node(`${name}.relu`, "Relu", [y]);
  }

  /** A tensor at the bits of the conv that reads it. */
  #stored(x: string, name: string, { bitsA }: ConvDescription, image: boolean): string {
    if (this.#quantisation === undefined || bitsA === 0) return x;
    const grid = { bits: bitsA, step: image ? imageStep(bitsA) : this.#number(`${name}.step`) };
    const whole = image && bitsA < 8 ? this.#imageBits(x, grid) : x;
    return this.#quantisation.activation(this.#graph, `${name}.input`, whole, grid);
  }

  /** An image's bytes without their low bits: nearest byte, half up, then down. */
  #imageBits(x: string, { bits, step }: ActivationGrid): string {
    const graph = this.#graph;
    const constant = (what: string, value: number) => graph.floats(`image.${what}`, [], [value]);
    const scaled = graph.node("image.scaled", "Mul", [x, constant("largest", 255)]);
    const nearest = graph.node("image.nearest", "Add", [scaled, constant("half", 0.5)]);
    const byte = graph.node("image.byte", "Floor", [nearest]);
    const high = graph.node("image.high", "Mul", [byte, constant("shift", 2 ** (bits - 8))]);
    return graph.node("image.bits", "Mul", [graph.node("image.whole", "Floor", [high]), constant("step", step)]);
  }

  #conv(x: string, name: string, conv: ConvDescription): string {
    const { kernel, stride, inChannels, depthwise, outChannels, bitsW } = conv;
    const shape = weightShape(conv);
    const padding = (kernel - 1) / 2;
    const group = depthwise ? inChannels : 1;
    const attributes = {
      dilations: [1, 1],
      group,
      kernel_shape: [kernel, kernel],
      pads: [padding, padding, padding, padding],
      strides: [stride, stride],
    };
    const y = this.#graph.node(`${name}.conv`, "Conv", [x, this.#rows(name, shape, bitsW)], { attributes });
    const norm = ["gamma", "beta", "mean", "var"].map((kind) =>
      this.#graph.floats(`${name}.${kind}`, [outChannels], this.#values(`${name}.${kind}`)),
    );
    return this.#graph.node(`${name}.norm`, "BatchNormalization", [y, ...norm], {
      attributes: { epsilon: { float: EPSILON } },
    });
  }

  /** Channels times factors of 0 to 1; what it reads is stored at the bits of the conv that reads the product, and its weights have that conv's. */
  #squeezeExcite(input: string, layer: string, conv: ConvDescription, squeeze: number): string {
    const [name, graph] = [`${layer}.S`, this.#graph];
    const pointwise = (x: string, own: string, [from, to]: readonly [number, number]) => {
      const weight = this.#rows(own, [to, from, 1, 1], conv.bitsW);
      const bias = graph.floats(`${own}.bias`, [to], this.#values(`${own}.bias`));
      return graph.node(`${own}.conv`, "Conv", [x, weight, bias], { attributes: { kernel_shape: [1, 1] } });
    };
    const x = this.#stored(input, `${name}0`, conv, false);
    const mean = graph.node(`${name}.average`, "GlobalAveragePool", [x]);
    const squeezed = graph.node(`${name}0.relu`, "Relu", [pointwise(mean, `${name}0`, [conv.inChannels, squeeze])]);
    const factors = graph.node(`${name}.factors`, "Sigmoid", [
      pointwise(squeezed, `${name}1`, [squeeze, conv.inChannels]),
    ]);
    return graph.node(`${name}.product`, "Mul", [x, factors]);
  }

  #rows(name: string, shape: readonly number[], bits: number): string {
    const values = this.#values(`${name}.weight`);
    if (this.#quantisation === undefined || bits === 0) return this.#graph.floats(`${name}.weight`, shape, values);
    const steps = this.#values(`${name}.step_w`);
    const whole = quantised(values, steps, bits);
    return this.#quantisation.weights(this.#graph, `${name}.weight`, { shape, bits, steps, whole });
  }

  /**
   * 2x2 average of what exists, on the grid of the layer's input where that has one: means are quarters of a step, halves go up. A thousandth of a
   * step more makes the rounding of every form, to even or up, the same.
   */
  #pooled(x: string, i: number): string {
    const { bitsA, inResolution } = this.#network.layers[i].convs[0];
    const odd = inResolution % 2;
    const attributes = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, odd, odd], count_include_pad: 0 };
    const mean = this.#graph.node(`L${i}.pool`, "AveragePool", [x], { attributes });
    if (this.#quantisation === undefined || bitsA === 0) return mean;
    const step = i === 0 ? imageStep(bitsA) : this.#number(`L${i}.C0.step`);
    const more = this.#graph.floats(`L${i}.pool.more`, [], [0.001 * step]);
    const up = this.#graph.node(`L${i}.pool.up`, "Add", [mean, more]);
    return this.#quantisation.activation(this.#graph, `L${i}.held`, up, { bits: bitsA, step });
  }

  #classifier(input: string): string {
    const { classes, layers } = this.#network;
    const last = layers.at(-1)!.convs.findLast(({ projection }) => !projection)!;
    const bits = this.#quantisation === undefined ? 0 : classifierBits(this.#network);
    const x = bits === 0 ? input : this.#atBits(input, "fc.input", bits);
    let mean = this.#graph.node("fc.average", "GlobalAveragePool", [x]);
    if (bits > 0) {
      // The average is the sum of P whole numbers over P, rounded half up: a quarter of its own step more decides.
      const pixels = last.outResolution ** 2;
      const more = this.#graph.floats("fc.average.more", [], [(0.25 / pixels) * this.#number("fc.step")]);
      mean = this.#atBits(this.#graph.node("fc.average.up", "Add", [mean, more]), "fc.mean", bits);
    }
    const flat = this.#graph.node("fc.flat", "Flatten", [mean], { attributes: { axis: 1 } });
    const weight = this.#rows("fc", [classes, last.outChannels], bits);
    const bias = this.#graph.floats("fc.bias", [classes], this.#values("fc.bias"));
    return this.#graph.node("fc", "Gemm", [flat, weight, bias], { attributes: { transB: 1 } });
  }

  #atBits(x: string, name: string, bits: number): string {
    return this.#quantisation!.activation(this.#graph, name, x, { bits, step: this.#number("fc.step") });
  }

  #values(name: string): Float32Array {
    return this.#weights.get(name)!.values;
  }

  #number(name: string): number {
    return this.#values(name)[0];
  }
}

/** Nearest whole numbers of steps within the bits, halves up, in float32 as training has it. */
function quantised(values: Float32Array, steps: Float32Array, bits: number): Int32Array {
  const [low, high] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  const length = values.length / steps.length;
  return Int32Array.from(values, (x, i) => {
    const share = Math.fround(x / steps[Math.floor(i / length)]);
    return Math.floor(Math.fround(Math.min(high, Math.max(low, share)) + 0.5));
  });
}
