import { stringify } from "yaml";
import { parseConfig } from "../config/config.ts";
import { presetNames, presetText, presetValue } from "../config/presets.ts";
import { budgetNames } from "../costs/cost-table.ts";
import { type Command, flag, flagOption, print, printJson } from "./command.ts";
import { costText, table } from "./render/format.ts";

export const presetsCommand: Command = {
  options: { json: flag("print a JSON array on stdout") },
  examples: [["qes presets", "names, budgets and children of each"]],
  async run(args) {
    const rows = presetNames().map((name) => {
      const { budgets, search, space, input } = parseConfig(presetValue(name), name);
      return {
        name,
        family: space.family,
        resolution: input.resolution,
        ...(input.resolutions ? { resolutions: input.resolutions } : {}),
        budgets,
        evaluations: search.evaluations,
      };
    });
    if (flagOption(args, "json")) printJson(rows);
    else {
      print(
        table([
          ["preset", "family", "resolution", "budgets", "evaluations"],
          ...rows.map((row) => {
            const budgets = budgetNames
              .filter((c) => row.budgets[c] !== undefined)
              .map((c) => `${c} ${costText(c, row.budgets[c]!)}`);
            const { effectiveness } = row.budgets;
            return [
              row.name,
              row.family,
              row.resolutions ? `${row.resolution}-${row.resolutions.at(-1)}` : String(row.resolution),
              [...budgets, ...(effectiveness === undefined ? [] : [`effectiveness ${effectiveness}`])].join(", "),
              String(row.evaluations),
            ];
          }),
        ]),
      );
    }
    return 0;
  },
};

export const presetCommand: Command = {
  positionals: { name: "the preset" },
  options: { full: flag("with every default, and what its device and task fill in") },
  examples: [["qes preset imagenet-mixed-7.0g > mine.yaml", "a configuration to start from"]],
  async run(args) {
    const name = String(args["name"]);
    if (flagOption(args, "full"))
      process.stdout.write(stringify(parseConfig(presetValue(name), name), { flowCollectionPadding: true }));
    else process.stdout.write(presetText(name));
    return 0;
  },
};
