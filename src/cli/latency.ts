import { basename } from "node:path";
import { chosenOperators, isOperatorFile, readOperators } from "../config/operators.ts";
import { operatorSteps } from "../costs/operator-steps.ts";
import { networkOf, parseStructure } from "../network/structure.ts";
import { refuseUnit } from "../operators/operator-table.ts";
import {
  type Command,
  flag,
  flagOption,
  formatOption,
  formatOptions,
  print,
  printJson,
  text,
  wholeOption,
} from "./command.ts";
import { readNetworkFile, readText, runOption } from "./input.ts";
import { csv } from "./render/csv.ts";
import { table } from "./render/format.ts";

export const latencyCommand: Command = {
  positionals: {
    table: "measured operators: the released program's rows, or CSV; or a model by name (docs/latency.md)",
    structures: "networks of a file, or the best of an archive's run",
  },
  options: {
    resolution: text("pixels of one side of the input", { defaultDescription: "that of the file, or 224" }),
    batch: text("images of the batch whose share an image is charged", { defaultDescription: "the smallest measured" }),
    energy: flag("the table is of millijoules, where it does not say so itself"),
    run: runOption,
    ...formatOptions,
  },
  examples: [
    ["qes latency v100.out best.txt", "what a network takes, conv by conv, and the share of each"],
    ["qes latency table.csv qes.sqlite --csv", "of the best network of the last run, as CSV"],
  ],
  async run(args) {
    const path = String(args["table"]);
    const batch = wholeOption(args, "batch", 1, 65_536);
    const measured = isOperatorFile(path)
      ? { ...readOperators(readText(path), path, basename(path)), ...(batch && { batch }) }
      : chosenOperators(path, "latency");
    const entries = await readNetworkFile(String(args["structures"]), wholeOption(args, "run", 1));
    const chosen = wholeOption(args, "resolution", 1, 4096);
    const energy = flagOption(args, "energy");
    if (energy) refuseUnit(measured, "mJ", "--energy", "leave it out, or correct the table's header");
    const unit = energy ? "mJ" : (("unit" in measured ? measured.unit : undefined) ?? "ms");
    const networks = entries.map(({ name, where, structure, resolution: own }) => {
      const resolution = chosen ?? own ?? 224;
      const steps = operatorSteps(networkOf(parseStructure(structure, where), resolution), measured, where);
      return { name, resolution, unit, total: steps.reduce((sum, { value }) => sum + value, 0), steps };
    });
    const format = formatOption(args);
    if (format === "json") printJson(networks);
    else if (format === "csv") {
      process.stdout.write(
        csv(
          networks.flatMap(({ name, steps }) =>
            steps.map(({ block, inner, operator, value }) => ({
              network: name,
              block,
              inner,
              ...operator,
              [unit]: value,
            })),
          ),
        ),
      );
    } else {
      for (const { name, resolution, total, steps } of networks) {
        const share = (value: number) => `${(total === 0 ? 0 : (100 * value) / total).toFixed(1)}%`;
        print(
          `${name} at ${resolution} x ${resolution}: ${Number(total.toPrecision(6))} ${unit} an image by ${measured.name}`,
        );
        print(
          table([
            ["conv", unit, "share", ""],
            ...steps.map(({ name: conv, operator, value }) => [
              conv,
              value.toPrecision(4),
              share(value),
              operator.fused ? "with the sum of a shortcut" : "",
            ]),
          ]),
        );
      }
    }
    return 0;
  },
};
