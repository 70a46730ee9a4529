import { existsSync } from "node:fs";
import { printable, printableJson } from "../base/printable.ts";
import { UserError } from "../base/user-error.ts";

/** Parsed arguments: every option is text, true or a list of texts; commands read them with the functions below. */
export type Arguments = Readonly<Record<string, unknown>>;

/** What the argument `-` is read as: the parser of the command line takes a lone dash for nothing. */
export const STANDARD_INPUT = "/dev/stdin";

/** Where a search keeps its runs, and what the commands that read them take, unless told otherwise. */
export const DEFAULT_ARCHIVE = "qes.sqlite";

/** One command: its parsing (positionals, options), and running it, which answers with the exit code. */
export interface Command {
  readonly positionals?: Readonly<Record<string, string>>;
  /** Legal values of a positional. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly examples: readonly (readonly [string, string])[];
  run(args: Arguments): Promise<number>;
}

export interface CommandOption {
  readonly type: "string" | "boolean" | "array";
  readonly describe: string;
  readonly string?: boolean;
  readonly choices?: readonly string[];
  readonly defaultDescription?: string;
  readonly alias?: string;
}

export const text = (describe: string, extra: Partial<CommandOption> = {}): CommandOption => ({
  type: "string",
  describe,
  ...extra,
});
export const flag = (describe: string): CommandOption => ({ type: "boolean", describe });
export const texts = (describe: string): CommandOption => ({ type: "array", string: true, describe });

export function textOption(args: Arguments, name: string): string | undefined {
  const value = args[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value)) throw new UserError(`--${name}: given ${value.length} times; give it once`);
  if (typeof value !== "string" || value === "") throw new UserError(`--${name}: expected a value, got nothing`);
  return value;
}

/**
 * A positional that names an archive, or the archive of the working folder.
 * @throws UserError where there is neither
 */
export function archiveArgument(args: Arguments, name = "archive"): string {
  const given = args[name];
  if (typeof given === "string") return given;
  if (!existsSync(DEFAULT_ARCHIVE)) {
    throw new UserError(
      `expected an archive, or ${DEFAULT_ARCHIVE} in this folder, got neither; give a path, or make one with qes search`,
    );
  }
  return DEFAULT_ARCHIVE;
}

export function textsOption(args: Arguments, name: string): readonly string[] {
  const value = args[name];
  return value === undefined ? [] : [value].flat().map(String);
}

export function flagOption(args: Arguments, name: string): boolean {
  return [args[name]].flat().includes(true);
}

/** @throws UserError where the value is not a whole number in the range */
export function wholeOption(
  args: Arguments,
  name: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = textOption(args, name);
  if (value === undefined) return undefined;
  const number = /^\d+(?:e\d+)?$/i.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number) || number < min || number > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new UserError(`--${name}: expected a whole number ${range}, got ${JSON.stringify(value)}`);
  }
  return number;
}

/** @throws UserError where the value is not a positive number */
export function positiveOption(args: Arguments, name: string): number | undefined {
  const value = textOption(args, name);
  return value === undefined ? undefined : positive(value, `--${name}`);
}

/** A comma-separated list of numbers >= 0. */
export function numbersOption(args: Arguments, name: string): number[] | undefined {
  const value = textOption(args, name);
  return value?.split(",").map((item) => {
    const number = Number(item);
    if (item.trim() === "" || !Number.isFinite(number) || number < 0) {
      throw new UserError(
        `--${name}: expected numbers separated by commas, for example 0,0,1,1,6, got ${JSON.stringify(value)}`,
      );
    }
    return number;
  });
}

function positive(value: string, where: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) {
    throw new UserError(`${where}: expected a number above 0, got ${JSON.stringify(value)}`);
  }
  return number;
}

/** One JSON value on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

/** Of the commands that write to an archive. */
export const unlockOption = flag("take the archive over from a process that is gone, where qes cannot see that it is");

export type OutputFormat = "table" | "json" | "csv";

/** Options of the commands whose results are rows. */
export const formatOptions = {
  json: flag("print JSON on stdout"),
  csv: flag("print CSV on stdout, memory in bytes"),
} as const;

/** @throws UserError where both are asked for */
export function formatOption(args: Arguments): OutputFormat {
  const chosen = (["json", "csv"] as const).filter((name) => flagOption(args, name));
  if (chosen.length > 1) throw new UserError("--csv: not together with --json; leave one out");
  return chosen[0] ?? "table";
}

export function print(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** A note to the person, beside the result. */
export function note(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}
