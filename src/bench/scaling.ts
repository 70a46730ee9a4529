import { median } from "../base/median.ts";
import { type Config, defaultScore } from "../config/config.ts";
import { MESSAGE_GENOMES, splitInBatches } from "../pool/batches.ts";
import { sendSeconds } from "../pool/measured.ts";
import { openThreads } from "../pool/threads.ts";
import { Traffic } from "../pool/traffic.ts";
import { openProblem, type Problem } from "../problem/problem.ts";
import { createScorer } from "../problem/scorer.ts";
import { runLoop } from "./search.ts";

const now = () => performance.now() / 1000;

/** How the scoring of one search grows with the threads, measured, and with more workers than there are here, by a model. */
export interface ScalingBench {
  readonly preset: string;
  /** Children of a generation: the next one waits for the last of them. */
  readonly generation: number;
  /** Milliseconds of a candidate in one thread, median and largest. */
  readonly candidate: { readonly median: number; readonly most: number };
  readonly measured: readonly MeasuredThreads[];
  readonly model: readonly ModelledWorkers[];
}

interface MeasuredThreads {
  readonly threads: number;
  readonly candidatesPerSecond: number;
  /** Share of the threads' time in which they score. */
  readonly utilisation: number;
  /** CPU seconds, and megabytes of resident memory, of a thread until it has scored its first candidate. */
  readonly warmSeconds: number;
  readonly warmMegabytes: number;
}

interface ModelledWorkers {
  readonly workers: number;
  readonly candidatesPerSecond: number;
  /** Against one worker. */
  readonly speedup: number;
  readonly utilisation: number;
}

/** Workers of the model. */
const MODELLED = Array.from({ length: 11 }, (_, i) => 2 ** i);
/** Children of a search by the closed form, whose last generation is what is scored. */
const BRED = 4000;
const ROUNDS = 3;

/**
 * Measures a configuration with a score that is measured, and models what it comes to with more workers.
 * @param threads numbers of threads to measure with, each above 0
 */
export async function benchScaling(config: Config, threads: readonly number[]): Promise<ScalingBench> {
  const problem = openProblem(config);
  const genomes = bredGenomes(config, problem);
  const seconds = secondsOfEach(problem, genomes);
  const measured: MeasuredThreads[] = [];
  for (const count of threads) measured.push(await measureThreads(problem, genomes, count));
  const message = sendSeconds(genomes, problem.space.genomeLength);
  return {
    preset: config.name,
    generation: seconds.length,
    candidate: { median: 1000 * median([...seconds]), most: 1000 * seconds.reduce((a, b) => Math.max(a, b)) },
    measured,
    model: modelled(seconds, message),
  };
}

/** A generation late in a search: networks as large as the budgets allow. */
function bredGenomes(config: Config, { space }: Problem): Uint8Array {
  const { generation } = config.search;
  const closed = {
    ...config,
    score: { ...defaultScore("analytic"), stageWeights: config.score.stageWeights },
    search: { ...config.search, evaluations: BRED, population: generation, growing: false },
  };
  return runLoop(closed, config.search.seed).population.genomes.slice(0, generation * space.genomeLength);
}

function secondsOfEach(problem: Problem, genomes: Uint8Array): Float64Array {
  const scorer = createScorer(problem);
  const { genomeLength: length } = scorer;
  // Its tables are filled.
  scorer.score(genomes.subarray(0, length));
  const least = new Float64Array(genomes.length / length).fill(Number.POSITIVE_INFINITY);
  // The least of some rounds: what else the machine does is no part of the model.
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < least.length; i++) {
      const began = now();
      scorer.score(genomes.subarray(i * length, (i + 1) * length));
      least[i] = Math.min(least[i], now() - began);
    }
  }
  return least;
}

async function measureThreads(problem: Problem, genomes: Uint8Array, threads: number): Promise<MeasuredThreads> {
  const length = problem.space.genomeLength;
  const resident = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const warming = openThreads(problem, threads, { most: 1 });
  let warm: NodeJS.CpuUsage;
  let grown: number;
  try {
    await warming.score(Buffer.concat(Array.from({ length: threads }, () => genomes.subarray(0, length))));
    warm = process.cpuUsage(cpu);
    grown = process.memoryUsage.rss() - resident;
  } finally {
    await warming.close();
  }
  const pool = openThreads(problem, threads);
  try {
    // The pool learns how long its messages should be.
    for (let round = 0; round < 2; round++) await pool.score(genomes);
    const before = pool.scoringSeconds;
    const began = now();
    for (let round = 0; round < ROUNDS; round++) await pool.score(genomes);
    const elapsed = now() - began;
    return {
      threads,
      candidatesPerSecond: (ROUNDS * genomes.length) / length / elapsed,
      utilisation: (pool.scoringSeconds - before) / (threads * elapsed),
      warmSeconds: (warm.user + warm.system) / 1e6 / threads,
      warmMegabytes: grown / 1e6 / threads,
    };
  } finally {
    await pool.close();
  }
}

/**
 * One generation after another on equal workers: batches as the pool makes them go in turn to the worker that is free first, and the next generation begins
 * when the last one is done. What a message takes is added to its batch; delays of a network are not in it, nor machines of unequal speed.
 * @param seconds of each candidate of a generation
 * @param message seconds of one candidate's message
 */
export function modelled(seconds: Float64Array, message: number): ModelledWorkers[] {
  const total = seconds.reduce((sum, x) => sum + x, 0);
  const alone = total + message * seconds.length;
  return MODELLED.map((workers) => {
    const makespan = lastOf(seconds, message, workers);
    return {
      workers,
      candidatesPerSecond: seconds.length / makespan,
      speedup: alone / makespan,
      utilisation: total / (workers * makespan),
    };
  });
}

/** When the last batch of a generation is done. */
function lastOf(seconds: Float64Array, message: number, workers: number): number {
  const traffic = new Traffic();
  const each = median([...seconds]);
  traffic.measured(each + message, each, 1);
  const free = new Float64Array(workers);
  const batches = splitInBatches(seconds.length, workers, MESSAGE_GENOMES, traffic);
  for (const { first, end } of batches.reverse()) {
    const next = free.indexOf(free.reduce((a, b) => Math.min(a, b)));
    for (let i = first; i < end; i++) free[next] += seconds[i] + message;
  }
  return free.reduce((a, b) => Math.max(a, b));
}
