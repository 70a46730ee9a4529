import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { isArchiveFile } from "../archive/archive-file.ts";
import { UserError } from "../base/user-error.ts";
import { applyAssignments, type Config, parseConfig, parseConfigText } from "../config/config.ts";
import { type Device, parseDevice } from "../config/device.ts";
import { chosenRuntime, deviceNames, taskNames } from "../config/devices.ts";
import { withPartFiles } from "../config/part-files.ts";
import { presetText } from "../config/presets.ts";
import type { RuntimeFile } from "../config/runtime.ts";
import { parseTask, type Task } from "../config/task.ts";
import { readNetworks } from "../formats/formats.ts";
import type { StructureEntry } from "../formats/structures-file.ts";
import { type Arguments, STANDARD_INPUT, text, textOption } from "./command.ts";

/** Largest input file that is read. */
const MAX_BYTES = 64e6;
/** Bytes that are read at once. */
const PIECE = 2 ** 20;

/**
 * The text of a file, or of standard input.
 * @throws UserError where it cannot be read
 */
export function readText(path: string): string {
  return readBytes(path).toString("utf8");
}

/** @throws UserError where the file cannot be read */
export function readBytes(path: string): Buffer {
  try {
    return readUpTo(path, MAX_BYTES);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a folder" : `cannot be read (${code})`;
    throw new UserError(`${path}: ${reason}; check the path`);
  }
}

/** Read piece by piece: what a device or a pipe says of its size is not what it gives. */
function readUpTo(path: string, most: number): Buffer {
  const file = path === STANDARD_INPUT ? 0 : openSync(path, "r");
  try {
    const pieces: Buffer[] = [];
    const piece = Buffer.allocUnsafe(PIECE);
    for (let bytes = 0; bytes <= most; ) {
      const count = readSync(file, piece);
      if (count === 0) return Buffer.concat(pieces);
      pieces.push(Buffer.from(piece.subarray(0, count)));
      bytes += count;
    }
    throw new UserError(`${path}: expected at most ${most / 1e6} MB, got more; choose a smaller file`);
  } finally {
    if (file !== 0) closeSync(file);
  }
}

/** The text of a file that a configuration names: a plain file, since a device or a pipe may never end. */
function readPartText(path: string): string {
  if (existsSync(path) && !statSync(path).isFile()) throw new UserError(`${path}: expected a file; check the path`);
  return readText(path);
}

/** A device or a task from its file, checked: a task is what has a space. */
export function readPartFile(path: string): { readonly device: Device } | { readonly task: Task } {
  const raw = parseConfigText(readPartText(path), path);
  const kind = typeof raw === "object" && raw !== null && "space" in raw ? "task" : "device";
  const { [kind]: part } = withPartFiles({ [kind]: path }, ".", readPartText) as Record<string, unknown>;
  return kind === "task" ? { task: parseTask(part, path) } : { device: parseDevice(part, path) };
}

/** A runtime by name, from its file, or undefined for none. */
export function readRuntime(value: string): RuntimeFile | undefined {
  const { runtime } = withPartFiles({ runtime: value }, ".", readPartText) as { readonly runtime: unknown };
  return chosenRuntime(runtime, "--runtime");
}

/**
 * The configuration of a preset name or of a YAML file, with `--set` assignments. Files of a device or a task are relative to the file that
 * names them, those that were assigned to the working folder.
 */
export function readConfig(source: string, assignments: readonly string[]): Config {
  const isFile = existsSync(source) || /[\\/]|\.ya?ml$/.test(source);
  if (!isFile) refusePart(source);
  if (isFile && existsSync(source)) refuseOther(source);
  const value = parseConfigText(isFile ? readText(source) : presetText(source), source);
  if (isFile && isNetworks(value)) {
    throw new UserError(
      `${source}: expected a configuration, got networks; qes score ${source} reads them, and space.start of a configuration may be one of them`,
    );
  }
  if (isFile && isDevice(value)) {
    throw new UserError(
      `${source}: expected a configuration, got a device; give it as --device ${source} beside --task NAME (qes devices lists them)`,
    );
  }
  return assignedConfig(isFile ? withPartFiles(value, dirname(source), readPartText) : value, assignments, source);
}

