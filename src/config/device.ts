import * as z from "zod";
import { UserError } from "../base/user-error.ts";
import type { Runtime } from "../memory/runtime.ts";
import { parseCapability } from "./capabilities.ts";
import { parseFields } from "./issues.ts";

const BYTES_PER_KIB = 1024;

/** Far above any microcontroller, and low enough to catch bytes. */
const MOST = { sram: 16_000, flash: 131_072 };
const kib = (most: number) => z.number().positive().max(most, `expected KiB, at most ${most}`);
const share = (most: number) => z.number().min(0).max(most, `expected KiB, at most ${most}`).default(0);

const schema = z.strictObject({
  name: z.string().min(1).max(48),
  title: z.string().max(200).default(""),
  core: z.string().max(200).default(""),
  /** KiB. SRAM is the largest piece with consecutive addresses: one arena holds all live tensors. */
  memory: z.strictObject({ sram: kib(MOST.sram), flash: kib(MOST.flash) }),
  /** KiB of each that code, stack and drivers take; a network gets what is left. */
  reserve: z.strictObject({ sram: share(MOST.sram), flash: share(MOST.flash) }).prefault({}),
  /** What deploys networks on it: a name, "none", or what a file of one holds; `fillFromDevice` checks it. */
  runtime: z.unknown().default("qes-c"),
  /** Checked by `parseCapability`, which wants one. */
  capability: z.unknown().optional(),
  /** Kernel sizes that are worth searching; absent: the task's. */
  kernels: z
    .array(
      z
        .number()
        .int()
        .min(1)
        .max(31)
        .refine((k) => k % 2 === 1, "expected an odd kernel size"),
    )
    .min(1)
    .max(8)
    .optional(),
  /** Data sheet, with its number, that the figures are from. */
  source: z.string().max(1000).default(""),
});

/** A microcontroller or a board, as presets/devices/NAME.yaml or a file of one's own has it. */
export type Device = z.output<typeof schema>;

/**
 * Checks what a device file holds.
 * @param where names it in messages
 * @throws UserError with the path of every wrong key, what was expected and the nearest right key
 */
export function parseDevice(value: unknown, where: string): Device {
  const device = parseFields(schema, value, where, "the device");
  parseCapability(device.capability, `${where}: capability`);
  for (const key of ["sram", "flash"] as const) {
    if (device.reserve[key] >= device.memory[key]) {
      throw new UserError(
        `${where}: reserve.${key}: expected KiB below memory.${key}, ${device.memory[key]}, got ${device.reserve[key]}`,
      );
    }
  }
  return device;
}

/**
 * What of its memories a device, and the runtime on it, leave to a network, in bytes; without a runtime as limits of the figures of a network alone.
 * @throws UserError where the runtime leaves nothing
 */
export function deviceBudgets(
  { name, memory, reserve }: Device,
  runtime: Runtime | undefined,
): Partial<Record<"sramLive" | "flash" | "arena" | "flashDeployed", number>> {
  const left = (of: "sram" | "flash") => {
    const kib = memory[of] - reserve[of] - (runtime?.reserve[of] ?? 0);
    if (kib > 0) return Math.floor(kib * BYTES_PER_KIB);
    throw new UserError(
      `${name}: expected KiB of ${of} left for a network by runtime ${runtime?.name}, which takes ${runtime?.reserve[of]} of ${memory[of] - reserve[of]}; choose another runtime`,
    );
  };
  return runtime === undefined
    ? { sramLive: left("sram"), flash: left("flash") }
    : { arena: left("sram"), flashDeployed: left("flash") };
}
