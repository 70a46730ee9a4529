import { Archive } from "../archive/archive.ts";
import { parseConfig } from "../config/config.ts";
import { type Command, flag, flagOption, print, printJson } from "./command.ts";
import { duration, table } from "./render/format.ts";

export const runsCommand: Command = {
  positionals: { archive: "the archive file" },
  options: { json: flag("print a JSON array on stdout") },
  examples: [["qes runs qes.sqlite", "every run, its state and its best score"]],
  async run(args) {
    const path = String(args["archive"]);
    const archive = Archive.openForReading(path);
    const inProgress = archive.runInProgress;
    const rows = archive.runs().map((run) => {
      const { search } = parseConfig(JSON.parse(run.config), `${path}: run ${run.id}`);
      return {
        run: run.id,
        preset: run.name,
        seed: search.seed,
        status: run.status === "running" && run.id !== inProgress ? "stopped" : run.status,
        evaluations: run.checkpoint?.counters.evaluations ?? 0,
        of: search.evaluations,
        best: run.checkpoint?.scores[0] ?? null,
        seconds: run.seconds,
        started: run.started,
        digest: run.digest ?? null,
      };
    });
    archive.close();
    if (flagOption(args, "json")) {
      printJson(rows);
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
            r.seed,
            r.status,
            r.evaluations,
            r.of,
            r.best ?? "-",
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
