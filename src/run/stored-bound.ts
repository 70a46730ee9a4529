import { Archive, type RunRow } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import type { BoundNetwork } from "../bound/incumbents.ts";
import { BoundTrace } from "../bound/trace.ts";
import { GenomeEngine } from "../engine/engine.ts";
import type { Problem } from "../problem/problem.ts";
import { createScorer } from "../problem/scorer.ts";
import { Search } from "../search/loop.ts";
import { encode } from "../space/genome.ts";
import { type Known, keepBound } from "./kept-bounds.ts";
import { loadSeen } from "./known-candidates.ts";

export interface StoringOptions {
  readonly archive: string;
  /** Networks that the bound gives at most. */
  readonly top: number;
  /** Monotonic seconds; this process's if absent. */
  readonly clock?: () => number;
  /** Takes the archive over from whoever holds it. */
  readonly unlock?: boolean | undefined;
  /** What the bound writes down of its steps. */
  readonly trace?: BoundTrace | undefined;
}

/** Whether a run is what `storeBound` leaves: no search is done before it has bred a child. */
export function isBoundRun({ status, checkpoint }: Pick<RunRow, "status" | "checkpoint">): boolean {
  return status === "done" && checkpoint?.counters.evaluations === 0;
}

/**
 * Keeps the networks of a bound as a finished run that has bred no children: they are its first generation, in the place of the start network. Extended, it
 * breeds from them. The archive is opened before the bound begins, so that one that cannot be written to costs no time.
 * @param bound finds the networks, best first
 * @returns what the bound gave, and the run; undefined where there was no network to keep
 * @throws UserError where the archive cannot be written, or more networks are asked for than a population holds
 */
export async function storeBound<T extends { readonly networks: readonly BoundNetwork[] } & Partial<Known>>(
  problem: Problem,
  options: StoringOptions,
  bound: () => T,
): Promise<{ readonly result: T; readonly run: number | undefined }> {
  const { population } = problem.config.search;
  if (options.top > population) {
    throw new UserError(
      `search.population: a run keeps ${population} networks, got a bound of ${options.top}; raise it to ${options.top}, or ask for fewer`,
    );
  }
  const archive = Archive.openForWriting(options.archive, { unlock: options.unlock ?? false });
  const clock = options.clock ?? (() => performance.now() / 1000);
  try {
    const began = clock();
    const result = bound();
    const { upperBound, proven = false, networks } = result;
    if (upperBound !== undefined) {
      const trace = options.trace ?? new BoundTrace();
      trace.seconds = clock() - began;
      keepBound(archive, problem.config, { upperBound, proven, networks }, trace);
    }
    if (result.networks.length === 0) return { result, run: undefined };
    return { result, run: await store(archive, problem, result.networks, () => clock() - began) };
  } finally {
    archive.close();
  }
}

async function store(
  archive: Archive,
  problem: Problem,
  networks: readonly BoundNetwork[],
  elapsed: () => number,
): Promise<number> {
  const { config, space, classes, limits, scoringContext } = problem;
  const context = archive.contextId(scoringContext);
  const run = archive.createRun(config.name, context, JSON.stringify(config), new Date().toISOString());
  archive.startRun(run, JSON.stringify(config));
  const known = { context, run, closed: 0, evaluations: networks.length, length: space.genomeLength };
  const seen = await loadSeen(archive, known, {});
  const start = Buffer.concat(
    networks.map(({ structure, resolution }) => encode(space, structure, resolution, "the bound's network")),
  );
  const children = Math.max(config.search.generation, networks.length);
  const engine = new GenomeEngine(space, classes, { members: config.search.population, children }, problem.deployment);
  const search = new Search({ ...config.search, engine, start, limits, seen: seen! });
  const { generation, genomes, reusedKeys, reusedPlaces } = search.ask();
  const scored = createScorer(problem, engine).score(genomes);
  const scores = { scores: scored.scores, failures: new Map(scored.failures) };
  search.tell(scores);
  archive.commit({
    ...scores,
    run,
    context,
    generation,
    genomeLength: space.genomeLength,
    genomes,
    costs: engine.costs(genomes),
    reusedKeys,
    reusedPlaces,
    checkpoint: search.checkpoint(),
    seconds: elapsed(),
    done: true,
  });
  return run;
}
