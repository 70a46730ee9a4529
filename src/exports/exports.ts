import type { Device } from "../config/device.ts";
import type { NetworkDescription } from "../formats/network-description.ts";
import { networkTable } from "../formats/network-table.ts";
import type { NetworkWeights } from "../formats/weights.ts";
import { defaultForm, onnxForms, onnxModel } from "../onnx/forms.ts";
import { cFiles, cForms } from "./c.ts";
import { pytorchFiles } from "./pytorch.ts";

/** What an export may depend on besides the network. */
export interface ExportOptions {
  /** One of the format's forms. */
  readonly form: string | undefined;
  /** What was learned, or random numbers. */
  readonly weights: NetworkWeights;
  /** What the weights are, for a person. */
  readonly weightsNote: string;
  /** Whose memories it has to fit. */
  readonly device: Device | undefined;
}

/** What a network is handed over as, to other tools. */
export interface ExportFormat {
  readonly name: string;
  readonly what: string;
  /** A folder of several files, or a single one: a text may go to stdout. */
  readonly kind: "folder" | "text" | "binary";
  /** Whether it can be held to a device's memories. */
  readonly devices?: true;
  /** Whether it contains weights. */
  readonly weights?: true;
  /** Ways to say the same network in the format; absent where there is one. */
  readonly forms?: readonly { readonly name: string; readonly what: string }[];
  /** Of the forms that of a network, unless one is asked for. */
  readonly defaultForm?: (network: NetworkDescription) => { readonly name: string };
  /** A command line that goes on with what was written; absent where there is none. */
  readonly next?: (path: string) => string;
  /**
   * Contents by file name; of a single file, whatever its name.
   * @throws UserError where the format cannot hold the network
   */
  readonly files: (network: NetworkDescription, options: ExportOptions) => ReadonlyMap<string, string | Uint8Array>;
}

/** A new format is a new row, and its file beside this one. */
export const exportFormats: readonly ExportFormat[] = [
  {
    name: "pytorch",
    what: "a folder that trains the network, its bits included",
    kind: "folder",
    next: (path) => `cd ${path}; pip install -r requirements.txt; python train.py (README.md there says on what)`,
    files: (network) => pytorchFiles(network),
  },
  {
    name: "onnx",
    what: "a model with weights, for runtimes",
    kind: "binary",
    weights: true,
    forms: onnxForms,
    defaultForm,
    files: (network, { form, weights }) => {
      const chosen = onnxForms.find(({ name }) => name === form) ?? defaultForm(network);
      return new Map([["network.onnx", onnxModel(network, weights, chosen)]]);
    },
  },
  {
    name: "c",
    what: "a folder of C99 that runs the network on a microcontroller, in whole numbers",
    kind: "folder",
    weights: true,
    next: (path) => `make -C ${path} check`,
    devices: true,
    forms: cForms,
    defaultForm: () => cForms[0],
    files: (network, options) => cFiles(network, options),
  },
  {
    name: "json",
    what: "layer by layer: shapes, bits, strides, shortcuts, costs",
    kind: "text",
    files: (network) => new Map([["network.json", `${JSON.stringify(network, null, 1)}\n`]]),
  },
  {
    name: "csv",
    what: "a row a conv",
    kind: "text",
    files: (network) => new Map([["network.csv", networkTable(network)]]),
  },
];
