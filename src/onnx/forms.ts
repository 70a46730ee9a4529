import { UserError } from "../base/user-error.ts";
import type { NetworkDescription } from "../formats/network-description.ts";
import { checkWeights, type NetworkWeights } from "../formats/weights.ts";
import { type ModelFunction, type OperatorSet, writeModel } from "./model.ts";
import { networkGraph, type Quantisation } from "./network-graph.ts";
import { quantFunction } from "./quant-function.ts";
import { clippedBytes, nibbleWeights, QONNX_DOMAIN, quantNodes } from "./quantisations.ts";

/** The key of the network's description in a model's metadata. */
const METADATA_KEY = "qes";

/** Bits that the types of ONNX hold. */
const LEAST_BITS = 2;
const MOST_BITS = 8;

/** A way to say a quantised network in ONNX. */
export interface OnnxForm {
  readonly name: string;
  readonly what: string;
  /** Version of the file format, and of ONNX's operators. */
  readonly irVersion: number;
  readonly opset: number;
  /** Absent: full precision. */
  readonly quantisation?: Quantisation;
  readonly domains?: readonly OperatorSet[];
  readonly functions?: readonly ModelFunction[];
}

/** A new form is a new row. */
export const onnxForms: readonly OnnxForm[] = [
  { name: "float", what: "full precision, the weights as they were before rounding", irVersion: 8, opset: 13 },
  {
    name: "qdq",
    what: "QuantizeLinear and DequantizeLinear of 8 bits, Clip for fewer",
    irVersion: 8,
    opset: 13,
    quantisation: clippedBytes,
  },
  {
    name: "qdq4",
    what: "the same, weights of up to 4 bits as INT4",
    irVersion: 10,
    opset: 21,
    quantisation: nibbleWeights,
  },
  {
    name: "qonnx",
    what: "Quant nodes with the exact bits",
    irVersion: 8,
    opset: 13,
    quantisation: quantNodes,
    domains: [{ domain: QONNX_DOMAIN, version: 1 }],
    functions: [quantFunction(13)],
  },
];

/**
 * A network as the bytes of a .onnx file.
 * @throws UserError where the form cannot hold the network, or the weights are of another one
 */
export function onnxModel(network: NetworkDescription, weights: NetworkWeights, form: OnnxForm): Uint8Array {
  if (form.quantisation !== undefined) checkBits(network, form);
  checkWeights(network, weights);
  const { irVersion, opset, quantisation, domains = [], functions } = form;
  return writeModel({
    irVersion,
    producerName: "qe-search",
    graph: networkGraph(network, weights, quantisation),
    opsetImport: [{ domain: "", version: opset }, ...domains],
    metadataProps: [{ key: METADATA_KEY, value: JSON.stringify(network) }],
    ...(functions === undefined ? {} : { functions }),
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
