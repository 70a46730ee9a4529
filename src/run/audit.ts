import { Archive, type RunRow, type StoredGeneration } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import { parseStoredConfig } from "../config/stored-config.ts";
import { budgetNames, costNames } from "../costs/cost-table.ts";
import { type Costs, overLimits } from "../costs/costs.ts";
import { GenomeEngine } from "../engine/engine.ts";
import { openProblem, type Problem } from "../problem/problem.ts";
import { createScorer } from "../problem/scorer.ts";
import { digestOf } from "../search/digest.ts";
import type { Checkpoint } from "../search/loop.ts";
import { SeenSet } from "../search/seen-set.ts";
import { costsAt } from "../space/genome.ts";
import { PopulationCheck } from "./population-check.ts";
import { progressFindings } from "./progress-check.ts";

export interface VerifyOptions {
  /** Candidates of every scoring context whose scores and costs are computed again, spread evenly; 100 if absent, Infinity for all. */
  readonly sample?: number | undefined;
}

export interface VerifyReport {
  readonly archive: string;
  readonly schema: number;
  readonly runs: number;
  /** Runs of which pruning left the best networks. */
  readonly pruned: number;
  readonly generations: number;
  readonly candidates: number;
  /** Candidates whose scores and costs were computed again. */
  readonly recomputed: number;
  /** What is wrong; empty where everything is right. */
  readonly findings: readonly string[];
}

/**
 * Checks an archive against itself: SQLite's structure, checksums, counters, populations, digests, and a sample of scores and costs.
 * @throws UserError where it cannot be opened at all, or the sample is below 1
 */
export function verifyArchive(path: string, { sample = 100 }: VerifyOptions = {}): VerifyReport {
  if (!(sample >= 1)) throw new UserError(`sample: expected 1 or more candidates, got ${sample}; Infinity checks all`);
  const archive = Archive.openForReading(path);
  try {
    return archive.atOneMoment(() => new Verification(archive, sample).report());
  } finally {
    archive.close();
  }
}

/** A run whose configuration can be read. */
interface ReadableRun {
  readonly row: RunRow;
  readonly problem: Problem;
  /** Undefined where there is no checkpoint. */
  readonly population: PopulationCheck | undefined;
  found: number;
  scored: number;
  failed: number;
  reused: number;
}

class Verification {
  readonly #archive: Archive;
  readonly #sample: number;
  readonly #findings: string[] = [];
  #version = 0;
  #generations = 0;
  #candidates = 0;
  #recomputed = 0;

  constructor(archive: Archive, sample: number) {
    this.#archive = archive;
    this.#sample = sample;
  }

  report(): VerifyReport {
    const archive = this.#archive;
    const { version, damage } = this.#attempt("", () => archive.structure()) ?? { version: 0, damage: [] };
    this.#version = version;
    for (const line of damage) this.#find(`SQLite: ${line}`);
    const rows = this.#attempt("", () => archive.checkedRuns()) ?? [];
    const runs = rows.flatMap((row) => this.#readable(row) ?? []);
    for (const context of this.#attempt("", () => archive.contexts()) ?? []) {
      const own = runs.filter(({ row }) => row.context === context.id);
      for (const { row, problem } of own) {
        if (problem.scoringContext !== context.key) {
          this.#find(`run ${row.id}: its configuration is not that of its candidates`);
        }
      }
      this.#attempt(`scoring context ${context.id}: `, () => this.#checkContext(context.id, own));
    }
    for (const run of runs) this.#checkRun(run);
    this.#attempt("", () => archive.proven.each(() => {}));
    return {
      archive: archive.path,
      schema: version,
      runs: rows.length,
      pruned: rows.filter(({ status }) => status === "pruned").length,
      generations: this.#generations,
      candidates: this.#candidates,
      recomputed: this.#recomputed,
      findings: this.#findings,
    };
  }

  #find(finding: string): void {
    this.#findings.push(finding);
  }

