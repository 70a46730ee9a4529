import { basename, extname } from "node:path";
import { UserError } from "../base/user-error.ts";
import type { Config } from "../config/config.ts";
import { type PlannedSearch, parseSweepPlan } from "../config/sweep-plan.ts";
import { MAX_THREADS } from "../run/run.ts";
import { SweepFolder, type SweepRecord, searchId } from "../run/sweep.ts";
import { brokerOptions } from "./broker.ts";
import { type Command, flag, flagOption, note, print, printJson, text, textOption, wholeOption } from "./command.ts";
import { chosenConfig, readText } from "./input.ts";
import { Processes, STOPPED } from "./processes.ts";
import { programBuild } from "./program-build.ts";
import { csv } from "./render/csv.ts";
import { type SweepRow, sweepRow, sweepText } from "./render/sweep.ts";
import { openSweepBroker, type SweepBroker } from "./sweep-broker.ts";
import { runSweepSearch } from "./sweep-search.ts";

export const sweepCommand: Command = {
  positionals: { plan: "YAML: searches, seeds, and keys of the configuration with their values" },
  options: {
    output: text("the folder of results; with it the same command goes on", {
      alias: "o",
      defaultDescription: "the plan's name with .sweep",
    }),
    index: text(
      "run this search of the plan alone, from 0 on: for arrays of jobs; without it what they found is gathered",
    ),
    list: flag("list the searches and what is done of them, and run nothing"),
    keep: text("of finished searches: their best networks, or all that they scored", {
      choices: ["best", "all"],
      defaultDescription: "best",
    }),
    threads: text("worker threads of each search", { defaultDescription: "none, 1 where scores are measured" }),
    "no-bound": flag("no bounds: every search breeds all its children"),
    json: flag("print one JSON object on stdout"),
    csv: flag("print CSV on stdout"),
    quiet: flag("no progress"),
    ...brokerOptions,
  },
  examples: [
    ["qes sweep plan.yaml", "every search of the plan, as many at a time as there are cores; again goes on"],
    ["qes sweep plan.yaml --index 3", "one of them: Slurm's $SLURM_ARRAY_TASK_ID, Kubernetes' $JOB_COMPLETION_INDEX"],
    [
      "qes sweep plan.yaml --broker broker.url",
      "by the workers of a broker: qes worker --broker broker.url on each machine",
    ],
    ["qes sweep plan.yaml --csv > sweep.csv", "the table of results"],
  ],
  async run(args) {
    if (flagOption(args, "json") && flagOption(args, "csv")) {
      throw new UserError("--csv: not together with --json; leave one out");
    }
    const plan = String(args["plan"]);
    const bound = !flagOption(args, "no-bound");
    const planned = parseSweepPlan(readText(plan), plan).map((search) => prepared(search, bound, plan));
    const folder = new SweepFolder(textOption(args, "output") ?? `${basename(plan, extname(plan))}.sweep`);
    const only = wholeOption(args, "index", 0);
    if (only !== undefined && only >= planned.length) {
      throw new UserError(`--index: expected at most ${planned.length - 1}, the last search of ${plan}, got ${only}`);
    }
    const wanted = only === undefined ? planned : [planned[only]];
    const sweep = new Sweep(folder, wholeOption(args, "threads", 0, MAX_THREADS), flagOption(args, "quiet"));
    try {
      if (!flagOption(args, "list")) {
        const remote = await openSweepBroker(args);
        await sweep.run(wanted, remote).finally(() => remote?.close());
      }
      // One job of an array leaves its archive: another may gather at the same time.
      const gathers = only === undefined && !flagOption(args, "list");
      const rows = wanted.map((search) => sweep.row(search, gathers, textOption(args, "keep") === "all"));
      show(rows, folder, args);
      return sweep.exitCode;
    } finally {
      folder.close();
    }
  },
};

/** A planned search with all that follows from it. */
interface PreparedSearch extends PlannedSearch {
  readonly id: string;
  readonly config: Config;
  /** Of the search command. */
  readonly args: readonly string[];
  readonly bound: boolean;
}

