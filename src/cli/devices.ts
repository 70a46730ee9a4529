import { capabilities } from "../config/capabilities.ts";
import { deviceNames, deviceOf, taskNames, taskOf } from "../config/devices.ts";
import { type Command, flag, flagOption, print, printJson } from "./command.ts";
import { table } from "./render/format.ts";

export const devicesCommand: Command = {
  options: { json: flag("print one JSON object on stdout") },
  examples: [["qes devices", "names for --device and --task, and for capability in a configuration"]],
  async run(args) {
    const devices = deviceNames().map((name) => deviceOf(name, "devices"));
    const tasks = taskNames().map((name) => taskOf(name, "tasks"));
    const bits = Object.entries(capabilities).map(([name, capability]) => ({ name, ...capability }));
    if (flagOption(args, "json")) {
      printJson({
        devices,
        tasks: tasks.map(({ name, title, config }) => ({ name, title, config })),
        capabilities: bits,
      });
      return 0;
    }
    print(
      table([
        ["device", "title", "core", "SRAM", "flash", "capability"],
        ...devices.map(({ name, title, core, memory, capability }) => [
          name,
          title,
          core,
          `${memory.sram} KiB`,
          `${memory.flash} KiB`,
          capability,
        ]),
      ]),
    );
    print("a search's budgets are sramLive and flash; 1 KiB = 1024 bytes\n");
    print(table([["task", "title"], ...tasks.map(({ name, title }) => [name, title])]));
    print("");
    print(table([["capability", "activation and weight bits"], ...bits.map((c) => [c.name, c.describe])]));
    return 0;
  },
};
