import { verifyArchive } from "../run/audit.ts";
import {
  archiveArgument,
  type Command,
  DEFAULT_ARCHIVE,
  flag,
  flagOption,
  print,
  printJson,
  text,
  wholeOption,
} from "./command.ts";

export const verifyCommand: Command = {
  positionals: { archive: `the archive file; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    sample: text("candidates of each scoring context that are scored again", { defaultDescription: "100" }),
    all: flag("score every candidate again"),
    json: flag("print one JSON object on stdout"),
  },
  examples: [["qes verify qes.sqlite --all", "everything that can be checked"]],
  async run(args) {
    const sample = wholeOption(args, "sample", 1);
    const report = verifyArchive(archiveArgument(args), {
      sample: flagOption(args, "all") ? Number.POSITIVE_INFINITY : sample,
    });
    const { findings } = report;
    if (flagOption(args, "json")) printJson(report);
    else {
      print(
        `${report.archive}: schema ${report.schema}, ${report.runs} runs${report.pruned === 0 ? "" : ` (${report.pruned} pruned)`}, ${report.generations} generations, ` +
          `${report.candidates} candidates, ${report.recomputed} of them scored again`,
      );
      if (report.schema < 2)
        print("schema 1 has no checksums: a changed row shows only where it is scored again (--all)");
      for (const finding of findings.slice(0, MOST_LINES)) print(`- ${finding}`);
      if (findings.length > MOST_LINES) print(`- and ${findings.length - MOST_LINES} more; --json lists them all`);
      print(findings.length === 0 ? "nothing wrong" : `${findings.length} findings; restore a copy of the archive`);
    }
    return findings.length === 0 ? 0 : 2;
  },
};

const MOST_LINES = 50;
