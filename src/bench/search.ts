import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Archive } from "../archive/archive.ts";
import { median } from "../base/median.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { costNames } from "../costs/cost-table.ts";
import { GenomeEngine } from "../engine/engine.ts";
import { operatorRates, operatorSets } from "../engine/operators.ts";
import { openThreads } from "../pool/threads.ts";
import { openProblem, type Problem } from "../problem/problem.ts";
import { createScorer } from "../problem/scorer.ts";
import { startGenome } from "../problem/start.ts";
import { startSearch } from "../run/run.ts";
import { Search, type SearchOptions } from "../search/loop.ts";
import { Population } from "../search/population.ts";
import { Seen, SeenSet } from "../search/seen-set.ts";

const now = () => performance.now() / 1000;

export interface SearchBench {
  readonly preset: string;
  readonly evaluations: number;
  /** Children a second, medians: the loop alone, and the whole run with its archive on disk, for each number of threads. */
  readonly withoutArchive: number;
  readonly withArchive: readonly { readonly threads: number; readonly childrenPerSecond: number }[];
  /** Nanoseconds a child of each stage, medians. */
  readonly stages: Readonly<Record<string, number>>;
  /** Share of a generation that scoring threads do not score, medians: messages, and waiting for the last thread. */
  readonly messages: readonly { readonly threads: number; readonly share: number }[];
  /** Best score against children bred, medians over the seeds. */
  readonly curves: Readonly<Record<string, readonly { readonly evaluations: number; readonly best: number }[]>>;
}

/** Measures a configuration's search, everything in turn and `rounds` times over. */
export async function benchSearch(
  config: Config,
  options: { readonly rounds: number; readonly threads: readonly number[]; readonly seeds: number },
): Promise<SearchBench> {
  const { evaluations } = config.search;
  const alone: number[] = [];
  const whole = options.threads.map((): number[] => []);
  const stages: Record<string, number[]> = {};
  const pools = options.threads.filter((threads) => threads > 0);
  const shares = pools.map((): number[] => []);
  for (let round = 0; round < options.rounds; round++) {
    const began = now();
    runLoop(config, config.search.seed);
    alone.push(evaluations / (now() - began));
    for (const [i, threads] of options.threads.entries()) whole[i].push(await archivedRate(config, threads));
    const measured = measureStages(config);
    for (const [stage, nanoseconds] of Object.entries(measured.stages)) {
      stages[stage] = [...(stages[stage] ?? []), nanoseconds];
    }
    for (const [i, threads] of pools.entries()) shares[i].push(await messageShare(config, measured.genomes, threads));
  }
  return {
    preset: config.name,
    evaluations,
    withoutArchive: median(alone),
    withArchive: options.threads.map((threads, i) => ({ threads, childrenPerSecond: median(whole[i]) })),
    stages: Object.fromEntries(Object.entries(stages).map(([stage, values]) => [stage, median(values)])),
    messages: pools.map((threads, i) => ({ threads, share: median(shares[i]) })),
    curves: Object.fromEntries(operatorSets.map((operators) => [operators, curve(config, operators, options.seeds)])),
  };
}

/** A search without archive, pool or clock; `each` is called at every generation border. */
export function runLoop(
  config: Config,
  seed: number,
  each: (search: Search) => void = () => {},
  options: Pick<SearchOptions, "rates" | "stopScore"> = {},
): Search {
  const { population: members, generation: children } = config.search;
  const problem = openProblem(config);
  const engine = new GenomeEngine(problem.space, problem.classes, { members, children }, problem.deployment);
  const scorer = createScorer(problem, engine);
  const search = new Search({
    ...config.search,
    seed,
    engine,
    start: startGenome(problem).genome,
    limits: problem.limits,
    seen: new SeenSet(config.search.evaluations),
    ...options,
  });
  while (!search.done) {
    const { genomes } = search.ask();
    const { scores, failures } = scorer.score(genomes);
    search.tell({ scores, failures: new Map(failures) });
    each(search);
  }
  return search;
}

