import { UserError } from "../base/user-error.ts";
import { readReport } from "../report/model/read-report.ts";
import { archivedRuns } from "../run/archived.ts";
import {
  archiveArgument,
  type Command,
  DEFAULT_ARCHIVE,
  formatOption,
  formatOptions,
  print,
  printJson,
} from "./command.ts";
import { csv } from "./render/csv.ts";
import { duration, table } from "./render/format.ts";
import { gapStrip, showsBlocks } from "./render/strips.ts";

export const runsCommand: Command = {
  positionals: { archive: `the archive file; ${DEFAULT_ARCHIVE} if left out` },
  options: formatOptions,
  examples: [
    ["qes runs qes.sqlite", "every run, its state and its best score"],
    ["qes runs qes.sqlite --csv > runs.csv", "the same for a spreadsheet"],
  ],
  async run(args) {
    const path = archiveArgument(args);
    const format = formatOption(args);
    const rows = archivedRuns(path).map(({ run, name, ...rest }) => ({ run, preset: name, ...rest }));
    if (format !== "table") {
      if (format === "json") printJson(rows);
      else process.stdout.write(csv(rows.map((row) => ({ ...row }))));
      return 0;
    }
    if (rows.length === 0) {
      print(`${path} has no runs`);
      return 0;
    }
    const ways = showsBlocks() ? waysOf(path) : undefined;
    print(
      table([
        [
          "run",
          "preset",
          "seed",
          "status",
          "evaluations",
          "of",
          "best",
          "time",
          "started",
          "digest",
          ...(ways === undefined ? [] : ["gap"]),
        ],
        ...rows.map((r) =>
          [
            r.run,
            r.preset,
            r.seed ?? "-",
            r.status,
            r.evaluations,
            r.of ?? "-",
            r.best === null ? "-" : r.selectedByNoise ? `selected at ${r.best}` : r.best,
            duration(r.seconds),
            r.started,
            r.digest?.slice(0, 12) ?? "-",
            ...(ways === undefined ? [] : [ways.get(r.run) ?? ""]),
          ].map(String),
        ),
      ]),
    );
    return 0;
  },
};

/** How far every run was from the optimum, or from what is known of it; none where that cannot be said. */
function waysOf(path: string): ReadonlyMap<number, string> {
  try {
    const runs = readReport(path).groups.flatMap((group) => group.runs);
    return new Map(
      runs.map(({ run, points, reference }) => [run, reference === null ? "" : gapStrip(points, reference)]),
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return new Map();
  }
}
