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
    print(
      table([
        ["run", "preset", "seed", "status", "evaluations", "of", "best", "time", "started", "digest"],
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
          ].map(String),
        ),
      ]),
    );
    return 0;
  },
};
