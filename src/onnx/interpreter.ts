import { UserError } from "../base/user-error.ts";
import { attribute, type CheckedGraph, labelOf } from "./checked-graph.ts";
import { convUnit, linearUnit, poolUnit } from "./layer-nodes.ts";
import type { Node, ValueInfo } from "./model.ts";
import { DataType } from "./model.ts";
import { gateOf } from "./squeeze-excite.ts";
import { bitsOfType, isSigned, leastBits, numbersOf } from "./tensor-values.ts";
import type { Constant, Data, Unit, Value } from "./units.ts";

/** What a graph computes, and what of it has no counterpart here. */
export interface Interpretation {
  readonly output: Unit;
  /** Every unit, in the order of the graph. */
  readonly units: readonly Unit[];
  /** One a node, with its name. */
  readonly problems: readonly string[];
  readonly resolution: number;
}

/** Operators that leave a value what it is, as far as its shape and its bits are concerned. */
const passing = new Set([
  ...["Identity", "Dropout", "Cast", "Floor", "Round", "Softmax", "LogSoftmax", "BatchNormalization"],
  ...["Mul", "Sub", "Div", "Add"],
]);
/** What may read a squeeze-excite's product only through a conv. */
const notBehindSqueeze = new Set(["Add", "AveragePool", "Gemm", "GlobalAveragePool", "MatMul", "ReduceMean"]);
const flattening = new Set(["Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose"]);

const unread = "reads a squeeze-excite; one here stands before a conv";

/**
 * Walks a graph forward and finds its convs, additions, pools and its classifier, with the bits of what they read.
 * @param resolution of images whose side the graph leaves open
 * @throws UserError where it has no images as input
 */
export function interpret(graph: CheckedGraph, resolution: number | undefined): Interpretation {
  return new Interpreter(graph, resolution).run();
}

class Interpreter {
  readonly #graph: CheckedGraph;
  readonly #values = new Map<string, Value>();
  readonly #units: Unit[] = [];
  readonly #problems: string[] = [];
  readonly #image: Unit;
  /** Of squeeze-excites, which are no layers of their own. */
  readonly #parts = new Set<Unit>();

  constructor(graph: CheckedGraph, resolution: number | undefined) {
    this.#graph = graph;
    for (const [name, tensor] of graph.constants) {
      this.#values.set(name, { kind: "constant", tensor, bits: 0, whole: false, signed: false, guessed: false });
    }
    const [input, ...others] = graph.inputs;
    if (input === undefined) throw new UserError("expected an ONNX graph with images as input, got none");
    this.#image = this.#unit(imageOf(input, resolution));
    this.#values.set(input.name ?? "", { kind: "data", unit: this.#image, bits: 0, whole: false, signed: false });
    for (const { name = "" } of others) {
      this.#problems.push(`input ${JSON.stringify(name)}: a network here has one input`);
      this.#values.set(name, { kind: "shape" });
    }
  }

