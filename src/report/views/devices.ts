import type { DeviceFit, ReportModel } from "../model/model.ts";
import { bytes, listed, percent, plural } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { dataTable, meter, section } from "../page/table.ts";

/** On which microcontrollers the best network fits. */
export function devicesView({ devices, network }: ReportModel): Html | undefined {
  if (devices.length === 0) return undefined;
  const fits = devices.filter((device) => verdictOf(device) === "fits");
  const names = fits.map(({ title, name }) => title || name);
  const title =
    fits.length === 0
      ? `It fits none of ${plural(devices.length, "device")}`
      : fits.length === devices.length
        ? `It fits all ${devices.length} devices`
        : fits.length <= 3
          ? `It fits ${listed(names)}`
          : `It fits ${fits.length} of ${devices.length} devices`;
  return section(
    "devices",
    title,
    `${network?.arena == null ? "Live tensors against the SRAM and weights against the flash, without what a runtime adds" : `The arena and the flash of ${network.arena.runtime}`}: of what the shipped description of a device leaves to a network. Whether its kernels run these bits is not said.`,
    dataTable(
      "Devices",
      [
        "device",
        "verdict",
        network?.arena == null ? "live SRAM" : "arena",
        "of what there is",
        "flash",
        "of what there is",
        "core",
      ],
      devices.map((device) => {
        const { title: shown, name, core, sram, sramLimit, flash, flashLimit } = device;
        const verdict = verdictOf(device);
        return [
          el("b", {}, shown || name),
          el("span", { class: verdict === "fits" ? "pill" : "pill no" }, verdict),
          meter(sram / sramLimit, `memory ${percent(sram / sramLimit)}`),
          `${percent(sram / sramLimit)} of ${bytes(sramLimit)}`,
          meter(flash / flashLimit, `flash ${percent(flash / flashLimit)}`),
          `${percent(flash / flashLimit)} of ${bytes(flashLimit)}`,
          core,
        ];
      }),
      [3, 5],
    ),
  );
}

function verdictOf({ sram, sramLimit, flash, flashLimit }: DeviceFit): string {
  if (sram > sramLimit) return flash > flashLimit ? "both too small" : "SRAM too small";
  return flash > flashLimit ? "flash too small" : "fits";
}
