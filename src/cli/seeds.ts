import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { median } from "../base/median.ts";
import { builtFile } from "../base/package-root.ts";
import { UserError } from "../base/user-error.ts";
import { gapOf, searchBound } from "../bound/gap.ts";
import type { Config } from "../config/config.ts";
import { openProblem } from "../problem/problem.ts";
import { measuredNetworks } from "../run/archived.ts";
import { type Measurement, selectsByNoise } from "../run/measuring.ts";
import { MAX_THREADS } from "../run/run.ts";
import { type SeedRun, seedArchive, seedRun } from "../run/seed-archive.ts";
import { kindOf } from "../score/kinds/kinds.ts";
import { type Arguments, type CommandOption, flagOption, note, print, printJson, wholeOption } from "./command.ts";
import { duration, table } from "./render/format.ts";
import { measuredCells } from "./render/measurement.ts";

const MOST_SEEDS = 10_000;
const STOPPED = 130;
/** Milliseconds for a bound after the searches. */
const BOUND_PATIENCE = 10_000;
/** Scores that differ by less are the same: sums of the bound are rounded in another order. */
const SAME = 1e-9;

/** @throws UserError where the text is neither `from..to` nor a list */
export function parseSeeds(value: string): number[] {
  const [, from, to] = /^(\d{1,15})\.\.(\d{1,15})$/.exec(value) ?? [];
  const list = /^\d{1,15}(,\d{1,15})*$/.test(value) ? value.split(",").map(Number) : [];
  const count = from === undefined ? list.length : Number(to) - Number(from) + 1;
  if (!(count >= 1 && count <= MOST_SEEDS)) {
    throw new UserError(
      `--seeds: expected such as 1..10 or 1,5,9, at most ${MOST_SEEDS} of them, got ${JSON.stringify(value)}`,
    );
  }
  return from === undefined ? [...new Set(list)] : Array.from({ length: count }, (_, i) => Number(from) + i);
}

interface SeedOutcome extends SeedRun {
  readonly seed: number;
  readonly archive: string;
  /** Of the network that fresh noise chooses, where noise had a part in selecting `best`. */
  readonly measured?: Measurement | undefined;
}

/** The score that a seed is worth. */
const scoreOf = ({ best, measured }: SeedOutcome) => measured?.score ?? best;

/**
 * Runs a search with several seeds, each in a process and an archive of its own, as many at a time as there are cores. Seeds that are done are not run
 * again, and those that were stopped go on.
 * @param configOf the configuration with a seed
 * @param options of the search command, to be handed on
 */
export async function conductSeeds(
  args: Arguments,
  archive: string,
  seeds: readonly number[],
  configOf: (seed: number) => Config,
  options: Readonly<Record<string, CommandOption>>,
): Promise<number> {
  if (archive === ":memory:") throw new UserError("--seeds: expected an archive in a file, got :memory:");
  const threads = wholeOption(args, "threads", 0, MAX_THREADS);
  const quiet = flagOption(args, "quiet");
  const atATime = Math.max(1, Math.floor(availableParallelism() / Math.max(1, threads ?? 1)));
  const children = new Set<ReturnType<typeof spawn>>();
  const outcomes: SeedOutcome[] = [];
  let upperBound = Number.POSITIVE_INFINITY;
  let failed: number | undefined;
  let stopped = false;
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (!stopped) note("stopping at the next checkpoints; once more stops at once");
    stopped = true;
    for (const child of children) child.kill(signal);
    stop.abort();
  };
  const runSeed = async (seed: number) => {
    const config = configOf(seed);
    const path = seedArchive(archive, seed);
    const before = seedRun(path, config);
    if (before === undefined || before.status === "running") {
      const command =
        before === undefined
          ? ["search", ...handedOn(args, options), "--seed", String(seed), "--archive", path]
          : ["resume", path, "--run", String(before.run), ...handedOn(args, resumeOptions(options))];
      // Cores go to seeds: a measured score in one thread, where signals are heard, the closed form without any.
      const own = threads === undefined ? ["--threads", kindOf(config.score).begin === "inline" ? "0" : "1"] : [];
      const { code, stdout, stderr } = await finished(
        spawn(
          process.execPath,
          [...process.execArgv, builtFile("src/cli/main.js"), ...command, ...own, "--json", "--quiet"],
          {
            stdio: ["ignore", "pipe", "pipe"],
            // A terminal's Ctrl-C would reach the child a second time, which stops it without a checkpoint.
            detached: process.platform !== "win32",
          },
        ),
        children,
      );
      // The signal came before the search had begun to listen, and ended it: nothing is lost.
      if (stopped && code === null) return;
      if (code !== 0 && code !== STOPPED) {
        failed ??= code ?? 1;
        note(`seed ${seed}: ${stderr.trim()}`);
        return;
      }
      const known = stdout === "" ? undefined : JSON.parse(stdout).bound?.upperBound;
      if (typeof known === "number") upperBound = Math.min(upperBound, known);
    }
    const after = seedRun(path, config);
    if (after === undefined) return;
    const outcome = { seed, archive: path, ...after, ...(await measuredAgain(path, after, config, stop.signal)) };
    outcomes.push(outcome);
    if (!quiet) note(`seed ${seed}: ${bestCell(outcome) ?? "nothing scored"} (${outcomes.length} of ${seeds.length})`);
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const waiting = [...seeds];
    const lane = async () => {
      for (let seed = waiting.shift(); seed !== undefined && !stopped && failed === undefined; seed = waiting.shift()) {
        await runSeed(seed);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atATime, seeds.length) }, lane));
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
  outcomes.sort((a, b) => a.seed - b.seed);
  // Where nothing was left to run, no search has said.
  const wanted = !flagOption(args, "no-bound") && !stopped && failed === undefined;
  if (wanted && upperBound === Number.POSITIVE_INFINITY) upperBound = boundOf(configOf(seeds[0]));
  const summary = summaryOf(outcomes, seeds.length, upperBound);
  if (flagOption(args, "json")) printJson({ preset: configOf(seeds[0]).name, ...summary, seeds: outcomes });
  else if (outcomes.length > 0) print(render(outcomes, summary));
  if (failed !== undefined) return failed;
  if (!stopped) return 0;
  note("stopped; the same command goes on");
  return STOPPED;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Options that are not a child's own: which seeds, where to, how to show it. */
