import { median } from "../base/median.ts";
import { UserError } from "../base/user-error.ts";
import { gapOf } from "../bound/gap.ts";
import type { Config } from "../config/config.ts";
import { measuredNetworks } from "../run/archived.ts";
import { type Measurement, selectsByNoise } from "../run/measuring.ts";
import { MAX_THREADS } from "../run/run.ts";
import { type SeedRun, seedArchive, seedRun } from "../run/seed-archive.ts";
import { kindOf } from "../score/kinds/kinds.ts";
import { type Arguments, type CommandOption, flagOption, note, print, printJson, wholeOption } from "./command.ts";
import { runUnlessDone } from "./free-search.ts";
import { patientBound } from "./patient-bound.ts";
import { Processes, STOPPED, threadsAmongMany } from "./processes.ts";
import { duration, table } from "./render/format.ts";
import { measuredCells } from "./render/measurement.ts";

/** Scores that differ by less are the same: sums of the bound are rounded in another order. */
const SAME = 1e-9;

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
  const processes = new Processes(threads);
  const outcomes: SeedOutcome[] = [];
  let upperBound = Number.POSITIVE_INFINITY;
  let failed: number | undefined;
  const runSeed = async (seed: number) => {
    const config = configOf(seed);
    const path = seedArchive(archive, seed);
    const own = [...threadsAmongMany(config, threads), "--json", "--quiet"];
    const ended = await runUnlessDone(processes, { archive: path, config }, (before) => {
      const command =
        before === undefined
          ? ["search", ...handedOn(args, options), "--seed", String(seed), "--archive", path]
          : ["resume", path, "--run", String(before.run), ...handedOn(args, resumeOptions(options))];
      return [...command, ...own];
    });
    if ("code" in ended) {
      const { code, stdout, stderr } = ended;
      // The signal came before the search had begun to listen, and ended it: nothing is lost.
      if (processes.stop.aborted && code === null) return true;
      if (code !== 0 && code !== STOPPED) {
        failed ??= code ?? 1;
        note(`seed ${seed}: ${stderr.trim()}`);
        return false;
      }
      const known = stdout === "" ? undefined : JSON.parse(stdout).bound?.upperBound;
      if (typeof known === "number") upperBound = Math.min(upperBound, known);
    }
    const after = seedRun(path, config);
    if (after === undefined) return true;
    const outcome = { seed, archive: path, ...after, ...(await measuredAgain(path, after, config, processes.stop)) };
    outcomes.push(outcome);
    if (!quiet) note(`seed ${seed}: ${bestCell(outcome) ?? "nothing scored"} (${outcomes.length} of ${seeds.length})`);
    return true;
  };
  await processes.forEach(seeds, runSeed);
  const stopped = processes.stop.aborted;
  outcomes.sort((a, b) => a.seed - b.seed);
  // Where nothing was left to run, no search has said.
  const wanted = !flagOption(args, "no-bound") && !stopped && failed === undefined;
  if (wanted && upperBound === Number.POSITIVE_INFINITY) upperBound = patientBound(configOf(seeds[0]));
  const summary = summaryOf(outcomes, seeds.length, upperBound);
  if (flagOption(args, "json")) printJson({ preset: configOf(seeds[0]).name, ...summary, seeds: outcomes });
  else if (outcomes.length > 0)
    print(render(outcomes, summary, kindOf(configOf(seeds[0]).score).layerSum !== undefined));
  if (failed !== undefined) return failed;
  if (!stopped) return 0;
  note("stopped; the same command goes on");
  return STOPPED;
}

/** Options that are not a child's own: which seeds, where to, how to show it. */
const OWN = ["seeds", "seed", "archive", "threads", "json", "quiet"];
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

/** @param bounded whether the score has a bound */
function render(outcomes: readonly SeedOutcome[], summary: ReturnType<typeof summaryOf>, bounded: boolean): string {
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
      ? bounded
        ? "the optimum is not known here; qes bound says how far it can be"
        : "this score has no bound: how far the optimum can be is not known"
      : `no network scores more than ${upperBound}, proven; reached by ${reachedOptimum} of ${done} seeds`,
    ...(medianChildren === null ? [] : [`median of the children until a seed's best: ${medianChildren}`]),
    ...(best === null ? [] : [`show it with: qes best ${best.archive} --run ${best.run}`]),
  ].join("\n");
}
