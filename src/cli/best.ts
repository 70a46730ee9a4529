import { formatNames, formatOf } from "../formats/formats.ts";
import { bestNetworks } from "../run/archived.ts";
import { type Command, formatOption, formatOptions, note, print, text, textOption, wholeOption } from "./command.ts";
import { csv, networkCells } from "./render/csv.ts";
import { classifierLine, costCells, costHeader, stepLine, table } from "./render/format.ts";
import { structureTable } from "./render/structure.ts";

export const bestCommand: Command = {
  positionals: { archive: "the archive file" },
  options: {
    run: text("id of the run", { defaultDescription: "the last one" }),
    top: text("how many, at most the population", { defaultDescription: "1" }),
    format: text("txt is the released code's format", {
      choices: ["table", "csv", ...formatNames],
      defaultDescription: "table",
    }),
    ...formatOptions,
  },
  examples: [
    ["qes best qes.sqlite --top 5", "the five best of the last run"],
    ["qes best qes.sqlite --format txt > best.txt", "for the released code, and for qes score"],
  ],
  async run(args) {
    const path = String(args["archive"]);
    const top = wholeOption(args, "top", 1) ?? 1;
    const format = textOption(args, "format") ?? formatOption(args);
    const { run, networks } = bestNetworks(path, { run: wholeOption(args, "run", 1), top });
    if (networks.length < top) note(`run ${run} keeps its ${networks.length} best networks: the population`);
    if (format === "csv") {
      process.stdout.write(
        csv(networks.map((row, i) => ({ rank: i + 1, ...networkCells(row), classes: row.classes }))),
      );
    } else if (format !== "table") process.stdout.write(formatOf(format).write(networks));
    else {
      print(
        table([
          ["#", "score", "resolution", ...costHeader],
          ...networks.map((row, i) => [
            String(i + 1),
            String(row.score),
            String(row.resolution),
            ...costCells(row.costs),
          ]),
        ]),
      );
      for (const [i, row] of networks.entries()) {
        print(`\n#${i + 1}`);
        print(structureTable(row.structure));
        print(stepLine(row.largestStep));
      }
      print(classifierLine(networks[0].classes));
    }
    return 0;
  },
};
