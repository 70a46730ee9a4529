import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import { capabilities } from "../config/capabilities.ts";
import { deviceBudgets } from "../config/device.ts";
import { deviceNames, deviceOf, partText, taskNames, taskOf } from "../config/devices.ts";
import { type Command, flag, flagOption, print, printJson } from "./command.ts";
import { table } from "./render/format.ts";

export const devicesCommand: Command = {
  positionals: { name: "a device or task to print as YAML, to copy and edit" },
  options: { json: flag("print one JSON object on stdout") },
  examples: [
    ["qes devices", "names for --device and --task, and for capability in a configuration"],
    ["qes devices rp2040 > my-board.yaml", "a device to edit; search for it with --device ./my-board.yaml"],
  ],
  async run(args) {
    const { name } = args;
    if (name !== undefined) {
      process.stdout.write(textOf(String(name)));
      return 0;
    }
    const devices = deviceNames().map((device) => deviceOf(device, "devices"));
    const tasks = taskNames().map((task) => taskOf(task, "tasks"));
    const bits = Object.entries(capabilities).map(([capability, pairs]) => ({ name: capability, ...pairs }));
    if (flagOption(args, "json")) {
      printJson({
        devices: devices.map((device) => ({ ...device, budgets: deviceBudgets(device) })),
        tasks: tasks.map(({ name: task, title, config }) => ({ name: task, title, config })),
        capabilities: bits,
      });
      return 0;
    }
    print(
      table([
        ["device", "title", "core", "SRAM", "flash", "capability"],
        ...devices.map(({ name: device, title, core, memory, reserve, capability }) => [
          device,
          title,
          core,
          kib(memory.sram, reserve.sram),
          kib(memory.flash, reserve.flash),
          String(capability),
        ]),
      ]),
    );
    print("a search's budgets are sramLive and flash, less what is reserved; 1 KiB = 1024 bytes\n");
    print(table([["task", "title"], ...tasks.map(({ name: task, title }) => [task, title])]));
    print("");
    print(table([["capability", "activation and weight bits"], ...bits.map((c) => [c.name, c.describe])]));
    return 0;
  },
};

const kib = (memory: number, reserve: number) => (reserve === 0 ? `${memory} KiB` : `${memory} - ${reserve} KiB`);

function textOf(name: string): string {
  if (deviceNames().includes(name)) return partText("device", name, "qes devices");
  if (taskNames().includes(name)) return partText("task", name, "qes devices");
  const near = suggestion(name, [...deviceNames(), ...taskNames()]);
  throw new UserError(
    `devices: expected a device or a task, got ${JSON.stringify(name)}; ${near ?? "check the name"}`,
    "devices",
  );
}
