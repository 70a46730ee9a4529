import { decode, encode, type Field, type Schema } from "./protobuf.ts";

/*
 * The messages of onnx.proto (github.com/onnx/onnx, onnx/onnx.proto) that exporting and importing convnets takes, by its names. Lists are never
 * undefined in a message that was read.
 */

/** Values of TensorProto.DataType. */
export const DataType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  double: 11,
  uint4: 21,
  int4: 22,
} as const;

/** Values of AttributeProto.AttributeType. */
export const AttributeType = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;

export interface StringEntry {
  readonly key?: string;
  readonly value?: string;
}

export interface Tensor {
  readonly dims?: readonly number[];
  readonly dataType?: number;
  readonly floatData?: readonly number[];
  readonly int32Data?: readonly number[];
  readonly int64Data?: readonly number[];
  readonly name?: string;
  /** Little-endian. */
  readonly rawData?: Uint8Array;
  readonly doubleData?: readonly number[];
  readonly externalData?: readonly StringEntry[];
  readonly dataLocation?: number;
}

export interface Attribute {
  readonly name?: string;
  readonly refAttrName?: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: string;
  readonly t?: Tensor;
  readonly g?: Graph;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
}

export interface Node {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly name?: string;
  readonly opType?: string;
  readonly attribute?: readonly Attribute[];
  readonly domain?: string;
}

interface Dimension {
  readonly dimValue?: number;
  readonly dimParam?: string;
}

export interface ValueInfo {
  readonly name?: string;
  readonly type?: {
    readonly tensorType?: { readonly elemType?: number; readonly shape?: { readonly dim?: readonly Dimension[] } };
  };
}

export interface Graph {
  readonly node?: readonly Node[];
  readonly name?: string;
  readonly initializer?: readonly Tensor[];
  readonly input?: readonly ValueInfo[];
  readonly output?: readonly ValueInfo[];
}

export interface OperatorSet {
  readonly domain?: string;
  readonly version?: number;
}

/** A function of the model's own: what an operator of another domain is made of. */
export interface ModelFunction {
  readonly name?: string;
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly attribute?: readonly string[];
  readonly node?: readonly Node[];
  readonly opsetImport?: readonly OperatorSet[];
  readonly domain?: string;
}

export interface Model {
  readonly irVersion?: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly graph?: Graph;
  readonly opsetImport?: readonly OperatorSet[];
  readonly metadataProps?: readonly StringEntry[];
  readonly functions?: readonly ModelFunction[];
}

const one = (tag: number, type: Field["type"]): Field => ({ tag, type });
const many = (tag: number, type: Field["type"]): Field => ({ tag, type, repeated: true });

const entry: Schema = { key: one(1, "string"), value: one(2, "string") };
const tensor: Schema = {
  dims: many(1, "int"),
  dataType: one(2, "int"),
  floatData: many(4, "float"),
  int32Data: many(5, "int"),
  int64Data: many(7, "int"),
  name: one(8, "string"),
  rawData: one(9, "bytes"),
  doubleData: many(10, "double"),
  externalData: many(13, () => entry),
  dataLocation: one(14, "int"),
};
const attribute: Schema = {
  name: one(1, "string"),
  f: one(2, "float"),
  i: one(3, "int"),
  s: one(4, "string"),
  t: one(5, () => tensor),
  g: one(6, () => graph),
  floats: many(7, "float"),
  ints: many(8, "int"),
  type: one(20, "int"),
  refAttrName: one(21, "string"),
};
const node: Schema = {
  input: many(1, "string"),
  output: many(2, "string"),
  name: one(3, "string"),
  opType: one(4, "string"),
  attribute: many(5, () => attribute),
  domain: one(7, "string"),
};
const dimension: Schema = { dimValue: one(1, "int"), dimParam: one(2, "string") };
const shape: Schema = { dim: many(1, () => dimension) };
const tensorType: Schema = { elemType: one(1, "int"), shape: one(2, () => shape) };
const type: Schema = { tensorType: one(1, () => tensorType) };
const valueInfo: Schema = { name: one(1, "string"), type: one(2, () => type) };
const graph: Schema = {
  node: many(1, () => node),
  name: one(2, "string"),
  initializer: many(5, () => tensor),
  input: many(11, () => valueInfo),
  output: many(12, () => valueInfo),
};
const operatorSet: Schema = { domain: one(1, "string"), version: one(2, "int") };
const modelFunction: Schema = {
  name: one(1, "string"),
  input: many(4, "string"),
  output: many(5, "string"),
  attribute: many(6, "string"),
  node: many(7, () => node),
  opsetImport: many(9, () => operatorSet),
  domain: one(10, "string"),
};
const model: Schema = {
  irVersion: one(1, "int"),
  producerName: one(2, "string"),
  producerVersion: one(3, "string"),
  graph: one(7, () => graph),
  opsetImport: many(8, () => operatorSet),
  metadataProps: many(14, () => entry),
  functions: many(25, () => modelFunction),
};

/** A model as the bytes of a .onnx file. */
export function writeModel(value: Model): Uint8Array {
  return encode(model, value);
}

/** @throws UserError where the bytes are no protobuf message of that form, or hold too much */
export function readModel(bytes: Uint8Array): Model {
  return decode(model, bytes) as Model;
}
