import type { Config } from "../config/config.ts";
import type { Costs } from "../costs/costs.ts";
import { costText } from "./render/format.ts";

/** What a person may have meant otherwise: a task without a memory to fit, a device whose flash is to hold a classifier that nothing counts. */
export function configNotes({ device, task, classes, budgets }: Config): string[] {
  const notes: string[] = [];
  if (
    task !== undefined &&
    budgets.flash === undefined &&
    budgets.sram === undefined &&
    budgets.sramLive === undefined &&
    budgets.flashDeployed === undefined &&
    budgets.arena === undefined
  ) {
    notes.push(
      "no memory budget: the network may be of any size; add --device NAME (qes devices lists them), or --set budgets.sramLive=BYTES --set budgets.flash=BYTES",
    );
  }
  if (device !== undefined && task === undefined && classes === 0) {
    notes.push(
      "no classifier is counted into flash, and the device's flash may be filled without one; add --set classes=N for one of N outputs",
    );
  }
  return notes;
}

/** Of a network for a device, how much it computes, where nothing limits that. */
export function workNotes({ device, budgets }: Config, { macs }: Costs): string[] {
  if (device === undefined || budgets.macs !== undefined || budgets.bitops !== undefined) return [];
  return [
    `${costText("macs", macs)} MACs an inference, which no budget limits; --set budgets.macs=N makes it a faster one (docs/devices.md: how long MACs take)`,
  ];
}
