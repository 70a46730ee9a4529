import { Archive } from "../archive/archive.ts";
import { resumableRun, resumedConfig } from "../run/resumable.ts";
import { resumeSearch } from "../run/run.ts";
import { archiveArgument, type Command, DEFAULT_ARCHIVE, text, wholeOption } from "./command.ts";
import { conductRun, runOptions } from "./search.ts";

export const resumeCommand: Command = {
  positionals: { archive: `the archive file; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    run: text("id of the run", { defaultDescription: "the last unfinished one" }),
    evaluations: text("a new total of children; extends a finished run"),
    ...runOptions,
  },
  examples: [
    ["qes resume qes.sqlite", "go on with the last unfinished run"],
    ["qes resume qes.sqlite --run 3 --evaluations 1000000", "extend run 3 to a million children"],
  ],
  async run(args) {
    const path = archiveArgument(args);
    const id = wholeOption(args, "run", 1);
    const evaluations = wholeOption(args, "evaluations", 1);
    const archive = Archive.openForReading(path);
    const row = resumableRun(archive, id, evaluations);
    archive.close();
    const config = resumedConfig(row, evaluations);
    return conductRun(
      args,
      path,
      config,
      (options) => resumeSearch({ ...options, run: row.id, evaluations }),
      row.checkpoint?.counters.evaluations,
    );
  },
};