async function archivedRate(config: Config, threads: number): Promise<number> {
  return inFolder(async (folder) => {
    const result = await startSearch(config, { archive: join(folder, "bench.sqlite"), threads, clock: now });
    return result.childrenPerSecond;
  });
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "qes-bench-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const CURVE_POINTS = 10;

function curve(given: Config, operators: (typeof operatorSets)[number], seeds: number) {
  // Whether sizes grow follows from the operators.
  const search = { ...given.search, operators, growing: undefined };
  const config = parseConfig({ ...given, search }, given.name);
  const { evaluations } = config.search;
  const runs = Array.from({ length: seeds }, (_, i) => {
    const best: number[] = [];
    runLoop(config, i + 1, (search) => {
      const reached = Math.floor((CURVE_POINTS * search.counters.evaluations) / evaluations);
      while (best.length < reached) best.push(search.population.scores[0]);
    });
    return best;
  });
  return Array.from({ length: CURVE_POINTS }, (_, i) => ({
    evaluations: Math.round(((i + 1) * evaluations) / CURVE_POINTS),
    best: median(runs.map((run) => run[i])),
  }));
}

/** Every stage on its own, over children bred from the population of a search half-way. */
function measureStages(config: Config): { readonly stages: Record<string, number>; readonly genomes: Uint8Array } {
  const half = Math.max(1, Math.floor(config.search.evaluations / 2));
  const search = runLoop({ ...config, search: { ...config.search, evaluations: half } }, config.search.seed);
  const problem = openProblem(config);
  const { space, limits } = problem;
  const length = space.genomeLength;
  const children = Math.min(100_000, half);
  const { seed, operators, population: members } = config.search;
  const engine = new GenomeEngine(space, config.classes, { members, children });
  const breeding = engine.breeding({ seed, limits, rates: operatorRates[operators] });
  const parents = new Population(members, length, engine.members);
  parents.merge(search.population);
  const genomes = engine.children.subarray(0, children * length);
  const seen = new SeenSet();
  const time = (stage: () => void): number => {
    const began = now();
    stage();
    return ((now() - began) * 1e9) / children;
  };
  const breed = time(() => breeding.breed(parents.count, 1 << 30, 0, 0, children));
  const fit = time(() => breeding.settle(0, children));
  const dedup = time(() => {
    for (let i = 0; i < children; i++) {
      const slot = seen.find(genomes, i * length, length);
      if (slot < 0) seen.add(slot, Seen.inRun, 0);
    }
  });
  const costs = time(() => {
    engine.costs(genomes);
  });
  const scorer = createScorer(problem, engine);
  let scores: Float64Array = new Float64Array(0);
  const score = time(() => {
    scores = scorer.score(genomes).scores;
  });
  const select = time(() => {
    const population = new Population(config.search.population, length);
    const size = config.search.generation;
    for (let i = 0; i < children; i += size) {
      const count = Math.min(size, children - i);
      const part = genomes.subarray(i * length, (i + count) * length);
      population.merge({ count, genomes: part, scores: scores.subarray(i, i + count) });
    }
  });
  const commit = time(() => commitAll(problem, genomes, scores));
  return { stages: { breed, fit, dedup, costs, score, select, commit }, genomes };
}

/** Of the time that threads have for the generations that these genomes make, the share that they do not score. */
async function messageShare(config: Config, genomes: Uint8Array, threads: number): Promise<number> {
  const problem = openProblem(config);
  const size = config.search.generation * problem.space.genomeLength;
  const pool = openThreads(problem, threads);
  try {
    // Threads start and fill their tables, and the pool learns how long its messages should be.
    for (let warm = 0; warm < 3; warm++) await pool.score(genomes.subarray(0, size));
    const before = pool.scoringSeconds;
    const began = now();
    for (let i = 0; i < genomes.length; i += size) await pool.score(genomes.subarray(i, i + size));
    return 1 - (pool.scoringSeconds - before) / (threads * (now() - began));
  } finally {
    await pool.close();
  }
}

function commitAll(problem: Problem, genomes: Uint8Array, scores: Float64Array): void {
  const folder = mkdtempSync(join(tmpdir(), "qes-bench-"));
  const archive = Archive.openForWriting(join(folder, "bench.sqlite"));
  try {
    commitInGenerations(archive, problem, genomes, scores, problem.config.search.generation);
  } finally {
    archive.close();
    rmSync(folder, { recursive: true });
  }
}

/** Commits scored genomes as generations of a new run. */
export function commitInGenerations(
  archive: Archive,
  { config, space, scoringContext }: Problem,
  genomes: Uint8Array,
  scores: Float64Array,
  size: number,
): void {
  const length = space.genomeLength;
  const context = archive.contextId(scoringContext);
  const run = archive.createRun("bench", context, JSON.stringify(config), new Date(0).toISOString());
  const population = genomes.slice(0, Math.min(config.search.population, scores.length) * length);
  for (let i = 0; i < scores.length; i += size) {
    const end = Math.min(scores.length, i + size);
    archive.commit({
      run,
      context,
      generation: i / size,
      genomeLength: length,
      genomes: genomes.subarray(i * length, end * length),
      scores: scores.subarray(i, end),
      costs: new Float64Array((end - i) * costNames.length),
      failures: new Map(),
      reusedKeys: new Uint32Array(0),
      checkpoint: {
        counters: { evaluations: end, generations: 0, scored: end, duplicates: 0, overBudget: 0, failed: 0, reused: 0 },
        genomes: population,
        scores: scores.slice(0, population.length / length),
      },
      seconds: 0,
      done: end === scores.length,
    });
  }
}
