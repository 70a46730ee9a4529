import { Archive, type RunRow } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import { parseStoredConfig } from "../config/stored-config.ts";
import { openProblem } from "../problem/problem.ts";
import { kindOf, scoreKinds } from "../score/kinds/kinds.ts";
import { type Candidate, candidateAt } from "./candidate.ts";
import { DRAWS, type MeasuringOptions, measured, ranked, selectsByNoise } from "./measuring.ts";
import { isBoundRun } from "./stored-bound.ts";

const kindNames = Object.keys(scoreKinds) as (keyof typeof scoreKinds)[];

/** One run of an archive. */
export interface ArchivedRun {
  readonly run: number;
  /** The configuration's name. */
  readonly name: string;
  /** Null, as `of`, where the configuration does not say. */
  readonly seed: number | null;
  /** Limits of costs by their names. */
  readonly budgets: Readonly<Record<string, number>>;
  /** "bound": the networks of a bound, kept without breeding. */
  readonly status: RunRow["status"] | "stopped" | "bound";
  /** Children bred so far. */
  readonly evaluations: number;
  /** Children asked for; null of a bound. */
  readonly of: number | null;
  /** The best score; null where nothing is scored yet. */
  readonly best: number | null;
  /** Whether noise had a part in `best`, which is then too high by the luck that selected it; `measuredNetworks` tells the truth. */
  readonly selectedByNoise: boolean;
  readonly seconds: number;
  /** A date and time, ISO 8601. */
  readonly started: string;
  /** Null where the run is not finished. */
  readonly digest: string | null;
}

/**
 * The runs of an archive, in the order they began; never disturbs a running search.
 * @throws UserError where there is no archive, or it is damaged
 */
export function archivedRuns(path: string): ArchivedRun[] {
  const archive = Archive.openForReading(path);
  try {
    const inProgress = archive.runInProgress;
    const rows: ArchivedRun[] = [];
    archive.eachRun((run) => {
      const search = searchOf(run.config);
      rows.push({
        run: run.id,
        name: run.name,
        seed: search.seed ?? null,
        budgets: search.budgets,
        status: statusOf(run, inProgress),
        evaluations: run.checkpoint?.counters.evaluations ?? 0,
        of: isBoundRun(run) ? null : (search.evaluations ?? null),
        best: run.checkpoint?.scores[0] ?? null,
        selectedByNoise: search.byNoise,
        seconds: run.seconds,
        started: run.started,
        digest: run.digest ?? null,
      });
    });
    return rows;
  } finally {
    archive.close();
  }
}

function statusOf(run: RunRow, inProgress: number | undefined): ArchivedRun["status"] {
  if (isBoundRun(run)) return "bound";
  return run.status === "running" && run.id !== inProgress ? "stopped" : run.status;
}

/** Seed, budgets and length of a run and whether it selects by noise, without the checks of a configuration that is to be run: there may be a hundred thousand of them. */
function searchOf(config: string): {
  readonly seed?: number;
  readonly evaluations?: number;
  readonly budgets: Readonly<Record<string, number>>;
  readonly byNoise: boolean;
} {
  const { search, score, budgets } = (JSON.parse(config) ?? {}) as Record<
    "search" | "score" | "budgets",
    Record<string, unknown> | undefined
  >;
  const kind = kindNames.find((name) => name === score?.["kind"]);
  const byNoise = kind !== undefined && kindOf({ kind }).fresh !== undefined;
  const number = (name: string) => (typeof search?.[name] === "number" ? { [name]: search[name] } : {});
  const limits = Object.entries(budgets ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  return { ...number("seed"), ...number("evaluations"), budgets: Object.fromEntries(limits), byNoise };
}

export interface BestNetworks {
  readonly run: number;
  /** Best first. */
  readonly networks: readonly Candidate[];
}

/**
 * The best networks of a run, at most its population.
 * @param options `run` is an id, the last run if absent; `top` is how many, 1 if absent
 * @throws UserError where there is no such run, it has scored nothing, or `top` is no whole number above 0
 */
export function bestNetworks(
  path: string,
  options: { readonly run?: number | undefined; readonly top?: number | undefined } = {},
): BestNetworks {
  const top = checkedTop(options.top);
  const { run, problem, population } = populationOf(path, options.run);
  const networks = Array.from({ length: Math.min(top, population.scores.length) }, (_, i) =>
    candidateAt(problem, population, i),
  );
  return { run, networks };
}

export interface MeasuredOptions extends MeasuringOptions {
  readonly run?: number | undefined;
  readonly top?: number | undefined;
  /** Draws of noise that each network is measured with; absent: as many as a search measures its best with, where its score contains noise. */
  readonly draws?: number | undefined;
}

/**
 * The best networks of a run as `bestNetworks` has them, each measured with noise that had no part in selecting it. Where the run's own score contains
 * noise they are ranked by fresh noise too, as at the end of a search; where it does not they are measured by the forward score, if `draws` are given.
 * @throws UserError as `bestNetworks`, and where a network cannot be measured
 */
export async function measuredNetworks(path: string, options: MeasuredOptions = {}): Promise<BestNetworks> {
  const top = checkedTop(options.top);
  const { run, problem, population } = populationOf(path, options.run);
  if (
    options.draws !== undefined &&
    !(Number.isSafeInteger(options.draws) && options.draws >= 1 && options.draws <= 1e6)
  ) {
    throw new UserError(`draws: expected a whole number from 1 to 1000000, got ${options.draws}`);
  }
  const draws = options.draws ?? (selectsByNoise(problem.config.score) ? DRAWS : undefined);
  const order = (await ranked(problem, population, options)).slice(0, top);
  const length = problem.space.genomeLength;
  const genomes = Buffer.concat(order.map((i) => population.genomes.subarray(i * length, (i + 1) * length)));
  const measurements = draws === undefined ? [] : await measured(problem, genomes, draws, options);
  return { run, networks: order.map((index, i) => candidateAt(problem, population, index, measurements[i])) };
}

function checkedTop(top = 1): number {
  if (Number.isSafeInteger(top) && top >= 1) return top;
  throw new UserError(`top: expected a whole number of networks above 0, got ${top}`);
}

/** @throws UserError where there is no such run, or it has scored nothing */
function populationOf(path: string, id: number | undefined) {
  const archive = Archive.openForReading(path);
  try {
    const run = id === undefined ? archive.lastRun() : archive.run(id);
    if (run?.checkpoint === undefined) {
      const what = run === undefined ? "no runs" : `run ${run.id} has scored nothing yet`;
      throw new UserError(`${path}: ${what}`, run === undefined ? "search" : "resume");
    }
    const problem = openProblem(parseStoredConfig(run.config, `${path}: run ${run.id}`));
    return { run: run.id, problem, population: run.checkpoint };
  } finally {
    archive.close();
  }
}
