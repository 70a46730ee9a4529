import type { Config } from "../config.ts";
import { costNames } from "../costs.ts";
import { type RunOptions, type RunResult, StoppedEarly, startSearch } from "../run.ts";
import {
  type Arguments,
  type Command,
  flag,
  flagOption,
  note,
  print,
  printJson,
  text,
  textOption,
  texts,
  textsOption,
  wholeOption,
} from "./command.ts";
import { costCells, costHeader, duration, rate, table } from "./format.ts";
import { readConfig } from "./input.ts";
import { ProgressView } from "./progress.ts";

export const DEFAULT_ARCHIVE = "qes.sqlite";

/** A terminal that is closed stops a run like Ctrl-C does. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const STOPPED = 130;

export const runOptions = {
  threads: text("worker threads; 0 scores in the main thread; never changes the result", {
    defaultDescription: "chosen",
  }),
  json: flag("print one JSON object on stdout"),
  quiet: flag("no progress"),
  unlock: flag("take the archive over from a process that is gone, where qes cannot see that it is"),
} as const;

export const searchCommand: Command = {
  usage: "search <source>",
  describe: "run a search from a preset or a YAML configuration",
  positionals: { source: "a preset (qes presets lists them) or a YAML file" },
  options: {
    archive: text("file that keeps every scored candidate and the run", { defaultDescription: DEFAULT_ARCHIVE }),
    seed: text("seed of the random numbers", { defaultDescription: "the configuration's" }),
    evaluations: text("children to breed", { defaultDescription: "the configuration's" }),
    set: texts("path=value: set one key of the configuration; repeatable"),
    ...runOptions,
  },
  examples: [
    ["qes search imagenet-mixed-7.0g", "the published 7.0G search"],
    ["qes search imagenet-mixed-7.0g --set budgets.bitops=5e9 --seed 2", "with another budget"],
    ["qes preset imagenet-mixed-7.0g > mine.yaml; qes search mine.yaml", "from a file of your own"],
  ],
  async run(args) {
    const assignments = [...textsOption(args, "set")];
    const seed = wholeOption(args, "seed", 0);
    const evaluations = wholeOption(args, "evaluations", 1);
    if (seed !== undefined) assignments.push(`search.seed=${seed}`);
    if (evaluations !== undefined) assignments.push(`search.evaluations=${evaluations}`);
    const config = readConfig(String(args["source"]), assignments);
    const archive = textOption(args, "archive") ?? DEFAULT_ARCHIVE;
    return conductRun(args, archive, config, (options) => startSearch(config, options));
  },
};

/** Runs a search with progress and signals, and prints its result. */
export async function conductRun(
  args: Arguments,
  archive: string,
  config: Config,
  run: (options: RunOptions) => Promise<RunResult>,
): Promise<number> {
  const threads = wholeOption(args, "threads", 0, 256);
  const clock = () => performance.now() / 1000;
  const view = flagOption(args, "quiet") ? undefined : new ProgressView(config, clock);
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(STOPPED);
    stop.abort();
    view?.end();
    note("stopping at the next checkpoint; once more stops at once");
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const result = await run({
      archive,
      threads,
      clock,
      onStart: (id) => view !== undefined && note(`${config.name}: run ${id} in ${archive}`),
      onProgress: (progress) => view?.update(progress),
      stop: stop.signal,
      unlock: flagOption(args, "unlock"),
    });
    view?.end();
    if (flagOption(args, "json")) printJson(jsonOf(result));
    else print(summary(result, config));
    if (result.status === "done") return 0;
    note(`stopped after a checkpoint; go on with: qes resume ${archive} --run ${result.run}`);
    return STOPPED;
  } catch (error) {
    if (!(error instanceof StoppedEarly)) throw error;
    note(`stopped before the first network was scored; go on with: qes resume ${archive} --run ${error.run}`);
    return STOPPED;
  } finally {
    view?.end();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

function jsonOf(result: RunResult) {
  const { run, archive, name, seed, ...rest } = result;
  return { run, archive, preset: name, seed, ...rest };
}

function summary(result: RunResult, config: Config): string {
  const { best } = result;
  const use = costNames.map((name) => {
    const budget = config.budgets[name];
    return budget === undefined ? "" : `${((100 * best.costs[name]) / budget).toFixed(2)}%`;
  });
  return [
    `best score ${best.score}`,
    table([
      ["", ...costHeader],
      ["best network", ...costCells(best.costs)],
      ["of the budget", ...use],
    ]),
    `${result.evaluations} children in ${duration(result.seconds)} (${rate(result.childrenPerSecond)}): ${result.scored} scored, ` +
      `${result.reused} reused, ${result.duplicates} duplicates, ${result.overBudget} over budget, ${result.failed} failed`,
    ...tally(`${result.failed} failed`, result.failures),
    ...tally("scored again after a fault", result.workerFaults),
    `digest ${result.digest}`,
    `show it with: qes best ${result.archive} --run ${result.run}`,
  ].join("\n");
}

/** One line of counts by reason, the commonest first; none where there is nothing to count. */
function tally(what: string, counts: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return [];
  const shown = entries.slice(0, 5).map(([reason, count]) => `${reason} (${count})`);
  const rest = entries.length > shown.length ? `; ${entries.length - shown.length} other reasons` : "";
  return [`${what}: ${shown.join("; ")}${rest}`];
}
