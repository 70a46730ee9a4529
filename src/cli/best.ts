import { formatNames, formatOf } from "../formats/formats.ts";
import { measuredNetworks } from "../run/archived.ts";
import type { Candidate } from "../run/candidate.ts";
import { type Measurement, selectsByNoise } from "../run/measuring.ts";
import {
  archiveArgument,
  type Command,
  DEFAULT_ARCHIVE,
  formatOption,
  formatOptions,
  note,
  print,
  text,
  textOption,
  wholeOption,
} from "./command.ts";
import { csv, networkCells } from "./render/csv.ts";
import { classifierLine, costCells, costHeader, stepLine, table } from "./render/format.ts";
import { measuredCells, noiseText } from "./render/measurement.ts";
import { networkStrips, showsBlocks } from "./render/strips.ts";
import { structureTable } from "./render/structure.ts";

export const bestCommand: Command = {
  positionals: { archive: `the archive file; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    run: text("id of the run", { defaultDescription: "the last one" }),
    top: text("how many, at most the population", { defaultDescription: "1" }),
    measure: text("draws of fresh noise to measure each network with, by the forward score", {
      defaultDescription: "32 where the run's score is forward, else none",
    }),
    threads: text("worker threads that measure; 0 measures in the main thread; never changes the result", {
      defaultDescription: "chosen",
    }),
    format: text("txt is the released code's format", {
      choices: ["table", "csv", ...formatNames],
      defaultDescription: "table",
    }),
    ...formatOptions,
  },
  examples: [
    ["qes best qes.sqlite --top 5", "the five best of the last run"],
    ["qes best qes.sqlite --measure 64", "beside its score what 64 draws of the measured score give"],
    ["qes best qes.sqlite --format txt > best.txt", "for the released code, and for qes score"],
  ],
  async run(args) {
    const path = archiveArgument(args);
    const top = wholeOption(args, "top", 1) ?? 1;
    const format = textOption(args, "format") ?? formatOption(args);
    const { run, networks } = await measuredNetworks(path, {
      run: wholeOption(args, "run", 1),
      top,
      draws: wholeOption(args, "measure", 1, 1e6),
      threads: wholeOption(args, "threads", 0, 256),
    });
    if (networks.length < top) note(`run ${run} keeps its ${networks.length} best networks: the population`);
    if (format === "csv") {
      process.stdout.write(
        csv(
          networks.map((row, i) => ({
            rank: i + 1,
            ...(row.measured === undefined ? {} : measuredColumns(row.measured)),
            ...networkCells(row),
            classes: row.classes,
          })),
        ),
      );
    } else if (format !== "table") process.stdout.write(formatOf(format).write(networks));
    else {
      print(networkTable(networks));
      const [{ measured }] = networks;
      if (measured !== undefined) print(`measured: ${noiseText(measured)}, +- its standard error`);
      for (const [i, row] of networks.entries()) {
        print(`\n#${i + 1}`);
        print(structureTable(row.structure));
        print(stepLine(row.largestStep));
        if (showsBlocks()) print(networkStrips(row.structure, row.resolution, process.stdout.columns ?? 80));
      }
      print(classifierLine(networks[0].classes));
    }
    return 0;
  },
};

const measuredColumns = ({ score, scoreError }: Measurement) => ({ measured: score, measuredError: scoreError });

function networkTable(networks: readonly Candidate[]): string {
  const [{ measured, scoring }] = networks;
  const header = [
    ...(measured === undefined ? [] : ["measured", "+-"]),
    selectsByNoise(scoring) ? "selected at" : "score",
  ];
  return table([
    ["#", ...header, "resolution", ...costHeader(networks[0].costs)],
    ...networks.map((row, i) => [
      String(i + 1),
      ...(row.measured === undefined ? [] : measuredCells(row.measured)),
      String(row.score),
      String(row.resolution),
      ...costCells(row.costs),
    ]),
  ]);
}
