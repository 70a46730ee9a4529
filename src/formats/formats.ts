import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import { describe, type Structure } from "../network/structure.ts";
import { formatPython, parseStructures, type StructureEntry } from "./structures-file.ts";

/** What every format can rely on; a network may carry more, such as its score and costs. */
export interface FormattedNetwork {
  readonly structure: Structure;
  /** Pixels of one side of the input. */
  readonly resolution: number;
  /** Outputs of the classifier that flash counts; 0 for none. */
  readonly classes: number;
  /** What deploys it, as `writtenRuntime` has it; absent for nothing. */
  readonly runtime?: string | object;
}

/** A kind of file that networks are written to and read from. */
export interface Format {
  /** As `--format` has it. */
  readonly name: string;
  readonly what: string;
  readonly write: (networks: readonly FormattedNetwork[]) => string;
  /** Absent: it is only written. */
  readonly read?: {
    /** Whether a text looks like one of this format; the first row that says so reads it. */
    readonly recognises: (text: string) => boolean;
    /** @throws UserError where the text is not of this format after all; `where` names it */
    readonly parse: (text: string, where: string) => StructureEntry[];
  };
}

/** JSON and Python literals: one parser takes both. */
const literal = { recognises: (text: string) => /^\s*[[{(]/.test(text), parse: parseStructures };

/** A new format is a new row. */
export const formats: readonly Format[] = [
  {
    name: "json",
    what: "every figure of each network",
    write: (networks) => `${JSON.stringify(networks, null, 2)}\n`,
    read: literal,
  },
  {
    name: "txt",
    what: "the released code's format",
    write: (networks) =>
      formatPython(
        networks.map(({ structure }) => structure),
        networks,
      ),
    read: literal,
  },
];

export const formatNames: readonly string[] = formats.map(({ name }) => name);

/** @throws UserError where there is no such format */
export function formatOf(name: string): Format {
  const format = formats.find((row) => row.name === name);
  if (format !== undefined) return format;
  const near = suggestion(name, formatNames);
  throw new UserError(
    `unknown format ${describe(name)}; ${near === undefined ? "" : `${near} `}formats: ${formatNames.join(", ")}`,
  );
}

/**
 * Reads a file of structures in whichever format it is.
 * @throws UserError where it is in none
 */
export function readNetworks(text: string, where: string): StructureEntry[] {
  const readable = formats.flatMap(({ read }) => read ?? []);
  const { parse } = readable.find(({ recognises }) => recognises(text)) ?? literal;
  return parse(text, where);
}
