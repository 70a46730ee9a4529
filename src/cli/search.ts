import { UserError } from "../base/user-error.ts";
import { gapOf } from "../bound/gap.ts";
import type { Config } from "../config/config.ts";
import { parseSeeds } from "../config/sweep-plan.ts";
import { networkOf } from "../network/structure.ts";
import { BoundWatch } from "../run/bound-watch.ts";
import { keepLate } from "../run/kept-bounds.ts";
import { MAX_THREADS, type RunOptions, type RunResult, SearchStopped, startSearch } from "../run/run.ts";
import { effectivenessOf } from "../score/effectiveness.ts";
import { openRemote, remoteOptions } from "./broker.ts";
import {
  type Arguments,
  type Command,
  DEFAULT_ARCHIVE,
  flag,
  flagOption,
  note,
  print,
  printJson,
  text,
  textOption,
  texts,
  textsOption,
  unlockOption,
  wholeOption,
} from "./command.ts";
import { configNotes, workNotes } from "./config-notes.ts";
import { chosenConfig, sourceOptions } from "./input.ts";
import { gapLine } from "./render/bound.ts";
import {
  classifierLine,
  costCells,
  costHeader,
  duration,
  percent,
  rate,
  shareCells,
  stepLine,
  table,
} from "./render/format.ts";
import { resultText } from "./render/measurement.ts";
import { ProgressView } from "./render/progress.ts";
import { conductSeeds } from "./seeds.ts";
import { Watching } from "./watching.ts";

/** A terminal that is closed stops a run like Ctrl-C does. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const STOPPED = 130;

export const runOptions = {
  threads: text("worker threads; 0 scores in the main thread; never changes the result", {
    defaultDescription: "chosen",
  }),
  json: flag("print one JSON object on stdout"),
  quiet: flag("no progress"),
  "no-bound": flag("no bound beside the search: do not prove how far its result is from the optimum"),
  watch: flag("show the run while it goes on, as a page for a browser of this machine, whose address is told"),
  unlock: unlockOption,
  ...remoteOptions,
} as const;

export const searchCommand: Command = {
  positionals: { source: "a preset (qes presets lists them) or a YAML file" },
  options: {
    ...sourceOptions,
    archive: text("file that keeps every scored candidate and the run", { defaultDescription: DEFAULT_ARCHIVE }),
    seed: text("seed of the random numbers", { defaultDescription: "the configuration's" }),
    seeds: text("several seeds, such as 1..10 or 1,5,9: an archive each, as many at a time as there are cores"),
    evaluations: text("children to breed, all of them: the search does not end at the proven optimum", {
      defaultDescription: "the configuration's",
    }),
    set: texts("path=value: set one key of the configuration; repeatable"),
    ...runOptions,
  },
  examples: [
    ["qes search imagenet-mixed-7.0g", "the published 7.0G search"],
    ["qes search --device stm32f746 --task vww", "a network for a device, without a configuration"],
    ["qes search imagenet-mixed-7.0g --set budgets.bitops=5e9 --seed 2", "with another budget"],
    ["qes search imagenet-mixed-7.0g --seeds 1..10", "ten searches and how many reach the optimum; again goes on"],
    ["qes preset imagenet-mixed-7.0g > mine.yaml; qes search mine.yaml", "from a file of your own"],
  ],
  async run(args) {
    const seed = wholeOption(args, "seed", 0);
    const evaluations = wholeOption(args, "evaluations", 1);
    const all = evaluations !== undefined || flagOption(args, "no-bound");
    const assignments = [...(all ? ["search.stopGap=off"] : []), ...textsOption(args, "set")];
    if (seed !== undefined) assignments.push(`search.seed=${seed}`);
    if (evaluations !== undefined) assignments.push(`search.evaluations=${evaluations}`);
    const archive = textOption(args, "archive") ?? DEFAULT_ARCHIVE;
    const several = textOption(args, "seeds");
    if (several !== undefined) {
      for (const name of ["seed", "watch"]) {
        if (args[name] !== undefined) throw new UserError(`--seeds: not together with --${name}; leave one out`);
      }
      if (textOption(args, "broker") !== undefined) {
        throw new UserError("--seeds: not together with --broker; give the seeds to qes sweep");
      }
      const seeds = parseSeeds(several, "--seeds");
      const configOf = (one: number) => chosenConfig(args, [...assignments, `search.seed=${one}`]);
      for (const line of configNotes(configOf(seeds[0]))) note(line);
      return conductSeeds(args, archive, seeds, configOf, searchCommand.options);
    }
    const config = chosenConfig(args, assignments);
    for (const line of configNotes(config)) note(line);
    return conductRun(args, archive, config, (options) => startSearch(config, options));
  },
};

/** Milliseconds that the end of a search waits for its bound. */
const BOUND_PATIENCE = 10_000;