  run(): Interpretation {
    const { nodes, outputs } = this.#graph;
    for (const node of nodes) {
      const value = this.#evaluate(node);
      for (const name of node.output ?? []) this.#values.set(name, value);
    }
    const [output, ...others] = outputs.map(({ name = "" }) => ({ name, value: this.#values.get(name) }));
    for (const { name } of others) this.#problems.push(`output ${JSON.stringify(name)}: a network here has one output`);
    if (output.value?.kind !== "data") {
      throw new UserError(
        `output ${JSON.stringify(output.name)}: expected what is computed of the images, got another value`,
      );
    }
    if (output.value.squeeze !== undefined) this.#problems.push(`output ${JSON.stringify(output.name)}: ${unread}`);
    return {
      output: output.value.unit,
      units: this.#units.filter((unit) => !this.#parts.has(unit)),
      problems: this.#problems,
      resolution: this.#image.side,
    };
  }

  #evaluate(node: Node): Value {
    const { opType = "", domain = "", input = [] } = node;
    const values = input.map((name) => this.#values.get(name));
    const data = values.filter((value): value is Data => value?.kind === "data");
    if (opType === "Quant") return this.#quant(node, values);
    const standard = domain === "" || domain === "ai.onnx";
    if (data.length === 0) return standard ? this.#ofConstants(node, values) : { kind: "shape" };
    const [first] = data;
    if (!standard) return this.#unknown(node, data);
    if (opType === "Shape" || opType === "Size") return { kind: "shape" };
    if (data.length === 1 && passing.has(opType)) return { ...first };
    if (data.length === 1 && flattening.has(opType)) return this.#flat(node, first);
    const options = { node, values, problem: (text: string) => void this.#problems.push(`${labelOf(node)}: ${text}`) };
    const made = (unit: Omit<Unit, "relu"> | undefined): Value =>
      unit === undefined
        ? this.#other(node, first)
        : { kind: "data", unit: this.#unit(unit), bits: 0, whole: false, signed: false };
    if (notBehindSqueeze.has(opType) && data.some(({ squeeze }) => squeeze !== undefined)) options.problem(unread);
    switch (opType) {
      case "Conv":
        return values[0] === first ? made(convUnit(options, first)) : this.#unknown(node, data);
      case "Gemm":
      case "MatMul":
        return values[0] === first ? made(linearUnit(options, first)) : this.#unknown(node, data);
      case "AveragePool":
      case "GlobalAveragePool":
      case "ReduceMean":
        return made(poolUnit(options, first));
      case "Relu":
        first.unit.relu = true;
        return first;
      case "Pad":
        return this.#pad(node, first, values);
      case "Clip":
        return this.#clip(node, first, values);
      case "Add":
        return data.length === 2 && values.length === 2 ? made(this.#sum(node, data)) : this.#unknown(node, data);
      case "Sigmoid":
        return this.#sigmoid(node, first);
      case "Mul":
        return this.#scaled(data) ?? this.#unknown(node, data);
      case "QuantizeLinear":
        return { ...first, ...this.#wholeType(node, values[2]) };
      case "DequantizeLinear":
        return { ...first, whole: false };
      default:
        return this.#unknown(node, data);
    }
  }

  #unit(unit: Omit<Unit, "relu">): Unit {
    const own = { ...unit, relu: false };
    this.#units.push(own);
    return own;
  }

  #unknown(node: Node, data: readonly Data[]): Value {
    this.#problems.push(`${labelOf(node)}: no layer here does that`);
    return this.#other(node, data[0]);
  }

  /** So that what follows is looked at too. */
  #other(node: Node, { unit }: Data): Value {
    const { channels, side } = unit;
    const other = this.#unit({ kind: "other", label: labelOf(node), inputs: [unit], channels, side });
    return { kind: "data", unit: other, bits: 0, whole: false, signed: false };
  }

  #sum(node: Node, [a, b]: readonly Data[]): Omit<Unit, "relu"> | undefined {
    if (a.unit.channels !== b.unit.channels || a.unit.side !== b.unit.side) {
      this.#problems.push(`${labelOf(node)}: its inputs differ in shape`);
      return undefined;
    }
    const { channels, side } = a.unit;
    return { kind: "add", label: labelOf(node), inputs: [a.unit, b.unit], channels, side };
  }

  /** Of a squeeze-excite's factors. */
  #sigmoid(node: Node, value: Data): Value {
    const gate = value.unit.kind === "conv" ? gateOf(value.unit) : undefined;
    if (gate === undefined) return this.#unknown(node, [value]);
    const { channels, side } = value.unit;
    const unit = this.#unit({ kind: "gate", label: labelOf(node), inputs: [value.unit], channels, side, gate });
    return { kind: "data", unit, bits: 0, whole: false, signed: false };
  }

  /** What a squeeze-excite multiplies by its own factors; undefined where it is another product. */
  #scaled(data: readonly Data[]): Value | undefined {
    const factors = data.find(({ unit }) => unit.kind === "gate");
    const { gate } = factors?.unit ?? {};
    const value = data.find(({ unit }) => unit === gate?.of);
    if (factors === undefined || gate === undefined || value === undefined) return undefined;
    if (!value.unit.relu || value.squeeze !== undefined) return undefined;
    for (const unit of [...gate.parts, factors.unit]) this.#parts.add(unit);
    return { kind: "data", unit: value.unit, bits: 0, whole: false, signed: false, squeeze: gate.squeezed };
  }

  #flat(node: Node, value: Data): Value {
    if (value.unit.side > 1 && node.opType !== "Transpose") {
      this.#problems.push(`${labelOf(node)}: a classifier here reads the global average`);
    }
    return value;
  }

