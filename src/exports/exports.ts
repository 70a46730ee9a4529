import type { NetworkDescription } from "../formats/network-description.ts";
import { networkTable } from "../formats/network-table.ts";
import { randomWeights } from "../formats/weights.ts";
import { onnxForms, onnxModel } from "../onnx/forms.ts";
import { pytorchFiles } from "./pytorch.ts";

/** What an export may depend on besides the network. */
export interface ExportOptions {
  /** One of the format's forms; the first unless given. */
  readonly form: string | undefined;
  /** Of weights that nobody trained. */
  readonly seed: number;
}

/** What a network is handed over as, to other tools. */
export interface ExportFormat {
  readonly name: string;
  readonly what: string;
  /** A folder of several files, or a single one: a text may go to stdout. */
  readonly kind: "folder" | "text" | "binary";
  /** Ways to say the same network in the format; absent where there is one. */
  readonly forms?: readonly { readonly name: string; readonly what: string }[];
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
    files: pytorchFiles,
  },
  {
    name: "onnx",
    what: "a model with weights, for runtimes",
    kind: "binary",
    forms: onnxForms,
    files: (network, { form, seed }) => {
      const chosen = onnxForms.find(({ name }) => name === form) ?? onnxForms[0];
      return new Map([["network.onnx", onnxModel(network, randomWeights(network, seed), chosen)]]);
    },
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
