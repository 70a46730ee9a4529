import { writeFileSync } from "node:fs";
import { UserError } from "../base/user-error.ts";
import { readReport } from "../report/model/read-report.ts";
import { reportPage } from "../report/report.ts";
import {
  archiveArgument,
  type Command,
  DEFAULT_ARCHIVE,
  flag,
  flagOption,
  print,
  printJson,
  text,
  textOption,
  wholeOption,
} from "./command.ts";

export const reportCommand: Command = {
  positionals: { archive: `the archive file; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    run: text("id of the run that is looked at", { defaultDescription: "the last one" }),
    out: text("file to write", { defaultDescription: "the archive's name with .html" }),
    json: flag("print what the page shows as JSON on stdout, and write no page"),
  },
  examples: [
    ["qes report qes.sqlite", "qes.html: one file, to look at in any browser, to send or to print"],
    [
      "qes bound imagenet-mixed-7.0g --sweep bitops=2e9..20e9:19 --archive qes.sqlite",
      "what every budget buys, for the report",
    ],
  ],
  async run(args) {
    const path = archiveArgument(args);
    const model = readReport(path, { run: wholeOption(args, "run", 1) });
    if (flagOption(args, "json")) {
      printJson(model);
      return 0;
    }
    const file = textOption(args, "out") ?? `${path.replace(/\.(?:sqlite3?|db)$/, "")}.html`;
    try {
      writeFileSync(file, reportPage(model));
    } catch (error) {
      throw new UserError(
        `--out ${file}: cannot be written (${(error as NodeJS.ErrnoException).code}); check the path`,
      );
    }
    print(`${file}: run ${model.run.id} of ${path}; open it in a browser`);
    return 0;
  },
};
