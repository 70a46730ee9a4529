import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { importOnnx } from "../../src/onnx/import.ts";
import { python, pythonWith } from "../support/python.ts";
import { temporaryFolder } from "../temporary.ts";

const torch = pythonWith("torch", "numpy");
const script = fileURLToPath(new URL("../fixtures/python/export_models.py", import.meta.url));
const folder = temporaryFolder();
if (torch !== undefined) python(torch, [script], folder);

const read = (name: string, resolution?: number) =>
  importOnnx(readFileSync(join(folder, `${name}.onnx`)), { where: name, resolution });
/** What the message says, a line a place. */
const refusal = (name: string): string[] => {
  try {
    read(name);
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  return [];
};

const single = (from: number, out: number, k: number, s: number) => ({ class: "ConvKXBNRELU", in: from, out, k, s });
const block = (inner: "K1DWK1" | "K1KXK1" | "K1DWSEK1", shape: readonly number[]) => {
  const [from, out, k, s, L, btn] = shape;
  return { class: `SuperRes${inner}`, in: from, out, k, s, L, btn, inner_class: `Res${inner}` };
};
const mobile = [
  single(3, 16, 3, 2),
  block("K1DWK1", [16, 24, 3, 2, 1, 96]),
  block("K1DWK1", [24, 24, 3, 1, 1, 144]),
  block("K1DWK1", [24, 32, 3, 2, 1, 144]),
  block("K1DWK1", [32, 32, 3, 1, 2, 192]),
  block("K1DWK1", [32, 48, 3, 1, 1, 192]),
  single(48, 64, 1, 1),
];
const mcu = [
  single(3, 16, 3, 2),
  block("K1DWK1", [16, 24, 7, 2, 1, 48]),
  block("K1DWK1", [24, 24, 3, 1, 1, 96]),
  block("K1DWK1", [24, 32, 5, 2, 1, 120]),
  block("K1DWK1", [32, 40, 7, 2, 1, 192]),
  block("K1DWK1", [40, 40, 5, 1, 1, 160]),
  single(40, 64, 1, 1),
];
const squeezed = [single(3, 16, 3, 2), block("K1DWSEK1", [16, 16, 3, 1, 1, 64]), single(16, 24, 1, 1)];
const residual = [single(3, 16, 3, 1), block("K1KXK1", [16, 32, 3, 1, 2, 8]), block("K1KXK1", [32, 64, 3, 2, 2, 16])];

test.skipIf(torch === undefined).each([11, 13])("models of PyTorch's exporter are read, operator set %i", (opset) => {
  const linear = expect.stringMatching(/^read with a ReLU that is not there behind Conv ".*" and \d+ more$/);
  expect(read(`mobilenet-${opset}`)).toEqual({ structure: mobile, resolution: 32, classes: 10, notes: [linear] });
  expect(read(`mcunet-${opset}`)).toEqual({ structure: mcu, resolution: 48, classes: 2, notes: [linear] });
  expect(read(`resnet-${opset}`)).toEqual({
    structure: residual,
    resolution: 32,
    classes: 10,
    notes: [expect.stringMatching(/^Conv ".*": a 1x1 conv of stride 2 is read as a 2x2 average and a 1x1 conv/)],
  });
  for (const name of ["squeezed", "squeezed_mean"]) {
    expect(read(`${name}-${opset}`)).toEqual({ structure: squeezed, resolution: 32, classes: 10, notes: [] });
  }
  expect(read(`resnet_d-${opset}`)).toEqual({ structure: residual, resolution: 32, classes: 10, notes: [] });
});

test.skipIf(torch === undefined)(
  "a network that PyTorch trained with fake quantisation has the bits of its nodes",
  () => {
    expect(read("quantised")).toEqual({
      structure: [
        { ...single(3, 16, 3, 2), nbitsA: 8, nbitsW: 8 },
        {
          ...{ class: "SuperQuantResK1DWK1", in: 16, out: 16, k: 3, s: 1, L: 1, btn: 32, inner_class: "ResK1DWK1" },
          nbitsA: [8, 7, 8],
          nbitsW: [8, 8, 8],
        },
        { ...single(16, 24, 1, 1), nbitsA: 8, nbitsW: 8 },
      ],
      resolution: 16,
      classes: 10,
      notes: [],
    });
  },
);

test.skipIf(torch === undefined)("what has no counterpart is named node by node", () => {
  expect(refusal("mobilenet_t1-13")).toEqual([
    "mobilenet_t1-13: expected a network of the families that are known here, got another in one place:",
    expect.stringMatching(
      /^ {2}Add ".*", from Conv ".*": no family has a layer of depthwise 3x3 \(16 to 16\), 1x1 \(16 to 16\) with the identity shortcut$/,
    ),
  ]);
  expect(refusal("no_shortcut-13").slice(1)).toEqual([
    expect.stringMatching(
      /^ {2}Conv ".*": SuperResK1DWK1 of 16 to 16 channels and stride 2 has the shortcut "pooled", here it is "none"$/,
    ),
  ]);
  expect(refusal("basic-13").slice(1)).toEqual([
    expect.stringMatching(/^ {2}MaxPool ".*": no layer here does that$/),
    expect.stringMatching(/^ {2}Sigmoid ".*": no layer here does that$/),
    expect.stringMatching(/^ {2}Mul ".*": no layer here does that$/),
    expect.stringMatching(/^ {2}GlobalAveragePool ".*": is beside the path from the images to the output$/),
    expect.stringMatching(/^ {2}Conv ".*": is beside the path from the images to the output$/),
  ]);
});

test.skipIf(torch === undefined)("a squeeze-excite of another kind is named", () => {
  expect(refusal("squeezed_narrow-13").slice(1)).toEqual([
    expect.stringMatching(
      /^ {2}Add ".*": no family has a layer of 1x1 \(16 to 64\), depthwise 3x3 \(64 to 64\), squeeze-excite of 4 channels \(16 for 64 here\), 1x1 \(64 to 16\) with the identity shortcut$/,
    ),
  ]);
  expect(refusal("squeezed_end-13")[1]).toMatch(/^ {2}Mul ".*": no layer here does that$/);
  expect(refusal("squeezed_hard-13").slice(1, 3)).toEqual([
    expect.stringMatching(/^ {2}HardSigmoid ".*": no layer here does that$/),
    expect.stringMatching(/^ {2}Mul ".*": no layer here does that$/),
  ]);
});

test.skipIf(torch === undefined)("a side that a model leaves open is asked for", () => {
  expect(refusal("open")).toEqual([
    'open: input "x": expected images of shape (batch, channels, side, side), got a side that is left open; say the resolution',
  ]);
  expect(read("open", 32).structure).toEqual(mobile);
});