/** By the signal itself: an orderly exit waits for threads, and one that hangs in a call to the system never comes to its end. */
function endAtOnce(signal: NodeJS.Signals): void {
  for (const name of signals) process.removeAllListeners(name);
  process.kill(process.pid, signal);
}

/**
 * Runs a search with progress and signals, and prints its result, then its bound.
 * @param bredBefore children that a run which goes on had
 */
export async function conductRun(
  args: Arguments,
  archive: string,
  config: Config,
  run: (options: RunOptions) => Promise<RunResult>,
  bredBefore = 0,
): Promise<number> {
  const threads = wholeOption(args, "threads", 0, MAX_THREADS);
  const clock = () => performance.now() / 1000;
  const view = flagOption(args, "quiet") ? undefined : new ProgressView(config, clock);
  const watch = flagOption(args, "no-bound") ? undefined : new BoundWatch(config);
  const live = flagOption(args, "watch") ? new Watching() : undefined;
  if (live !== undefined && archive === ":memory:") {
    throw new UserError("--watch: expected an archive in a file, got :memory:; give one");
  }
  const stop = new AbortController();
  let searching = true;
  const remote = await openRemote(args, config);
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) endAtOnce(signal);
    stop.abort();
    view?.end();
    if (!searching) return;
    note(`stopping: the scores in hand get 3 seconds, then ${archive} is written to its end; once more stops at once`);
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    await remote?.ready(stop.signal).catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    const outcome = await run({
      archive,
      threads,
      elsewhere: remote && ((problem) => remote.pool(problem)),
      clock,
      bound: watch,
      onStart: (id, changes) => {
        live?.start(archive, id);
        if (view !== undefined) note(`${config.name}: run ${id} in ${archive}`);
        if (changes.length > 0) note(`the start network was shrunk into the budgets: ${changes.join("; ")}`);
      },
      onLoad: (loaded, candidates) => view?.load(loaded, candidates),
      onProgress: (progress) => {
        view?.update(progress, watch?.report);
        if (2 * progress.counters.evaluations >= progress.evaluations) watch?.start();
      },
      onWait: () => view?.wait(() => watch?.report),
      onMeasure: () => {
        searching = false;
        view?.end();
        if (view !== undefined) note("measuring the best networks again, with noise that selected none of them");
      },
      stop: stop.signal,
      unlock: flagOption(args, "unlock"),
    }).catch(stopped);
    const result = outcome instanceof SearchStopped ? outcome.result : outcome;
    if (result === undefined) {
      note(`stopped before anything was scored; go on with: qes resume ${archive} --run ${outcome.run}`);
      return STOPPED;
    }
    searching = false;
    view?.end();
    const late = watch?.report.finished === false;
    const json = flagOption(args, "json");
    if (!json) print(summary(result, config, bredBefore));
    const bound = watch === undefined ? undefined : await boundAfter(watch, result, stop.signal, view);
    view?.end();
    if (late && watch.report.finished) keepIfFree(archive, config, watch);
    if (json) printJson(jsonOf(result, bound));
    else if (bound !== undefined)
      print("gap" in bound ? gapLine(result.best.score, bound.upperBound) : `no bound: ${bound.reason}`);
    if (result.status === "done") return 0;
    note(`stopped after a checkpoint; go on with: qes resume ${archive} --run ${result.run}`);
    return STOPPED;
  } finally {
    remote?.close();
    await watch?.close();
    view?.end();
    await live?.close();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** A run that was stopped is no error here. */
function stopped(error: unknown): SearchStopped {
  if (error instanceof SearchStopped) return error;
  throw error;
}

/** The bound came when the run was over: whoever writes to the archive by now goes first. */
function keepIfFree(archive: string, config: Config, watch: BoundWatch): void {
  try {
    keepLate(archive, config, watch);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

/** How far the optimum may lie above the result, or why that is not known. */
type Bound = { readonly upperBound: number; readonly gap: number } | { readonly reason: string };

/** The bound of a search that has ended: waits for it a while, or until a signal comes; not at all where the search was stopped. */
async function boundAfter(
  watch: BoundWatch,
  { best, status }: RunResult,
  stop: AbortSignal,
  view: ProgressView | undefined,
): Promise<Bound> {
  if (status === "done" && !watch.report.finished) {
    view?.wait(() => watch.report);
    await watch.last(AbortSignal.any([stop, AbortSignal.timeout(BOUND_PATIENCE)]));
  }
  const { upperBound, reason, finished } = watch.report;
  if (Number.isFinite(upperBound)) return { upperBound, gap: gapOf(upperBound, best.score) };
  if (status === "stopped") return { reason: reason ?? "the search was stopped before it was known" };
  const late = stop.aborted ? "the wait for it was ended" : `not known ${BOUND_PATIENCE / 1000} s after the search`;
  return { reason: reason ?? (finished ? "it takes more work than a search gives it" : `${late}; qes bound goes on`) };
}

function jsonOf(result: RunResult, bound: Bound | undefined) {
  const { run, archive, name, seed, ...rest } = result;
  return { run, archive, preset: name, seed, ...rest, ...(bound === undefined ? {} : { bound }) };
}

/** Of the best network, where it has a budget, which is no cost of the table. */
function effectivenessLine({ budgets }: Config, { structure, resolution }: RunResult["best"]): string[] {
  if (budgets.effectiveness === undefined) return [];
  return [`effectiveness ${effectivenessOf(networkOf(structure, resolution)).toFixed(4)} of ${budgets.effectiveness}`];
}

function summary(result: RunResult, config: Config, bredBefore: number): string {
  const { best } = result;
  const speed = rate(result.childrenPerSecond);
  const bred = bredBefore === 0 ? `(${speed})` : `in all, ${result.evaluations - bredBefore} of them now (${speed})`;
  const use = shareCells(best.costs, (name) => config.budgets[name]);
  return [
    `${resultText(result)}${config.input.resolutions === undefined ? "" : ` at ${best.resolution} x ${best.resolution}`}`,
    table([
      ["", ...costHeader(best.costs)],
      ["best network", ...costCells(best.costs)],
      ["of the budget", ...use],
    ]),
    stepLine(best.largestStep),
    classifierLine(config.classes),
    ...effectivenessLine(config, best),
    ...workNotes(config, best.costs),
    `${result.evaluations} children in ${duration(result.seconds)} ${bred}: ${result.scored} scored, ` +
      `${result.reused} reused, ${result.duplicates} duplicates, ${result.overBudget} over budget, ${result.failed} failed`,
    ...(result.status === "done" && result.evaluations < config.search.evaluations ? [endLine(config)] : []),
    ...tally(`${result.failed} failed`, result.failures),
    ...tally("scored again after a fault", result.workerFaults),
    `digest ${result.digest}`,
    ...(result.archive === ":memory:" ? [] : [`show it with: qes best ${result.archive} --run ${result.run}`]),
  ].join("\n");
}

/** Why a search ended before all its children. */
function endLine({ search: { stopGap, evaluations } }: Config): string {
  const where = typeof stopGap === "number" && stopGap > 0 ? `within ${percent(stopGap)} of the` : "at the";
  return `ended ${where} proven optimum of the score; all ${evaluations} children with --set search.stopGap=off`;
}

/** One line of counts by reason, the commonest first; none where there is nothing to count. */
function tally(what: string, counts: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return [];
  const shown = entries.slice(0, 5).map(([reason, count]) => `${reason} (${count})`);
  const rest = entries.length > shown.length ? `; ${entries.length - shown.length} other reasons` : "";
  return [`${what}: ${shown.join("; ")}${rest}`];
}
