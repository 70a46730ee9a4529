import { setImmediate as nextTurn } from "node:timers/promises";
import { Archive, type RunRow } from "../archive/archive.ts";
import { InlineCommitQueue, ThreadCommitQueue } from "../archive/commit-queue.ts";
import { UserError } from "../base/user-error.ts";
import { bitRefiner } from "../bits/refine.ts";
import { stopScoreOf } from "../bound/gap.ts";
import type { Config } from "../config/config.ts";
import type { Costs } from "../costs/costs.ts";
import { GenomeEngine } from "../engine/engine.ts";
import { openProblem, type Problem } from "../problem/problem.ts";
import { type StartNetwork, startGenome } from "../problem/start.ts";
import { digestOf } from "../search/digest.ts";
import { type Checkpoint, type Counters, Search } from "../search/loop.ts";
import { costsAt } from "../space/genome.ts";
import { BoundWatch } from "./bound-watch.ts";
import { type Candidate, candidateAt } from "./candidate.ts";
import { firstGeneration } from "./first-generation.ts";
import { checkHooks } from "./hooks.ts";
import { keepWatched } from "./kept-bounds.ts";
import { checkState, type Loading, loadSeen } from "./known-candidates.ts";
import { measuredResult, selectsByNoise } from "./measuring.ts";
import { confirmed, openPool, type PoolOptions } from "./open-pool.ts";
import { resumableRun, resumedConfig } from "./resumable.ts";
import { Stopping } from "./stopping.ts";

export interface RunResult extends Readonly<Counters> {
  readonly run: number;
  readonly archive: string;
  readonly name: string;
  readonly seed: number;
  /** "stopped" in a `SearchStopped` alone. */
  readonly status: "done" | "stopped";
  readonly seconds: number;
  readonly childrenPerSecond: number;
  readonly digest: string;
  /** How many candidates failed, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** What went wrong in scoring threads and was done again, by reason. */
  readonly workerFaults: Readonly<Record<string, number>>;
  /** How the start network was shrunk into the budgets; empty where it fitted, and of a run that goes on. */
  readonly startChanges: readonly string[];
  /** The best network; of a score with noise the one that fresh noise chooses among the best, and what more fresh noise gives it. */
  readonly best: Candidate;
  /** Why a score that was selected by noise was not measured again. */
  readonly unmeasured?: string | undefined;
}

/**
 * Children from which on a search ends where its best score is within `search.stopGap` of the optimum. It waits there for its bound to be computed as far
 * as that goes, so that where it ends depends on no clock; a shorter search never waits.
 */
export const STOP_FROM = 50_000;

/** More than that only use up memory: each holds the program. */
export const MAX_THREADS = 256;

/** What a run reports after every generation. */
export interface Progress {
  readonly counters: Readonly<Counters>;
  readonly evaluations: number;
  readonly seconds: number;
  readonly bestScore: number;
  /** Of the best network. */
  readonly costs: Costs;
}

export interface RunOptions extends Loading, PoolOptions {
  readonly archive: string;
  /** Monotonic seconds; this process's if absent. */
  readonly clock?: () => number;
  readonly onStart?: (run: number, startChanges: readonly string[]) => void;
  readonly onProgress?: (progress: Progress) => void;
  /** The run is done, and its best networks are measured again. */
  readonly onMeasure?: () => void;
  /** Ends the run at a generation border: the generation in hand is closed, or dropped where that takes more than 3 seconds. */
  readonly stop?: AbortSignal | undefined;
  /** Where the caller watches the bound as well: the one that the run ends by. */
  readonly bound?: BoundWatch | undefined;
  /** The run waits for its bound, to know whether it has ended. */
  readonly onWait?: () => void;
  /** Takes the archive over from whoever holds it. */
  readonly unlock?: boolean | undefined;
}

/** A run ended before it was done, because it was told to stop; it can go on. */
export class SearchStopped extends Error {
  override readonly name = "SearchStopped";
  readonly run: number;
  /** What it has so far; undefined where it has scored nothing. */
  readonly result: RunResult | undefined;