  #attempt<T>(place: string, check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#find(place + error.message);
      return undefined;
    }
  }

  #readable(row: RunRow): ReadableRun | undefined {
    if (row.damage !== undefined) {
      this.#find(`run ${row.id}: ${row.damage}`);
      return undefined;
    }
    return this.#attempt("", () => {
      const config = parseStoredConfig(row.config, `run ${row.id}`);
      const problem = openProblem(config);
      const population =
        row.checkpoint === undefined
          ? undefined
          : new PopulationCheck(config, problem.space.genomeLength, row.checkpoint);
      return { row, problem, population, found: 0, scored: 0, failed: 0, reused: 0 };
    });
  }

  /** Reads every candidate of a context once. */
  #checkContext(context: number, runs: readonly ReadableRun[]): void {
    const [first] = runs;
    if (first === undefined) return;
    const length = first.problem.space.genomeLength;
    const seen = new SeenSet();
    const places: { readonly genomes: Uint8Array; readonly at: number; readonly score: number }[] = [];
    const takenOver: { readonly run: ReadableRun; readonly keys: Uint32Array }[] = [];
    const total = this.#archive.count(context);
    const recompute = this.#recomputation(first, total);
    const keepPlaces = runs.some(({ row }) => (row.checkpoint?.counters.reused ?? 0) > 0);
    this.#archive.eachStored(context, (stored) => {
      const { genomes, scores, genomeLength, failures, reusedKeys } = stored;
      const place = `run ${stored.run}, generation ${stored.generation}`;
      this.#generations++;
      this.#candidates += scores.length;
      if (stored.damage !== undefined) this.#find(`${place}: ${stored.damage}`);
      if (genomeLength !== 0 && genomeLength !== length) {
        this.#find(`${place}: genomes of ${genomeLength} bytes, expected ${length}`);
        return;
      }
      const run = runs.find(({ row }) => row.id === stored.run);
      if (run !== undefined) {
        run.found++;
        run.scored += scores.length - failures.size;
        run.failed += failures.size;
        run.reused += reusedKeys.length / 2;
        run.population?.take({ count: scores.length, genomes, scores });
        if (reusedKeys.length > 0) takenOver.push({ run, keys: reusedKeys });
      }
      for (let i = 0; i < scores.length; i++) {
        const slot = seen.find(genomes, i * length, length);
        if (slot >= 0) this.#find(`${place}, candidate ${i}: its genome is there twice`);
        else seen.add(slot, 1, keepPlaces ? places.length : 0);
        if (keepPlaces) places.push({ genomes, at: i * length, score: scores[i] });
      }
      recompute(stored, place);
    });
    for (const { run, keys } of takenOver) {
      for (let i = 0; i < keys.length; i += 2) {
        const slot = seen.findHash(keys[i], keys[i + 1]);
        if (slot < 0) {
          this.#find(`run ${run.row.id}: took over a candidate that is not in the archive`);
          continue;
        }
        const known = places[seen.score(slot)];
        if (known === undefined) continue;
        const { genomes, at, score } = known;
        run.population?.take({ count: 1, genomes: genomes.subarray(at, at + length), scores: Float64Array.of(score) });
      }
    }
  }

  /** Computes scores and costs of an even sample of a context again. */
  #recomputation({ problem }: ReadableRun, total: number): (stored: StoredGeneration, place: string) => void {
    const engine = new GenomeEngine(problem.space, problem.classes);
    const scorer = createScorer(problem, engine);
    const step = Math.max(1, Math.floor(total / this.#sample));
    let index = 0;
    return (stored, place) => {
      const { genomes, scores, genomeLength: length, failures } = stored;
      const figures = stored.costs.length === scores.length * costNames.length ? stored.costs : undefined;
      for (let i = 0; i < scores.length; i++, index++) {
        if (index % step !== 0) continue;
        this.#recomputed++;
        const genome = genomes.slice(i * length, (i + 1) * length);
        const again = this.#attempt(`${place}, candidate ${i}: `, () => ({
          score: scorer.score(genome).scores[0],
          costs: engine.costs(genome),
        }));
        if (again === undefined) continue;
        // A candidate that killed its threads is not scored again here: it failed, whatever it would score.
        if (!failures.has(i) && again.score !== scores[i]) {
          this.#find(`${place}, candidate ${i}: its score is ${again.score}, the archive says ${scores[i]}`);
        }
        for (const [j, name] of costNames.entries()) {
          const stated = figures?.[i * costNames.length + j];
          if (stated !== undefined && stated !== again.costs[j]) {
            this.#find(`${place}, candidate ${i}: its ${name} is ${again.costs[j]}, the archive says ${stated}`);
          }
        }
      }
    };
  }

  #checkRun({ row, problem, population, found, scored, failed, reused }: ReadableRun): void {
    const { id, checkpoint, digest, status } = row;
    if (checkpoint === undefined) {
      if (found > 0 || status !== "running") this.#find(`run ${id}: it has no checkpoint`);
      return;
    }
    const { counters } = checkpoint;
    const check = (what: string, expected: number, got: number) => {
      if (expected !== got) this.#find(`run ${id}: expected ${expected} ${what}, got ${got}`);
    };
    if (status !== "pruned") {
      // Schema 1 has no record of a generation that scored nothing.
      if (this.#version >= 2) check("generations", counters.generations, found);
      check("scored candidates", counters.scored, scored);
      check("failed candidates", counters.failed, failed);
      check("candidates taken over", counters.reused, reused);
    }
    for (const finding of progressFindings(this.#archive.progress(id), row)) this.#find(`run ${id}: ${finding}`);
    if (population?.passed === false) this.#find(`run ${id}: its population is not the best of its candidates`);
    const over = firstOverBudget(problem, checkpoint);
    if (over !== undefined) this.#find(`run ${id}: ${over}`);
    if (digest !== undefined && digest !== digestOf(checkpoint)) {
      this.#find(`run ${id}: its digest is ${digestOf(checkpoint)}, the archive says ${digest}`);
    }
  }
}

/** The first member of a population that is not within every budget of its run; undefined where all are. */
function firstOverBudget(
  { space, classes, limits, deployment }: Problem,
  { genomes, scores }: Checkpoint,
): string | undefined {
  if (genomes.length !== scores.length * space.genomeLength)
    return "the genomes of its checkpoint do not fit its space";
  for (let i = 0; i < scores.length; i++) {
    let costs: Costs;
    try {
      costs = costsAt(space, genomes, i * space.genomeLength, classes, deployment);
    } catch {
      return `member ${i} of its population is no network of its space`;
    }
    const [over] = overLimits(costs, limits);
    if (over === undefined) continue;
    return `member ${i} of its population is over its budget of ${over}: ${costs[over]} > ${limits[budgetNames.indexOf(over)]}`;
  }
  return undefined;
}
