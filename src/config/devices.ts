import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { packageRoot } from "../base/package-root.ts";
import { nearest } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import { describe } from "../network/structure.ts";

/** A microcontroller: presets/devices/NAME.yaml. */
export interface Device {
  readonly name: string;
  readonly title: string;
  readonly core: string;
  /** KiB. */
  readonly memory: { readonly sram: number; readonly flash: number };
  /** What its kernels can run, as in the configuration. */
  readonly capability: string;
}

/** What a network is for: presets/tasks/NAME.yaml, the part of a configuration that follows from it. */
export interface Task {
  readonly name: string;
  readonly title: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const BYTES_PER_KIB = 1024;

export function deviceNames(): string[] {
  return namesIn("devices");
}

export function taskNames(): string[] {
  return namesIn("tasks");
}

/** @throws UserError where there is no such device */
export function deviceOf(name: string, where: string): Device {
  return { ...(read("devices", name, where) as Omit<Device, "name">), name };
}

/** @throws UserError where there is no such task */
export function taskOf(name: string, where: string): Task {
  const { title, ...config } = read("tasks", name, where);
  return { name, title: String(title), config };
}

/**
 * Fills a raw configuration from its `device` (the SRAM and flash budgets, the capability) and its `task` (input, classes, space, stage
 * weights, layers); what the configuration sets by hand wins, key by key.
 * @throws UserError where there is no such device or task
 */
export function fillFromDevice(value: unknown, where: string): unknown {
  if (!isRecord(value)) return value;
  const device = nameAt(value, "device", where);
  const task = nameAt(value, "task", where);
  if (device === undefined && task === undefined) return value;
  let filled: Record<string, unknown> = {};
  if (task !== undefined) filled = { ...taskOf(task, `${where}: task`).config };
  if (device !== undefined) {
    const { memory, capability } = deviceOf(device, `${where}: device`);
    const budgets = { sramLive: memory.sram * BYTES_PER_KIB, flash: memory.flash * BYTES_PER_KIB };
    const bitsByHand = isRecord(value["space"]) && value["space"]["bits"] !== undefined;
    filled = merge(filled, { budgets, ...(bitsByHand ? {} : { capability }) });
  }
  const name = [device, task].filter((part) => part !== undefined).join("-");
  return merge({ name, ...filled }, value);
}

/** Whether a raw configuration takes its start network from its task. */
export function startIsTasks(value: unknown): boolean {
  return isRecord(value) && value["task"] !== undefined && !(isRecord(value["space"]) && value["space"]["start"]);
}

function nameAt(value: Record<string, unknown>, key: string, where: string): string | undefined {
  const name = value[key];
  if (name === undefined || name === null) return undefined;
  if (typeof name !== "string") throw new UserError(`${where}: ${key}: expected a name, got ${describe(name)}`);
  return name;
}

function merge(low: Record<string, unknown>, high: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...low };
  for (const [key, value] of Object.entries(high)) {
    if (value === undefined) continue;
    const under = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isRecord(under) && isRecord(value) ? merge(under, value) : value;
  }
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function namesIn(kind: "devices" | "tasks"): string[] {
  return readdirSync(join(packageRoot, "presets", kind))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

function read(kind: "devices" | "tasks", name: string, where: string): Record<string, unknown> {
  const names = namesIn(kind);
  if (!names.includes(name)) {
    const near = nearest(name, names);
    throw new UserError(
      `${where}: unknown ${kind.slice(0, -1)} ${describe(name)}; ${near ? `did you mean ${near}? ` : ""}${kind}: ${names.join(", ")}; qes devices lists them`,
    );
  }
  return parse(readFileSync(join(packageRoot, "presets", kind, `${name}.yaml`), "utf8")) as Record<string, unknown>;
}
