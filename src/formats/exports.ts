import type { NetworkDescription } from "./network-description.ts";
import { networkTable } from "./network-table.ts";
import { pytorchFiles } from "./pytorch.ts";

/** What a network is handed over as, to other tools. */
export interface ExportFormat {
  readonly name: string;
  readonly what: string;
  /** A folder of several files, or a single one, which then may go to stdout. */
  readonly kind: "folder" | "file";
  /** A command line that goes on with what was written; absent where there is none. */
  readonly next?: (path: string) => string;
  /**
   * Contents by file name; of a single file, whatever its name.
   * @throws UserError where the format cannot hold the network
   */
  readonly files: (network: NetworkDescription) => ReadonlyMap<string, string>;
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
    name: "json",
    what: "layer by layer: shapes, bits, strides, shortcuts, costs",
    kind: "file",
    files: (network) => new Map([["network.json", `${JSON.stringify(network, null, 1)}\n`]]),
  },
  {
    name: "csv",
    what: "a row a conv",
    kind: "file",
    files: (network) => new Map([["network.csv", networkTable(network)]]),
  },
];