  /** @param reason of the signal, which becomes its cause */
  constructor(run: number, result?: RunResult, reason?: unknown) {
    super(`run ${run} was stopped${result === undefined ? " before it scored anything" : ""}`, { cause: reason });
    this.run = run;
    this.result = result;
  }
}

export interface ResumeOptions extends RunOptions {
  /** Id of the run; the last unfinished one if absent, or, to extend it, the last. */
  readonly run?: number | undefined;
  /** A new total of children, for a finished run. */
  readonly evaluations?: number | undefined;
}

/**
 * Starts a search in an archive.
 * @returns what it found, when it is done
 * @throws UserError where the start network does not fit, the archive cannot be written, or an option is out of its range
 * @throws SearchStopped where `options.stop` ended it
 */
export async function startSearch(config: Config, options: RunOptions): Promise<RunResult> {
  const problem = openProblem(config);
  const start = startGenome(problem);
  return withArchive(options, (archive) => {
    const context = archive.contextId(problem.scoringContext);
    const id = archive.createRun(config.name, context, JSON.stringify(config), new Date().toISOString());
    return conduct(archive, problem, start, { id, context, checkpoint: undefined, seconds: 0 }, options);
  });
}

/**
 * Goes on with a run from its last checkpoint.
 * @throws UserError where there is nothing to go on with, or an option is out of its range
 * @throws SearchStopped as of startSearch
 */
export async function resumeSearch(options: ResumeOptions): Promise<RunResult> {
  const { run: id, evaluations } = options;
  Archive.openForReading(options.archive).close();
  return withArchive(options, (archive) => {
    const row = resumableRun(archive, id, evaluations);
    const config = resumedConfig(row, evaluations);
    const problem = openProblem(config);
    const start = row.checkpoint === undefined ? startGenome(problem) : undefined;
    checkState(archive, row, problem);
    return conduct(archive, problem, start, row, options);
  });
}

async function withArchive<T>(options: RunOptions, use: (archive: Archive) => Promise<T>): Promise<T> {
  const { threads = 0 } = options;
  if (!Number.isInteger(threads) || threads < 0 || threads > MAX_THREADS) {
    throw new UserError(`threads: expected a whole number from 0 to ${MAX_THREADS}, got ${threads}; give one, or none`);
  }
  checkHooks(options);
  const archive = Archive.openForWriting(options.archive, { unlock: options.unlock ?? false });
  try {
    return await use(archive);
  } finally {
    archive.close();
  }
}