/** @throws UserError where a file is of another kind, with the command that takes it */
function refuseOther(source: string): void {
  const expected = `${source}: expected a configuration in YAML, got`;
  if (isArchiveFile(source)) {
    throw new UserError(`${expected} an archive; qes runs ${source} lists its runs, qes resume ${source} goes on`);
  }
  if (/\.py$/i.test(source)) {
    throw new UserError(
      `${expected} Python; of the released program, qes import ${source} > mine.yaml turns it into one`,
    );
  }
}

function isDevice(value: unknown): boolean {
  return typeof value === "object" && value !== null && "memory" in value && !("space" in value);
}

function isNetworks(value: unknown): boolean {
  const has = (item: unknown, ...keys: string[]) =>
    typeof item === "object" && item !== null && keys.some((key) => key in item);
  return Array.isArray(value) ? has(value[0], "class", "structure") : has(value, "best_structures", "structure");
}

/** @throws UserError where the name of a device or a task is given for that of a preset */
function refusePart(source: string): void {
  const [kind, other] = deviceNames().includes(source) ? ["device", "task"] : ["task", "device"];
  if (kind === "task" && !taskNames().includes(source)) return;
  throw new UserError(
    `no preset or file ${JSON.stringify(source)}: it is a ${kind}, which qes search takes as --${kind} ${source} beside --${other} NAME`,
  );
}

/** A raw configuration with `--set` assignments. */
function assignedConfig(value: unknown, assignments: readonly string[], where: string): Config {
  return parseConfig(withPartFiles(applyAssignments(value, assignments, "--set"), ".", readPartText), where);
}

/** Of the commands that take networks from a file or an archive. */
export const runOption = text("archive: id of the run", { defaultDescription: "the last one" });

/**
 * The networks of a file, or the best of an archive's run; the only one of a file, where it has no name, has the file's.
 * @throws UserError where there is none, or a run is given for a file
 */
export async function readNetworkFile(path: string, run: number | undefined): Promise<StructureEntry[]> {
  if (isArchiveFile(path)) return readNetworks(JSON.stringify(await archivedBest(path, run, 1)), path);
  if (run !== undefined) throw new UserError(`--run: expected an archive beside it, got ${path}; leave it out`);
  const text = readText(path);
  if (text.startsWith("SQLite format 3\0")) {
    throw new UserError(`${path}: expected networks, got an archive through a pipe; give the path of its file`);
  }
  if (/\.ya?ml$/i.test(path) && !/^\s*[[{(]/.test(text)) {
    throw new UserError(`${path}: expected networks, got YAML; qes search ${path} takes a configuration`);
  }
  const entries = readNetworks(text, path);
  const [only] = entries;
  if (entries.length > 1 || only.name !== "0") return entries;
  return [{ ...only, name: path === STANDARD_INPUT ? "standard input" : basename(path) }];
}

/** The first networks of a run, as `qes best` has them, each named after its place. */
export async function archivedBest(path: string, id: number | undefined, top: number) {
  const { measuredNetworks } = await import("../run/archived.ts");
  const { run, networks } = await measuredNetworks(path, { run: id, top });
  const archive = basename(path).replace(/\.sqlite$/, "");
  return networks.map((network, i) => ({ ...network, name: `${archive} run ${run} network ${i + 1}` }));
}

/** Options that stand for a configuration, where there is no file of one. */
export const sourceOptions = {
  device: text("microcontroller whose memories are the budgets (qes devices lists them), or a YAML file of one"),
  task: text("what the network is for (qes devices lists them), or a YAML file of one"),
} as const;

/** The configuration of the positional `source`, or of a device and a task. */
export function chosenConfig(args: Arguments, assignments: readonly string[]): Config {
  const source = args["source"];
  const device = textOption(args, "device");
  const task = textOption(args, "task");
  const chosen = [
    ...(device === undefined ? [] : [`device=${JSON.stringify(device)}`]),
    ...(task === undefined ? [] : [`task=${JSON.stringify(task)}`]),
    ...assignments,
  ];
  if (typeof source === "string") return readConfig(source, chosen);
  if (task === undefined) {
    throw new UserError(
      `expected a preset, a YAML file, or a task, got ${device === undefined ? "none of them" : "a device alone"}; for example --device stm32f746 --task vww (qes devices lists them)`,
    );
  }
  return assignedConfig({}, chosen, "the command line");
}
