import { type Attribute, AttributeType, DataType, type Node, type Tensor, type ValueInfo } from "./model.ts";

/** An attribute's value; whole numbers are ints, a list is of ints, `{ float }` is a float, a text a string. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** One attribute of a node. */
export function attributeOf(name: string, value: AttributeValue): Attribute {
  if (typeof value === "number") return { name, type: AttributeType.int, i: value };
  if (typeof value === "string") return { name, type: AttributeType.string, s: value };
  if ("float" in value) return { name, type: AttributeType.float, f: value.float };
  return { name, type: AttributeType.ints, ints: value };
}

/** A value of type and shape; a text is a dimension whose size is left open. */
export function tensorValue(name: string, elemType: number, dims: readonly (number | string)[]): ValueInfo {
  const dim = dims.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

/** What a node of a graph is besides its operator and its inputs. */
interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly domain?: string;
}

/** Collects nodes and constants in the order in which they are computed; values are named after what makes them. */
export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly initialisers: Tensor[] = [];
  readonly #names = new Set<string>();

  /** @returns the name of the node's output, which is the node's own */
  node(name: string, opType: string, input: readonly string[], { attributes = {}, domain }: NodeOptions = {}): string {
    this.#take(name);
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.nodes.push({
      input,
      output: [name],
      name,
      opType,
      attribute,
      ...(domain === undefined ? {} : { domain }),
    });
    return name;
  }

  /** A constant of float32. */
  floats(name: string, dims: readonly number[], values: ArrayLike<number>): string {
    const rawData = Buffer.alloc(4 * values.length);
    for (let i = 0; i < values.length; i++) rawData.writeFloatLE(values[i], 4 * i);
    return this.#constant({ name, dims, dataType: DataType.float, rawData });
  }

  /** A constant of int64. */
  longs(name: string, dims: readonly number[], values: readonly number[]): string {
    const rawData = Buffer.alloc(8 * values.length);
    for (const [i, x] of values.entries()) rawData.writeBigInt64LE(BigInt(x), 8 * i);
    return this.#constant({ name, dims, dataType: DataType.int64, rawData });
  }

  /** A constant of int8 or uint8. */
  bytes(name: string, type: "int8" | "uint8", dims: readonly number[], values: Iterable<number>): string {
    const rawData = Uint8Array.from(values, (x) => x & 255);
    return this.#constant({ name, dims, dataType: DataType[type], rawData });
  }

  /** A constant of int4: two values a byte, the first in the low bits. */
  nibbles(name: string, dims: readonly number[], values: ArrayLike<number>): string {
    const rawData = new Uint8Array(Math.ceil(values.length / 2));
    for (let i = 0; i < values.length; i++) rawData[i >> 1] |= (values[i] & 15) << (4 * (i & 1));
    return this.#constant({ name, dims, dataType: DataType.int4, rawData });
  }

  #constant(tensor: Tensor & { readonly name: string }): string {
    this.#take(tensor.name);
    this.initialisers.push(tensor);
    return tensor.name;
  }

  #take(name: string): void {
    if (this.#names.has(name)) throw new Error(`two values are called ${name}`);
    this.#names.add(name);
  }
}
