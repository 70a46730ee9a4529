import { UserError } from "../base/user-error.ts";
import type { NetworkDescription } from "../formats/network-description.ts";
import { checkWeights, type NetworkWeights } from "../formats/weights.ts";
import { integerNetwork } from "../integer/trained-network.ts";
import { integerGraph } from "./integer-graph.ts";
import { type Graph, type ModelFunction, type OperatorSet, type StringEntry, writeModel } from "./model.ts";
import { networkGraph, type Quantisation } from "./network-graph.ts";
import { quantFunction } from "./quant-function.ts";
import { clippedBytes, nibbleWeights, QONNX_DOMAIN, quantNodes } from "./quantisations.ts";

/** The key of the network's description in a model's metadata. */
export const METADATA_KEY = "qes";
/** What one unit of an integer network's output stands for. */
const OUTPUT_STEP_KEY = "qes.output_step";

/** Bits that the types of ONNX hold. */
const LEAST_BITS = 2;
const MOST_BITS = 8;

/** A way to say a network in ONNX. */
export interface OnnxForm {
  readonly name: string;
  readonly what: string;
  /** Version of the file format, and of ONNX's operators. */
  readonly irVersion: number;
  readonly opset: number;
  /** Whether it says bits, and holds no network without. */
  readonly bits: boolean;
  readonly content: (network: NetworkDescription, weights: NetworkWeights) => Content;
}

/** What differs from form to form. */
interface Content {
  readonly graph: Graph;
  readonly domains?: readonly OperatorSet[];
  readonly functions?: readonly ModelFunction[];
  readonly metadata?: readonly StringEntry[];
}

const quantised =
  (quantisation: Quantisation, more: Omit<Content, "graph"> = {}) =>
  (network: NetworkDescription, weights: NetworkWeights): Content => ({
    graph: networkGraph(network, weights, quantisation),
    ...more,
  });

/** A new form is a new row. */
export const onnxForms: readonly OnnxForm[] = [
  {
    name: "qdq",
    what: "QuantizeLinear and DequantizeLinear of 8 bits, Clip for fewer",
    irVersion: 8,
    opset: 13,
    bits: true,
    content: quantised(clippedBytes),
  },
  {
    name: "qdq4",
    what: "the same, weights of up to 4 bits as INT4",
    irVersion: 10,
    opset: 21,
    bits: true,
    content: quantised(nibbleWeights),
  },
  {
    name: "qonnx",
    what: "Quant nodes with the exact bits",
    irVersion: 8,
    opset: 13,
    bits: true,
    content: quantised(quantNodes, {
      domains: [{ domain: QONNX_DOMAIN, version: 1 }],
      functions: [quantFunction(13)],
    }),
  },
  {
    name: "integer",
    what: "whole numbers alone, from bytes to int32, as firmware computes them",
    irVersion: 8,
    opset: 13,
    bits: true,
    content: (network, weights) => {
      const integer = integerNetwork(network, weights);
      return {
        graph: integerGraph(integer),
        metadata: [{ key: OUTPUT_STEP_KEY, value: String(integer.outputStep) }],
      };
    },
  },
  {
    name: "float",
    what: "full precision, also of a network with bits, whose trained weights need them",
    irVersion: 8,
    opset: 13,
    bits: false,
    content: (network, weights) => ({ graph: networkGraph(network, weights, undefined) }),
  },
];

/** The first form that holds the network: of a network with bits one that says them. */
export function defaultForm(network: NetworkDescription): OnnxForm {
  return onnxForms.find(({ bits }) => bits === hasBits(network))!;
}

const hasBits = ({ layers }: NetworkDescription) => layers.some(({ convs }) => convs.some(({ bitsA }) => bitsA > 0));

/**
 * A network as the bytes of a .onnx file.
 * @throws UserError where the form cannot hold the network, or the weights are of another one
 */
export function onnxModel(network: NetworkDescription, weights: NetworkWeights, form: OnnxForm): Uint8Array {
  if (form.bits) checkBits(network, form);
  checkWeights(network, weights);
  const { graph, domains = [], functions = [], metadata = [] } = form.content(network, weights);
  return writeModel({
    irVersion: form.irVersion,
    producerName: "qe-search",
    graph,
    opsetImport: [{ domain: "", version: form.opset }, ...domains],
    metadataProps: [{ key: METADATA_KEY, value: JSON.stringify(network) }, ...metadata],
    functions,
  });
}

function checkBits({ layers }: NetworkDescription, { name }: OnnxForm): void {
  const all = layers.flatMap(({ convs, block, inner }) =>
    convs.flatMap(({ bitsA, bitsW }) => [bitsA, bitsW].map((bits) => ({ bits, block, inner }))),
  );
  if (all.every(({ bits }) => bits === 0)) {
    throw new UserError(
      `onnx: expected a network with bits, since ${name} says them, got one of full precision; choose the form float`,
    );
  }
  const wrong = all.find(({ bits }) => bits !== 0 && (bits < LEAST_BITS || bits > MOST_BITS));
  if (wrong !== undefined) {
    throw new UserError(
      `onnx: expected ${LEAST_BITS} to ${MOST_BITS} bits, got ${wrong.bits} in block ${wrong.block} layer ${wrong.inner}; choose bits of that range, or the form float`,
    );
  }
}
