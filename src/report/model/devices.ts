import { type Device, deviceBudgets } from "../../config/device.ts";
import { deviceNames, deviceOf } from "../../config/devices.ts";
import type { DeviceFit } from "./model.ts";
import type { OpenRun } from "./open-run.ts";

/** Read once. */
let shipped: readonly Device[] | undefined;

/** How a run's best network fits every shipped device: its live tensors and weights, or its arena and deployed flash where a runtime is known. */
export function deviceFits({ problem, costs }: OpenRun): DeviceFit[] {
  if (costs === undefined) return [];
  const { runtime } = problem;
  const sram = runtime === undefined ? costs.sramLive : costs.arena!;
  const flash = runtime === undefined ? costs.flash : costs.flashDeployed!;
  shipped ??= deviceNames().map((name) => deviceOf(name, name));
  return shipped.flatMap((device) => {
    const { name } = device;
    const limits = budgetsOf(device, runtime);
    if (limits === undefined) return [];
    const sramLimit = limits.arena ?? limits.sramLive!;
    const flashLimit = limits.flashDeployed ?? limits.flash!;
    return [{ name, title: device.title, core: device.core, sram, sramLimit, flash, flashLimit }];
  });
}

/** Undefined where the runtime alone is too large for the device. */
function budgetsOf(...[device, runtime]: Parameters<typeof deviceBudgets>) {
  try {
    return deviceBudgets(device, runtime);
  } catch {
    return undefined;
  }
}