async function conduct(
  archive: Archive,
  problem: Problem,
  /** Undefined where the first generation is closed: a run that a bound began has none. */
  start: StartNetwork | undefined,
  { id: run, context, checkpoint, seconds: secondsBefore }: Pick<RunRow, "id" | "context" | "checkpoint" | "seconds">,
  options: RunOptions,
): Promise<RunResult> {
  const { config, space, classes, limits, effectiveness } = problem;
  const { generations: closed = 0, evaluations: bred = 0 } = checkpoint?.counters ?? {};
  const known = { context, run, closed, evaluations: config.search.evaluations - bred, length: space.genomeLength };
  const seen = await loadSeen(archive, known, options);
  if (seen === undefined) throw new SearchStopped(run, undefined, options.stop?.reason);
  archive.startRun(run, JSON.stringify(config));
  const startChanges = start?.changes ?? [];
  options.onStart?.(run, startChanges);
  const { seed, population, generation, growing, evaluations, operators, stopGap } = config.search;
  const clock = options.clock ?? (() => performance.now() / 1000);
  const began = clock();
  const first = await firstGeneration(problem, start, options.stop);
  if (first === undefined) throw new SearchStopped(run, undefined, options.stop?.reason);
  const children = Math.max(generation, first.length / space.genomeLength);
  const engine = new GenomeEngine(space, classes, { members: population, children }, problem.deployment);
  const search = new Search(
    {
      engine,
      start: first,
      seed,
      population,
      generation,
      growing,
      evaluations,
      operators,
      ...{ limits, effectiveness, seen },
      refine: operators !== "published" ? bitRefiner(problem) : undefined,
      refineEvery: config.search.refineEvery,
    },
    checkpoint,
  );
  const elapsed = () => secondsBefore + clock() - began;
  const bredBefore = search.counters.evaluations;
  const pool = openPool(problem, options, engine);
  const queue =
    archive.path === ":memory:" ? new InlineCommitQueue(archive, engine) : new ThreadCommitQueue(archive, engine);
  const stopping = new Stopping(options.stop);
  const watch = stopGap === "off" || evaluations <= STOP_FROM ? undefined : (options.bound ?? new BoundWatch(config));
  watch?.start();
  let ended = false;
  let knowsEnd = watch === undefined;
  /** The last generation border: a generation in hand that is dropped leaves the run there. */
  let border = checkpoint;
  try {
    while (!search.done && !stopping.asked) {
      const asked = search.ask();
      const { scores, failures } = (await stopping.race(pool.score(asked.genomes))) ?? {};
      if (scores === undefined) break;
      const reasons = new Map(failures);
      if (asked.generation === 0 && reasons.size > 0) {
        throw new UserError(`space.start cannot be scored: ${reasons.get(0)}; start from another network`);
      }
      search.tell({ scores, failures: reasons });
      if (search.population.count === 0) {
        throw new UserError(
          "space.start could not be scored in an earlier run of this archive; start from another network",
        );
      }
      if (!knowsEnd && !search.done && search.counters.evaluations >= STOP_FROM) {
        options.onWait?.();
        const report = await watch!.last(options.stop ?? new AbortController().signal);
        // What is not known to be the end is not closed: the run goes on from the border before.
        if (!report.finished) break;
        search.stopAt(stopScoreOf(report, stopGap as number));
        knowsEnd = true;
      }
      const closed = search.checkpoint();
      if (search.done && !(await stopping.race(confirmed(pool, closed)))) break;
      border = closed;
      ended = search.done;
      await queue.commit({
        run,
        context,
        generation: asked.generation,
        genomeLength: space.genomeLength,
        genomes: asked.genomes,
        scores,
        failures: reasons,
        reusedKeys: asked.reusedKeys,
        reusedPlaces: asked.reusedPlaces,
        checkpoint: border,
        seconds: elapsed(),
        done: ended,
      });
      options.onProgress?.({
        counters: border.counters,
        evaluations,
        seconds: elapsed(),
        bestScore: border.scores[0],
        costs: costsAt(space, border.genomes, 0, classes, problem.deployment),
      });
      // Signals are delivered between two turns of the event loop; inline scoring alone never ends one.
      await nextTurn();
    }
  } finally {
    stopping.end();
    await Promise.all([pool.close(), queue.close(), watch === options.bound ? undefined : watch?.close()]);
  }
  keepWatched(archive, config, watch ?? options.bound);
  if (border === undefined) throw new SearchStopped(run, undefined, options.stop?.reason);
  const seconds = elapsed();
  const { counters } = border;
  const best = await resultOf(problem, border, search.done, options);
  const result: RunResult = {
    run,
    archive: archive.path,
    name: config.name,
    seed,
    status: ended ? "done" : "stopped",
    ...counters,
    seconds,
    childrenPerSecond: (counters.evaluations - bredBefore) / Math.max(1e-9, seconds - secondsBefore),
    digest: digestOf(border),
    failures: counters.failed === 0 ? {} : Object.fromEntries(archive.failures(run)),
    startChanges,
    workerFaults: Object.fromEntries(pool.faults),
    ...best,
  };
  if (!ended) throw new SearchStopped(run, result, options.stop?.reason);
  return result;
}

/** The best network of a run, which has ended: nothing of what follows is in its archive or digest. */
async function resultOf(
  problem: Problem,
  border: Checkpoint,
  done: boolean,
  options: RunOptions,
): Promise<Pick<RunResult, "best" | "unmeasured">> {
  const byNoise = selectsByNoise(problem.config.score);
  if (done && byNoise) options.onMeasure?.();
  const { index, measured, unmeasured } = done
    ? await measuredResult(problem, border, { ...options, elsewhere: undefined })
    : { index: 0, unmeasured: byNoise ? "the search is not done" : undefined };
  const best = candidateAt(problem, border, index, measured);
  return unmeasured === undefined ? { best } : { best, unmeasured };
}