/** @throws UserError where it is no configuration */
function prepared(search: PlannedSearch, bound: boolean, plan: string): PreparedSearch {
  const { index, source, set, seed } = search;
  const assignments = [
    ...Object.entries(set).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    ...(seed === undefined ? [] : [`search.seed=${seed}`]),
    ...(bound ? [] : ["search.stopGap=off"]),
  ];
  const from = typeof source === "string" ? { source } : source;
  try {
    const config = chosenConfig(from, assignments);
    const place = typeof source === "string" ? [source] : ["--device", source.device, "--task", source.task];
    const args = [...place, ...assignments.flatMap((assignment) => ["--set", assignment])];
    return { ...search, id: searchId(JSON.stringify(config), programBuild()), config, args, bound };
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${plan}: search ${index}: ${error.message}`);
    throw error;
  }
}

/** Runs the searches that are not finished, each in a process of its own. */
class Sweep {
  readonly #folder: SweepFolder;
  readonly #threads: number | undefined;
  readonly #quiet: boolean;
  readonly #processes: Processes;
  readonly #reasons = new Map<string, string>();
  #done = 0;

  constructor(folder: SweepFolder, threads: number | undefined, quiet: boolean) {
    this.#folder = folder;
    this.#threads = threads;
    this.#quiet = quiet;
    this.#processes = new Processes(threads);
  }

  get exitCode(): number {
    return this.#processes.stop.aborted ? STOPPED : this.#reasons.size > 0 ? 2 : 0;
  }

  /** @param remote has them run elsewhere */
  async run(searches: readonly PreparedSearch[], remote: SweepBroker | undefined): Promise<void> {
    const open = searches.filter(({ id }) => this.#folder.record(id) === undefined);
    // The same search may be there twice, by names that say the same.
    const distinct = [...new Map(open.map((search) => [search.id, search])).values()];
    if (!this.#quiet && distinct.length < searches.length) {
      note(`${searches.length - distinct.length} of ${searches.length} searches are done already`);
    }
    const runOne = async (search: PreparedSearch) => {
      await (remote === undefined ? this.#runOne(search) : this.#runElsewhere(search, remote));
      this.#done++;
      if (!this.#quiet && !this.#processes.stop.aborted)
        note(`${this.#lineOf(search)} (${this.#done} of ${distinct.length})`);
      return true;
    };
    await this.#processes.forEach(distinct, runOne, remote?.atATime);
    if (this.#processes.stop.aborted) note("stopped; the same command goes on");
  }

  async #runOne({ id, config, args, bound }: PreparedSearch): Promise<void> {
    const archive = this.#folder.archiveOf(id);
    const search = { config, args, bound, archive, threads: this.#threads };
    const outcome = await runSweepSearch(this.#processes, search);
    if (outcome === "stopped") return;
    if ("result" in outcome) this.#folder.finish(id, outcome.result);
    else this.#reasons.set(id, outcome.reason);
  }

  async #runElsewhere({ id, config, bound }: PreparedSearch, remote: SweepBroker): Promise<void> {
    const reason = await remote.run({ id, config, bound }, this.#folder, this.#processes.stop);
    if (reason !== undefined) this.#reasons.set(id, reason);
  }

  #lineOf({ id, index }: PreparedSearch): string {
    const reason = this.#reasons.get(id);
    return `search ${index}: ${reason ?? this.#folder.record(id)?.result.best.score ?? "not done"}`;
  }

  row({ id, index, source, set, config }: PreparedSearch, gathers: boolean, whole: boolean): SweepRow {
    const found: SweepRecord | undefined = this.#folder.record(id);
    const finished = found !== undefined && gathers ? this.#folder.gather(found, whole) : found;
    const name = typeof source === "string" ? source : `${source.device} ${source.task}`;
    const planned = { index, id, search: name, set, seed: config.search.seed };
    const archive = finished?.run === undefined ? this.#folder.archiveOf(id) : this.#folder.archive;
    return sweepRow(planned, finished, { archive, reason: this.#reasons.get(id) });
  }
}

function show(rows: readonly SweepRow[], folder: SweepFolder, args: Parameters<Command["run"]>[0]): void {
  if (flagOption(args, "json")) printJson({ archive: folder.archive, searches: rows });
  else if (flagOption(args, "csv")) process.stdout.write(csv(rows.map(({ set, ...row }) => ({ ...row, ...set }))));
  else print(sweepText(rows, folder.archive));
}
