import { attributeOf } from "./graph.ts";
import { AttributeType, DataType, type ModelFunction, type Node } from "./model.ts";
import { QONNX_DOMAIN } from "./quantisations.ts";

/**
 * What Quant computes, in operators of ONNX, so that a runtime that does not know the domain runs the file too:
 * round(clip(x / scale + zeropt, low, high)) - zeropt, times scale, rounding to even, with low = signed * (narrow - 2^(bitwidth - 1)) and
 * high = 2^(bitwidth - signed) - 1 - narrow * (1 - signed).
 */
export function quantFunction(opset: number): ModelFunction {
  const node = (output: string, opType: string, ...input: readonly string[]): Node => ({
    input,
    output: [output],
    opType,
  });
  const number = (output: string, x: number): Node => ({
    output: [output],
    opType: "Constant",
    attribute: [attributeOf("value_float", { float: x })],
  });
  const flag = (name: string): Node[] => [
    {
      output: [`${name}_int`],
      opType: "Constant",
      attribute: [{ name: "value_int", refAttrName: name, type: AttributeType.int }],
    },
    { ...node(name, "Cast", `${name}_int`), attribute: [attributeOf("to", DataType.float)] },
  ];
  return {
    name: "Quant",
    domain: QONNX_DOMAIN,
    input: ["x", "scale", "zeropt", "bitwidth"],
    output: ["y"],
    attribute: ["signed", "narrow", "rounding_mode"],
    opsetImport: [{ domain: "", version: opset }],
    node: [
      number("one", 1),
      number("two", 2),
      ...flag("signed"),
      ...flag("narrow"),
      node("bits_less_one", "Sub", "bitwidth", "one"),
      node("half_range", "Pow", "two", "bits_less_one"),
      node("below", "Sub", "narrow", "half_range"),
      node("low", "Mul", "signed", "below"),
      node("value_bits", "Sub", "bitwidth", "signed"),
      node("range", "Pow", "two", "value_bits"),
      node("largest", "Sub", "range", "one"),
      node("unsigned", "Sub", "one", "signed"),
      node("missing", "Mul", "narrow", "unsigned"),
      node("high", "Sub", "largest", "missing"),
      node("steps", "Div", "x", "scale"),
      node("shifted", "Add", "steps", "zeropt"),
      node("not_above", "Min", "shifted", "high"),
      node("clipped", "Max", "not_above", "low"),
      node("whole", "Round", "clipped"),
      node("centred", "Sub", "whole", "zeropt"),
      node("y", "Mul", "centred", "scale"),
    ],
  };
}
