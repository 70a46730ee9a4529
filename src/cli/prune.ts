import { statSync } from "node:fs";
import { pruneArchive } from "../run/prune.ts";
import { type Command, flag, flagOption, print, printJson, unlockOption } from "./command.ts";

export const pruneCommand: Command = {
  positionals: { archive: "the archive file" },
  options: {
    measured: flag("drop measured scores too: a search that needs them measures again"),
    unlock: unlockOption,
    json: flag("print one JSON object on stdout"),
  },
  examples: [["qes prune qes.sqlite", "keep every run's best networks, and unfinished runs as they are"]],
  async run(args) {
    const path = String(args["archive"]);
    const report = pruneArchive(path, { measured: flagOption(args, "measured"), unlock: flagOption(args, "unlock") });
    const bytes = statSync(path).size;
    if (flagOption(args, "json")) {
      printJson({ ...report, bytes });
      return 0;
    }
    print(
      `${path}: dropped ${report.dropped} candidates, kept ${report.kept}; ${(bytes / 2 ** 20).toFixed(1)} MiB on disk`,
    );
    if (report.runs.length > 0) {
      print(`pruned runs: ${report.runs.join(", ")}; their best networks and digests stay, and qes verify checks them`);
      print("no longer possible: extending a pruned run; a later search scores again what it would have taken over");
    }
    return 0;
  },
};
