import type { Archive, RunRow } from "../../archive/archive.ts";
import type { ProgressRow } from "../../archive/history.ts";
import type { StoredBound } from "../../archive/stored-bounds.ts";
import { parseStoredConfig } from "../../config/stored-config.ts";
import { costsOf } from "../../costs/cost-table.ts";
import type { Costs } from "../../costs/costs.ts";
import { openProblem, type Problem } from "../../problem/problem.ts";
import { problemName } from "../../problem/problem-name.ts";
import { isBoundRun } from "../../run/stored-bound.ts";
import { costsAt } from "../../space/genome.ts";
import { gapTo } from "./gap.ts";
import type { BudgetUse, ProvenView, RunView } from "./model.ts";

/** A run with what its configuration asks for and what an archive knows of both. */
export interface OpenRun {
  readonly row: RunRow;
  readonly problem: Problem;
  /** Names what is proven of it. */
  readonly name: string;
  readonly progress: readonly ProgressRow[];
  readonly bound: StoredBound | undefined;
  /** Of its best network. */
  readonly costs: Costs | undefined;
}

/** Opens runs of one archive; what several have in common is opened once. */
export class RunOpener {
  readonly #archive: Archive;
  readonly #bounds = new Map<string, StoredBound | undefined>();
  readonly #problems = new Map<string, Problem>();

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** As `open`, without how it came along, and with what is proven by now. */
  openLast(row: RunRow): OpenRun {
    this.#bounds.clear();
    return this.#open(row, []);
  }

  open(row: RunRow): OpenRun {
    return this.#open(row, this.#archive.progress(row.id));
  }

  #open(row: RunRow, progress: OpenRun["progress"]): OpenRun {
    const where = `${this.#archive.path}: run ${row.id}`;
    const problem = this.#problems.get(row.config) ?? openProblem(parseStoredConfig(row.config, where));
    this.#problems.set(row.config, problem);
    const name = problemName(problem.config);
    if (!this.#bounds.has(name)) this.#bounds.set(name, this.#archive.proven.bound(name));
    const { space, classes, deployment } = problem;
    const { checkpoint } = row;
    const scored = checkpoint !== undefined && checkpoint.scores.length > 0;
    return {
      row,
      problem,
      name,
      progress,
      bound: this.#bounds.get(name),
      costs: scored ? costsAt(space, checkpoint.genomes, 0, classes, deployment) : undefined,
    };
  }
}

export function bestOf({ row }: Pick<OpenRun, "row">): number | null {
  return row.checkpoint?.scores[0] ?? null;
}

/** How far a run's best may be from the optimum. */
export function provenView(run: OpenRun): ProvenView | null {
  const { bound } = run;
  if (bound === undefined) return null;
  const best = bestOf(run);
  // A score may be above what rounding left of a bound.
  const gap = best === null || bound.upper === null ? null : gapTo(bound.upper, best);
  const closed = bound.proven && bound.network !== null && best !== null && best >= bound.network.score - 1e-9;
  const { upper, proven, steps, seconds } = bound;
  return { upper, proven, gap: closed ? 0 : gap, steps, seconds };
}

export function budgetUse({ problem: { config, deployment }, costs }: OpenRun): BudgetUse[] {
  const rows = costsOf(deployment).map(
    ({ name, title, unit }): BudgetUse => ({
      name,
      title: `${title.charAt(0).toUpperCase()}${title.slice(1)}`,
      unit,
      value: costs?.[name] ?? null,
      limit: config.budgets[name] ?? null,
    }),
  );
  // The published SRAM figure is no peak of live tensors, and tells a person nothing where it has no budget.
  return rows.filter(({ name, limit }) => name !== "sram" || limit !== null);
}

export function statusOf(row: RunRow, inProgress: number | undefined): RunView["status"] {
  if (isBoundRun(row)) return "bound";
  return row.status === "running" && row.id !== inProgress ? "stopped" : row.status;
}

export function runView(run: OpenRun, inProgress: number | undefined): RunView {
  const { row, problem } = run;
  const { search, score } = problem.config;
  const counters = row.checkpoint?.counters;
  const { scored = 0, reused = 0, duplicates = 0, overBudget = 0, failed = 0, evaluations = 0 } = counters ?? {};
  return {
    id: row.id,
    name: row.name,
    seed: search.seed,
    status: statusOf(row, inProgress),
    operators: search.operators,
    scoreKind: score.kind,
    evaluations,
    of: search.evaluations,
    seconds: row.seconds,
    started: row.started,
    digest: row.digest ?? null,
    best: bestOf(run),
    bound: provenView(run),
    fate: { scored, reused, duplicates, overBudget, failed },
    budgets: budgetUse(run),
  };
}