  /** PyTorch's exporter writes pads of 0 before its pools. */
  #pad(node: Node, value: Data, [, pads]: readonly (Value | undefined)[]): Value {
    const given = attribute(node, "pads")?.ints ?? (pads?.kind === "constant" ? numbersOf(pads.tensor) : undefined);
    return given !== undefined && Array.from(given).every((pad) => pad === 0) ? value : this.#unknown(node, [value]);
  }

  #clip(node: Node, value: Data, [, least, most]: readonly (Value | undefined)[]): Value {
    const bound = (name: string, given: Value | undefined) =>
      attribute(node, name)?.f ?? (given?.kind === "constant" ? numbersOf(given.tensor)?.[0] : undefined);
    const [low, high] = [bound("min", least), bound("max", most)];
    if (value.whole) return { ...value, bits: clippedBits(value, low, high) };
    if (low === 0) value.unit.relu = true;
    return value;
  }

  /** The type that values are quantised to: that of the zero point. */
  #wholeType(node: Node, zero: Value | undefined): { bits: number; whole: true; signed: boolean } {
    const type = zero?.kind === "constant" ? zero.tensor.dataType : attribute(node, "output_dtype")?.i;
    return { bits: bitsOfType(type) ?? 8, whole: true, signed: isSigned(type) };
  }

  #quant(node: Node, [x, , , width]: readonly (Value | undefined)[]): Value {
    const bits = width?.kind === "constant" ? numbersOf(width.tensor)?.[0] : undefined;
    if (bits === undefined || !Number.isInteger(bits) || bits < 1 || bits > 32) {
      this.#problems.push(`${labelOf(node)}: expected a constant bit-width of 1 to 32, got ${bits ?? "none"}`);
      return x ?? { kind: "shape" };
    }
    if (x?.kind === "data" || x?.kind === "constant") return { ...x, bits, whole: false };
    return { kind: "shape" };
  }

  /** Weights on their way to a conv; anything else of constants is a shape. */
  #ofConstants(node: Node, values: readonly (Value | undefined)[]): Value {
    const { opType } = node;
    const [x, , zero] = values;
    if (opType === "Constant") {
      const tensor = attribute(node, "value")?.t ?? scalarOf(node);
      return tensor === undefined
        ? { kind: "shape" }
        : { kind: "constant", tensor, bits: 0, whole: false, signed: false, guessed: false };
    }
    if (x?.kind !== "constant") return { kind: "shape" };
    if (opType === "Identity" || opType === "Cast") return x;
    if (opType === "QuantizeLinear") return { ...x, ...this.#wholeType(node, zero) };
    if (opType === "Clip" && x.whole) {
      const [low, high] = values
        .slice(1)
        .map((value) => (value?.kind === "constant" ? numbersOf(value.tensor)?.[0] : undefined));
      return { ...x, bits: clippedBits(x, low, high) };
    }
    if (opType === "DequantizeLinear") return dequantised(x);
    if (opType === "Transpose" && x.tensor.dims?.length === 2) {
      return { ...x, tensor: { ...x.tensor, dims: x.tensor.dims.toReversed() } };
    }
    return { kind: "shape" };
  }
}

/** Of weights that the file holds as whole numbers, bits are the least that hold them. */
function dequantised(x: Constant): Constant {
  if (x.whole) return { ...x, whole: false };
  const numbers = numbersOf(x.tensor);
  const bits = numbers === undefined ? bitsOfType(x.tensor.dataType) : leastBits(numbers);
  return { ...x, bits: bits ?? 8, guessed: true };
}

/** Bits of what a Clip leaves; a bound that it lacks is the type's. */
function clippedBits(
  { bits, signed }: { readonly bits: number; readonly signed: boolean },
  low = signed ? -(2 ** (bits - 1)) : 0,
  high = 2 ** (signed ? bits - 1 : bits) - 1,
): number {
  return high > low ? Math.min(bits, Math.ceil(Math.log2(high - low + 1))) : bits;
}

function scalarOf(node: Node) {
  const f = attribute(node, "value_float")?.f;
  if (f !== undefined) return { dims: [], dataType: DataType.float, floatData: [f] };
  const i = attribute(node, "value_int")?.i;
  const ints = i === undefined ? attribute(node, "value_ints")?.ints : [i];
  if (ints === undefined) return undefined;
  return { dims: i === undefined ? [ints.length] : [], dataType: DataType.int64, int64Data: ints };
}

/** The image of shape (batch, channels, side, side). */
function imageOf({ name = "", type }: ValueInfo, resolution: number | undefined): Omit<Unit, "relu"> {
  const where = `input ${JSON.stringify(name.slice(0, 80))}`;
  const dims = type?.tensorType?.shape?.dim?.map(({ dimValue }) => dimValue);
  const expected = `${where}: expected images of shape (batch, channels, side, side)`;
  if (dims?.length !== 4)
    throw new UserError(`${expected}, got ${dims === undefined ? "no shape" : `${dims.length} dimensions`}`);
  const [, channels = 0, height = 0, width = 0] = dims;
  if (channels <= 0) throw new UserError(`${expected}, got ${channels} channels`);
  const side = height > 0 ? height : resolution;
  if (side === undefined) {
    throw new UserError(`${expected}, got a side that is left open; say the resolution`);
  }
  if (height < 0 || width < 0 || (width > 0 && width !== side) || side > 4096) {
    throw new UserError(`${expected} of at most 4096 pixels, got ${height}x${width}`);
  }
  return { kind: "image", label: where, inputs: [], channels, side };
}
