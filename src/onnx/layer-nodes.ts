import { attribute, labelOf } from "./checked-graph.ts";
import type { Node } from "./model.ts";
import { numbersOf } from "./tensor-values.ts";
import type { Constant, Data, Unit, Value } from "./units.ts";

/** A node with what it reads; `problem` tells what keeps it from being a layer. */
export interface NodeReading {
  readonly node: Node;
  readonly values: readonly (Value | undefined)[];
  readonly problem: (text: string) => void;
}

type NewUnit = Omit<Unit, "relu">;

/** A Conv as a unit, or undefined where no layer here is like it. */
export function convUnit({ node, values, problem }: NodeReading, x: Data): NewUnit | undefined {
  const weight = constantOf(values[1], 4);
  if (weight === undefined) {
    problem("expected weights that are constants of 4 dimensions");
    return undefined;
  }
  const [outChannels, ofGroup, kernel, width] = weight.tensor.dims!;
  const group = attribute(node, "group")?.i ?? 1;
  const inChannels = ofGroup * group;
  const [stride = 1, across = stride] = attribute(node, "strides")?.ints ?? [];
  const dilations = attribute(node, "dilations")?.ints ?? [];
  if (kernel !== width || kernel % 2 === 0) {
    problem(`a kernel of ${kernel}x${width}; those here are square and odd`);
  } else if (stride !== across || stride < 1 || stride > 2) {
    problem(`strides ${stride} and ${across}; layers here have 1 or 2`);
  } else if (dilations.some((d) => d !== 1)) problem("a dilation; convs here have none");
  else if (group !== 1 && (group !== inChannels || outChannels !== inChannels)) {
    problem(`${group} groups of ${inChannels} to ${outChannels} channels; convs here have one group or one a channel`);
  } else if (inChannels !== x.unit.channels) {
    problem(`weights for ${inChannels} channels, got ${x.unit.channels}`);
  } else {
    const side = Math.ceil(x.unit.side / stride);
    if (!keepsSide(node, { side: x.unit.side, kernel, stride })) {
      problem(`its padding; a conv here of ${x.unit.side}x${x.unit.side} gives ${side}x${side}`);
    }
    const { bits: bitsW, guessed } = weight;
    const { squeeze } = x;
    const shape = {
      kernel,
      stride,
      inChannels,
      outChannels,
      bitsW,
      guessed,
      ...(squeeze !== undefined && { squeeze }),
    };
    const conv = { ...shape, bitsA: x.bits, depthwise: group > 1 || (inChannels === 1 && outChannels === 1) };
    return { kind: "conv", label: labelOf(node), inputs: [x.unit], channels: outChannels, side, conv };
  }
  return undefined;
}

/** Whether the output has ceil(side / stride) pixels. */
function keepsSide(
  node: Node,
  { side, kernel, stride }: { readonly side: number; readonly kernel: number; readonly stride: number },
): boolean {
  const auto = attribute(node, "auto_pad")?.s ?? "NOTSET";
  if (auto === "SAME_UPPER" || auto === "SAME_LOWER") return true;
  const pads = auto === "VALID" ? [] : (attribute(node, "pads")?.ints ?? []);
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  if (top + bottom !== left + right) return false;
  return Math.floor((side + top + bottom - kernel) / stride) + 1 === Math.ceil(side / stride);
}

/** An average: of everything, or the 2x2 one of a shortcut; undefined where no layer here is like it. */
export function poolUnit({ node, values, problem }: NodeReading, { unit }: Data): NewUnit | undefined {
  const { channels, side } = unit;
  const own = { label: labelOf(node), inputs: [unit], channels };
  const all = { ...own, kind: "average", side: 1 } as const;
  if (node.opType === "GlobalAveragePool") return all;
  if (node.opType === "ReduceMean") {
    const given = values[1]?.kind === "constant" ? numbersOf(values[1].tensor) : undefined;
    const axes = [...(attribute(node, "axes")?.ints ?? Array.from(given ?? []))].map((axis) =>
      axis < 0 ? axis + 4 : axis,
    );
    if (axes.toSorted().join() === "2,3") return all;
    problem("a mean over other axes than height and width");
    return undefined;
  }
  const [kernel = 0, width = kernel] = attribute(node, "kernel_shape")?.ints ?? [];
  const [stride = 1, across = stride] = attribute(node, "strides")?.ints ?? [];
  const rounded = attribute(node, "ceil_mode")?.i === 1 || (attribute(node, "pads")?.ints ?? []).some((pad) => pad > 0);
  if (kernel === 2 && width === 2 && stride === 2 && across === 2 && (side % 2 === 0 || rounded)) {
    return { ...own, kind: "pool", side: Math.ceil(side / 2) };
  }
  if (kernel === side && width === side && side > 0) return all;
  problem(`an average of ${kernel}x${width}; those here are the 2x2 one of a shortcut and the global one`);
  return undefined;
}

/** A fully connected layer; its channels are its outputs. */
export function linearUnit({ node, values, problem }: NodeReading, { unit }: Data): NewUnit | undefined {
  const weight = constantOf(values[1], 2);
  if (weight === undefined) {
    problem("expected weights that are constants of 2 dimensions");
    return undefined;
  }
  const dims = weight.tensor.dims!;
  const transposed = node.opType === "Gemm" && attribute(node, "transB")?.i === 1;
  const [inputs, outputs] = transposed ? [dims[1], dims[0]] : dims;
  if (inputs !== unit.channels) {
    problem(`expected weights for the ${unit.channels} channels of a global average, got those for ${inputs}`);
    return undefined;
  }
  return { kind: "linear", label: labelOf(node), inputs: [unit], channels: outputs, side: 1 };
}

function constantOf(value: Value | undefined, dimensions: number): Constant | undefined {
  return value?.kind === "constant" && value.tensor.dims?.length === dimensions && value.tensor.dims.every((n) => n > 0)
    ? value
    : undefined;
}