const OWN = ["seeds", "seed", "archive", "json", "quiet"];
/** Of a search alone: a run that goes on has its configuration. */
const OF_A_CONFIGURATION = ["device", "task", "evaluations", "set"];

const resumeOptions = (options: Readonly<Record<string, CommandOption>>) =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !OF_A_CONFIGURATION.includes(name)));

/** The command line again, without what is the summary's own. */
function handedOn(args: Arguments, options: Readonly<Record<string, CommandOption>>): string[] {
  const source = "set" in options && typeof args["source"] === "string" ? [args["source"]] : [];
  const given = Object.keys(options).filter((name) => !OWN.includes(name) && args[name] !== undefined);
  return [
    ...source,
    ...given.flatMap((name) =>
      [args[name]]
        .flat()
        .flatMap((value) => (value === true ? [`--${name}`] : value === false ? [] : [`--${name}`, String(value)])),
    ),
  ];
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function finished(child: ReturnType<typeof spawn>, children: Set<ReturnType<typeof spawn>>): Promise<Ended> {
  children.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      children.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
}

/** The bound of a search as far as a few seconds get it; Infinity where there is none. */
function boundOf(config: Config): number {
  const end = performance.now() + BOUND_PATIENCE;
  let upperBound = Number.POSITIVE_INFINITY;
  try {
    for (const state of searchBound(openProblem(config))) {
      upperBound = state.upperBound;
      if (performance.now() > end) break;
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  return upperBound;
}

function summaryOf(outcomes: readonly SeedOutcome[], asked: number, upperBound: number) {
  const scored = outcomes.filter(({ best }) => best !== undefined);
  const best = scored.reduce<SeedOutcome | undefined>(
    (a, b) => (a === undefined || scoreOf(b)! > scoreOf(a)! ? b : a),
    undefined,
  );
  const known = Number.isFinite(upperBound);
  const reached = scored.filter((outcome) => known && gapOf(upperBound, outcome.best!) < SAME).length;
  const children = outcomes.flatMap(({ untilBest }) => untilBest ?? []);
  return {
    asked,
    done: outcomes.filter(({ status }) => status !== "running").length,
    best: best === undefined ? null : { seed: best.seed, score: scoreOf(best)!, archive: best.archive, run: best.run },
    upperBound: known ? upperBound : null,
    /** Seeds at the proven optimum; null where none is known. */
    reachedOptimum: known ? reached : null,
    medianChildren: children.length === 0 ? null : median(children),
  };
}

/** What fresh noise gives the best network of a done run whose score contains noise. */
async function measuredAgain(
  path: string,
  { run, status, best }: SeedRun,
  config: Config,
  stop: AbortSignal,
): Promise<Pick<SeedOutcome, "measured">> {
  if (!selectsByNoise(config.score) || status === "running" || best === undefined || stop.aborted) return {};
  try {
    const { networks } = await measuredNetworks(path, { run, threads: 1, stop });
    return { measured: networks[0].measured };
  } catch (error) {
    if (stop.aborted) return {};
    throw error;
  }
}

function bestCell({ best, measured }: SeedOutcome): string | undefined {
  return measured === undefined ? best?.toString() : measuredCells(measured).join(" +- ");
}

function render(outcomes: readonly SeedOutcome[], summary: ReturnType<typeof summaryOf>): string {
  const { asked, done, best, upperBound, reachedOptimum, medianChildren } = summary;
  return [
    table([
      ["seed", "best score", "children", "until its best", "time", "status", "digest", "archive"],
      ...outcomes.map((outcome) => [
        String(outcome.seed),
        bestCell(outcome) ?? "-",
        String(outcome.evaluations),
        String(outcome.untilBest ?? "-"),
        duration(outcome.seconds),
        outcome.status === "running" ? "stopped" : outcome.status,
        outcome.digest?.slice(0, 12) ?? "-",
        outcome.archive,
      ]),
    ]),
    `${done} of ${asked} seeds done${best === null ? "" : `, the best score is ${best.score}`}`,
    upperBound === null
      ? "the optimum is not known here; qes bound says how far it can be"
      : `no network scores more than ${upperBound}, proven; reached by ${reachedOptimum} of ${done} seeds`,
    ...(medianChildren === null ? [] : [`median of the children until a seed's best: ${medianChildren}`]),
    ...(best === null ? [] : [`show it with: qes best ${best.archive} --run ${best.run}`]),
  ].join("\n");
}
