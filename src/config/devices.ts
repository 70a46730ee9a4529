import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { packageRoot } from "../base/package-root.ts";
import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import { parseYamlText } from "../base/yaml-text.ts";
import type { Runtime } from "../memory/runtime.ts";
import { describe } from "../network/structure.ts";
import { type Capability, parseCapability } from "./capabilities.ts";
import { type Device, deviceBudgets, parseDevice } from "./device.ts";
import { parseRuntime, type RuntimeFile, withinRuntime } from "./runtime.ts";
import { parseTask, type Task } from "./task.ts";

const folders = { device: "devices", task: "tasks", runtime: "runtimes", operators: "operators" } as const;
export type PartKind = keyof typeof folders;

/** What says that no runtime deploys the networks. */
export const NO_RUNTIME = "none";

/** Names of the shipped devices. */
export function deviceNames(): string[] {
  return namesOf("device");
}

/** Names of the shipped tasks. */
export function taskNames(): string[] {
  return namesOf("task");
}

/** Names of the shipped runtimes. */
export function runtimeNames(): string[] {
  return namesOf("runtime");
}

/** @throws UserError where there is no such runtime */
export function runtimeOf(name: string, where: string): RuntimeFile {
  return parseRuntime(shipped("runtime", name, where), name);
}

/** @throws UserError where there is no such device */
export function deviceOf(name: string, where: string): Device {
  return parseDevice(shipped("device", name, where), name);
}

/** @throws UserError where there is no such task */
export function taskOf(name: string, where: string): Task {
  return parseTask(shipped("task", name, where), name);
}

/** Whether a `device`, `task` or `runtime` is a file rather than a name. */
export function isPartFile(value: unknown): value is string {
  return typeof value === "string" && /[\\/]|\.ya?ml$/i.test(value);
}

/**
 * The YAML of a shipped device, task or runtime.
 * @throws UserError where there is none of that name
 */
export function partText(kind: PartKind, name: string, where: string): string {
  const names = namesOf(kind);
  if (!names.includes(name)) {
    const near = suggestion(name, names);
    throw new UserError(
      `${where}: unknown ${kind} ${describe(name)}; ${near ? `${near} ` : ""}${folders[kind]}: ${names.join(", ")}; or ${kind === "operators" ? "the path of a table or a model, with its ending" : "a YAML file"}`,
      ...(kind === "operators" ? [] : ["devices" as const]),
    );
  }
  return readFileSync(join(packageRoot, "presets", folders[kind], `${name}.yaml`), "utf8");
}

/**
 * Fills a raw configuration from its `device` (the runtime, the SRAM and flash budgets, the capability, kernel sizes) and its `task` (input, classes,
 * space, stage weights, layers), each a name or what a file of one holds; what the configuration sets by hand wins, key by key.
 * @throws UserError where there is no such device or task, or it is not as it should be
 */
export function fillFromDevice(value: unknown, where: string): unknown {
  if (!isRecord(value)) return value;
  const device = partAt(value, "device", where);
  const task = partAt(value, "task", where);
  if (device === undefined && task === undefined) return value;
  const names: string[] = [];
  let filled: Record<string, unknown> = {};
  if (device !== undefined) {
    const board =
      typeof device === "string" ? deviceOf(device, `${where}: device`) : parseDevice(device, `${where}: device`);
    names.push(board.name);
    const bitsByHand = isRecord(value["space"]) && value["space"]["bits"] !== undefined;
    const named = value["runtime"] ?? board.runtime;
    const runtime = chosenRuntime(named, `${where}: runtime`);
    filled = {
      runtime: named,
      budgets: deviceBudgets(board, runtime),
      ...(bitsByHand ? {} : { capability: deviceCapability(board, runtime, where) }),
      ...(board.kernels === undefined ? {} : { space: { kernels: board.kernels } }),
    };
  }
  if (task !== undefined) {
    const { name, config } =
      typeof task === "string" ? taskOf(task, `${where}: task`) : parseTask(task, `${where}: task`);
    names.push(name);
    filled = merge(config, filled);
  }
  return merge({ name: names.join("-"), ...filled }, value);
}

/** The bits of a device that a runtime runs: by name where it runs them all. */
function deviceCapability({ capability }: Device, runtime: Runtime | undefined, where: string): unknown {
  if (runtime === undefined) return capability;
  const whole = parseCapability(capability, `${where}: capability`);
  const { stem, body, head } = withinRuntime(whole, runtime, `${where}: runtime`);
  const same = [stem, body, head].every((pairs, i) => pairs.length === [whole.stem, whole.body, whole.head][i].length);
  const listed = (pairs: Capability["body"]) => pairs.map(({ a, w }) => [a, w]);
  return same
    ? capability
    : { body: listed(body), head: listed(head), ...(stem === "start" ? {} : { stem: listed(stem) }) };
}

/** The runtime of a raw configuration: a name, what a file of one holds, or none. @throws UserError where it is neither */
export function chosenRuntime(value: unknown, where: string): RuntimeFile | undefined {
  const runtime = partAt({ runtime: value }, "runtime", where);
  if (runtime === undefined || runtime === NO_RUNTIME) return undefined;
  return typeof runtime === "string" ? runtimeOf(runtime, where) : parseRuntime(runtime, where);
}

/** A runtime as results have it: by name where it is the shipped one of that name, else what its file holds. */
export function writtenRuntime(runtime: RuntimeFile): string | RuntimeFile {
  const { name } = runtime;
  return runtimeNames().includes(name) && isDeepStrictEqual(runtimeOf(name, name), runtime) ? name : runtime;
}

/** @throws UserError where a raw configuration has a device, and neither a task nor a space of its own for it */
export function refuseLoneDevice(value: unknown, where: string): void {
  if (!isRecord(value) || value["device"] === undefined) return;
  if (value["task"] !== undefined || value["space"] !== undefined) return;
  throw new UserError(
    `${where}: task: expected what the network is for beside a device, got nothing; tasks: ${taskNames().join(", ")}; or a YAML file, or a space of your own`,
  );
}

/** Whether a raw configuration takes its start network from its task. */
export function startIsTasks(value: unknown): boolean {
  return isRecord(value) && value["task"] !== undefined && !(isRecord(value["space"]) && value["space"]["start"]);
}

function partAt(
  value: Record<string, unknown>,
  kind: PartKind,
  where: string,
): string | Record<string, unknown> | undefined {
  const part = value[kind];
  if (part === undefined || part === null) return undefined;
  if (isPartFile(part)) {
    throw new UserError(
      `${where}: ${kind}: ${describe(part)} is a file, which is read by the command line alone; give what it holds`,
    );
  }
  if (typeof part === "string" || isRecord(part)) return part;
  throw new UserError(`${where}: ${kind}: expected a name or a YAML file, got ${describe(part)}`);
}

function merge(
  low: Readonly<Record<string, unknown>>,
  high: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = { ...low };
  for (const [key, value] of Object.entries(high)) {
    if (value === undefined) continue;
    const under = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isRecord(under) && isRecord(value) ? merge(under, value) : value;
  }
  return merged;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function namesOf(kind: PartKind): string[] {
  return readdirSync(join(packageRoot, "presets", folders[kind]))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

function shipped(kind: PartKind, name: string, where: string): Record<string, unknown> {
  return { ...(parseYamlText(partText(kind, name, where), name) as Record<string, unknown>), name };
}
