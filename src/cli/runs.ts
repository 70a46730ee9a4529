import { Archive, type RunRow } from "../archive/archive.ts";
import { type Command, formatOption, formatOptions, print, printJson } from "./command.ts";
import { csv } from "./render/csv.ts";
import { duration, table } from "./render/format.ts";

export const runsCommand: Command = {
  positionals: { archive: "the archive file" },
  options: formatOptions,
  examples: [
    ["qes runs qes.sqlite", "every run, its state and its best score"],
    ["qes runs qes.sqlite --csv > runs.csv", "the same for a spreadsheet"],
  ],
  async run(args) {
    const path = String(args["archive"]);
    const format = formatOption(args);
    const archive = Archive.openForReading(path);
    const inProgress = archive.runInProgress;
    const rows: Row[] = [];
    archive.eachRun((run) => {
      const search = searchOf(run.config);
      rows.push({
        run: run.id,
        preset: run.name,
        seed: search.seed ?? null,
        status: run.status === "running" && run.id !== inProgress ? "stopped" : run.status,
        evaluations: run.checkpoint?.counters.evaluations ?? 0,
        of: search.evaluations ?? null,
        best: run.checkpoint?.scores[0] ?? null,
        seconds: run.seconds,
        started: run.started,
        digest: run.digest ?? null,
      });
    });
    archive.close();
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

interface Row {
  readonly run: number;
  readonly preset: string;
  readonly seed: number | null;
  readonly status: RunRow["status"] | "stopped";
  readonly evaluations: number;
  readonly of: number | null;
  readonly best: number | null;
  readonly seconds: number;
  readonly started: string;
  readonly digest: string | null;
}

/** Seed and length of a run, without the checks of a configuration that is to be run: there may be a hundred thousand of them. */
function searchOf(config: string): { readonly seed?: number; readonly evaluations?: number } {
  const { search } = (JSON.parse(config) ?? {}) as { search?: Record<string, unknown> };
  const number = (name: string) => (typeof search?.[name] === "number" ? { [name]: search[name] } : {});
  return { ...number("seed"), ...number("evaluations") };
}
