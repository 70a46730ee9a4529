import { Archive } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import { ArchiveMerger, type MergedRun } from "../run/merge.ts";
import { type Command, flag, flagOption, note, print, printJson, text, textOption, unlockOption } from "./command.ts";

export const mergeCommand: Command = {
  positionals: { archives: "archives whose runs are added; they stay as they are" },
  options: {
    into: text("the archive that gets them, made where there is none"),
    json: flag("print one JSON object on stdout"),
    unlock: unlockOption,
  },
  examples: [["qes merge a.sqlite b.sqlite --into all.sqlite", "then: qes runs all.sqlite"]],
  async run(args) {
    const into = textOption(args, "into");
    if (into === undefined) throw new UserError("--into: expected the archive that gets the runs, got nothing");
    const archives = [args["archives"]].flat().map(String);
    // What is no archive is told before the one that gets them is made.
    for (const path of archives) Archive.openForReading(path).close();
    const merger = new ArchiveMerger(into, { unlock: flagOption(args, "unlock") });
    let runs: readonly MergedRun[] = [];
    try {
      for (const path of archives) {
        const added = merger.add(path);
        runs = runs.concat(added);
        if (!flagOption(args, "json")) note(lineOf(path, added));
      }
    } finally {
      merger.close();
    }
    if (flagOption(args, "json")) printJson({ archive: into, runs });
    else print(`${into}: ${runs.length} runs of ${archives.length} archives; list them with: qes runs ${into}`);
    return 0;
  },
};

function lineOf(path: string, runs: readonly MergedRun[]): string {
  const known = runs.filter((run) => run.known).length;
  const added = runs.filter((run) => !run.known).map(({ run, id }) => `${run} as ${id}`);
  const parts = [
    ...(added.length > 0 ? [`run ${added.join(", ")}`] : []),
    ...(known > 0 ? [`${known} there already`] : []),
  ];
  return `${path}: ${parts.length === 0 ? "no runs" : parts.join("; ")}`;
}
