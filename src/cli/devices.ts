import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import { capabilities } from "../config/capabilities.ts";
import { parseConfig } from "../config/config.ts";
import { type Device, deviceBudgets } from "../config/device.ts";
import {
  chosenRuntime,
  deviceNames,
  deviceOf,
  isPartFile,
  partText,
  runtimeNames,
  runtimeOf,
  taskNames,
  taskOf,
} from "../config/devices.ts";
import { type Command, flag, flagOption, print, printJson } from "./command.ts";
import { readPartFile } from "./input.ts";
import { table } from "./render/format.ts";

export const devicesCommand: Command = {
  positionals: { name: "a device or task to print as YAML, to copy and edit; or a YAML file of one, to check" },
  options: { json: flag("print one JSON object on stdout") },
  examples: [
    ["qes devices", "names for --device and --task, and for capability in a configuration"],
    ["qes devices rp2040 > my-board.yaml", "a device to edit; search for it with --device ./my-board.yaml"],
    ["qes devices ./my-board.yaml", "checks it, and says what of its memories a network gets"],
  ],
  async run(args) {
    const { name } = args;
    if (isPartFile(name)) {
      printFile(name, flagOption(args, "json"));
      return 0;
    }
    if (name !== undefined) {
      process.stdout.write(textOf(String(name)));
      return 0;
    }
    const devices = deviceNames().map((device) => deviceOf(device, "devices"));
    const tasks = taskNames().map((task) => taskOf(task, "tasks"));
    const bits = Object.entries(capabilities).map(([capability, pairs]) => ({ name: capability, ...pairs }));
    const runtimes = runtimeNames().map((runtime) => runtimeOf(runtime, "runtimes"));
    if (flagOption(args, "json")) {
      printJson({
        devices: devices.map((device) => ({ ...device, budgets: budgetsOf(device) })),
        tasks: tasks.map(({ name: task, title, config }) => ({ name: task, title, config })),
        capabilities: bits,
        runtimes,
      });
      return 0;
    }
    print(deviceTable(devices));
    print(
      "a search's budgets are arena and flashDeployed by the device's runtime, less what device and runtime reserve; with --set runtime=none sramLive and flash; 1 KiB = 1024 bytes\n",
    );
    print(table([["task", "title"], ...tasks.map(({ name: task, title }) => [task, title])]));
    print("");
    print(table([["capability", "activation and weight bits"], ...bits.map((c) => [c.name, c.describe])]));
    print("");
    print(table([["runtime", "title"], ...runtimes.map(({ name: runtime, title }) => [runtime, title])]));
    return 0;
  },
};

function deviceTable(devices: readonly Device[]): string {
  return table([
    ["device", "title", "core", "SRAM", "flash", "capability"],
    ...devices.map(({ name, title, core, memory, reserve, capability }) => [
      name,
      title,
      core,
      kib(memory.sram, reserve.sram),
      kib(memory.flash, reserve.flash),
      typeof capability === "string" ? capability : "listed",
    ]),
  ]);
}

/** What a file of a device or a task gives a search. */
function printFile(path: string, json: boolean): void {
  const part = readPartFile(path);
  if ("task" in part) {
    const { name, config } = part.task;
    const { input, classes, space } = parseConfig(config, path);
    const sizes = (input.resolutions ?? [input.resolution]).join(", ");
    if (json) printJson({ name, input, classes, blocks: space.start.length });
    else print(`${name}: a task of ${classes} classes at ${sizes} pixels, ${space.start.length} blocks`);
    return;
  }
  const budgets = budgetsOf(part.device);
  if (json) printJson({ ...part.device, budgets });
  else {
    print(deviceTable([part.device]));
    const texts = Object.entries(budgets).map(([name, bytes]) => `${name} ${bytes} bytes`);
    print(`a search's budgets: ${texts.join(", ")}`);
  }
}

const budgetsOf = (device: Device) => deviceBudgets(device, chosenRuntime(device.runtime, `${device.name}: runtime`));

const kib = (memory: number, reserve: number) => (reserve === 0 ? `${memory} KiB` : `${memory} - ${reserve} KiB`);

function textOf(name: string): string {
  if (deviceNames().includes(name)) return partText("device", name, "qes devices");
  if (taskNames().includes(name)) return partText("task", name, "qes devices");
  if (runtimeNames().includes(name)) return partText("runtime", name, "qes devices");
  const near = suggestion(name, [...deviceNames(), ...taskNames(), ...runtimeNames()]);
  throw new UserError(
    `devices: expected a device, a task or a runtime, got ${JSON.stringify(name)}; ${near ?? "check the name"}`,
    "devices",
  );
}
