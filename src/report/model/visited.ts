import type { Archive } from "../../archive/archive.ts";
import { budgetNames, type CostName } from "../../costs/cost-table.ts";
import { type Costs, costs, emptyCosts, withinLimits } from "../../costs/costs.ts";
import { Network } from "../../network/network.ts";
import { decode } from "../../space/genome.ts";
import type { Visited } from "./model.ts";
import type { OpenRun } from "./open-run.ts";

/** Networks that are looked at, of however many. */
const SAMPLED = 3000;
const COLUMNS = 56;
const ROWS = 36;

/** Networks that searches of a run's space have scored, with what they cost. */
export class VisitedNetworks {
  readonly #archive: Archive;
  readonly #run: OpenRun;
  #networks: { readonly score: number; readonly costs: Costs }[] | undefined;

  constructor(archive: Archive, run: OpenRun) {
    this.#archive = archive;
    this.#run = run;
  }

  /** How many lie where, in a field of scores by a cost; those outside of it, or of another budget of the run, are left out. */
  within(cost: CostName, [from, to]: readonly [number, number], [low, high]: readonly [number, number]): Visited {
    const counts = new Map<number, number>();
    const { budgets } = this.#run.problem.config;
    const limits = budgetNames.map((name) => (name === cost ? undefined : budgets[name]) ?? Number.POSITIVE_INFINITY);
    let inside = 0;
    for (const { score, costs: of } of this.#all) {
      const [x, y] = [(of[cost]! - from) / (to - from), (score - low) / (high - low)];
      if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) continue;
      if (!withinLimits(of, limits)) continue;
      const cell = Math.floor(y * ROWS) * COLUMNS + Math.floor(x * COLUMNS);
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
      inside++;
    }
    const cells = [...counts].sort(([a], [b]) => a - b);
    return {
      columns: COLUMNS,
      rows: ROWS,
      inside,
      cells: cells.map(([cell, count]) => [cell % COLUMNS, Math.floor(cell / COLUMNS), count]),
    };
  }

  get #all(): readonly { readonly score: number; readonly costs: Costs }[] {
    if (this.#networks !== undefined) return this.#networks;
    const { space, classes, deployment } = this.#run.problem;
    const network = new Network(space.convCapacity);
    this.#networks = this.#archive.sampled(this.#run.row.context, SAMPLED).flatMap(({ genome, score }) => {
      if (genome.length !== space.genomeLength) return [];
      decode(space, genome, 0, network);
      return [{ score, costs: costs(network, classes, emptyCosts(), deployment) }];
    });
    return this.#networks;
  }
}
