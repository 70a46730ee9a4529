import { UserError } from "../base/user-error.ts";
import { type CostName, peaksOf, type SumName } from "../costs/cost-table.ts";
import { chainFront, type FrontPoint } from "./chain-front.ts";
import { type Budgets, deploymentOf, type SpaceDescription } from "./graph/space-description.ts";
import type { BoundNetwork } from "./incumbents.ts";
import { type KeptSpace, keptSpaces } from "./kept-space.ts";
import { DEFAULT_BYTES, type SolveOptions, solve } from "./solve.ts";
import type { Staircase } from "./staircase.ts";

/** No sum is as large. */
export const UNLIMITED = 1e18;
/** Networks that a proof is told of. */
const KNOWN = 20;

export type FrontOptions = Pick<SolveOptions, "maxBytes" | "maxLabels">;

/** Part of a front of one cost. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Costs are whole numbers of eighths, those of measured operators of 2^-30, so that costs which differ do so by this at least. */
export function leastDifference(name: CostName): number {
  return name === "latency" || name === "energy" ? 2 ** -30 : 1 / 8;
}

/** Budgets with another limit of a cost, or without one. */
export function limited(budgets: Budgets, name: CostName, limit: number): Budgets {
  const { [name]: _, ...others } = budgets;
  return limit === Number.POSITIVE_INFINITY ? others : { ...others, [name]: limit };
}

interface Problem {
  readonly spaces: readonly SpaceDescription[];
  readonly options: FrontOptions;
}

/** How the front of one cost is found. */
interface LineFront {
  /** Adds what is missing in an interval; yields often, at more than which cost nothing is missing. */
  look(budgets: Budgets, interval: Interval, points: Staircase<FrontPoint>): Generator<number, void>;
}

/** The front of an additive cost: one space after another. What is compiled of them stays while memory budgets stay. */
export class SumFront implements LineFront {
  readonly #problem: Problem;
  readonly #name: SumName;
  #memory: string | undefined;
  #spaces: readonly KeptSpace[] = [];

  constructor(problem: Problem, name: SumName) {
    this.#problem = problem;
    this.#name = name;
  }

  *look(budgets: Budgets, { from, to }: Interval, points: Staircase<FrontPoint>): Generator<number, void> {
    const { maxLabels = 4e6, maxBytes = DEFAULT_BYTES } = this.#problem.options;
    const { spaces } = this.#problem;
    const name = this.#name;
    const under = { ...budgets, [name]: UNLIMITED };
    const memory = peaksOf(deploymentOf(spaces[0]))
      .map((peak) => budgets[peak.name] ?? "none")
      .join();
    if (memory !== this.#memory) this.#spaces = keptSpaces({ spaces, budgets: under }, maxBytes);
    this.#memory = memory;
    const range = { name, from, to, least: leastDifference(name) };
    for (const [i, space] of this.#spaces.entries()) {
      const steps = chainFront(space.hold(), under, range, points, maxLabels);
      const isLast = i === spaces.length - 1;
      let step = steps.next();
      for (; !step.done; step = steps.next()) yield isLast ? step.value : Number.POSITIVE_INFINITY;
      if (!step.value) throw unproven(`${name} of ${from} to ${to}`);
    }
  }
}

/** The front of a memory: the optimum under a limit, then that under less than it has. */
export class PeakFront implements LineFront {
  readonly #problem: Problem;
  readonly #name: CostName;
  #known: readonly BoundNetwork[] = [];

  constructor(problem: Problem, name: CostName) {
    this.#problem = problem;
    this.#name = name;
  }

  *look(budgets: Budgets, { from, to }: Interval, points: Staircase<FrontPoint>): Generator<number, void> {
    const { spaces, options } = this.#problem;
    // Less memory may do for the last one's score.
    let settled = Number.POSITIVE_INFINITY;
    for (let limit = to; limit >= from; ) {
      const steps = solve(spaces, limited(budgets, this.#name, limit), { ...options, known: this.#known });
      let step = steps.next();
      for (; !step.done; step = steps.next()) yield settled;
      const { proven, networks } = step.value;
      if (!proven) throw unproven(`${this.#name} ${limit}`);
      if (networks.length === 0) return;
      const [network] = networks;
      const cost = network.costs[this.#name]!;
      points.add({ cost, score: network.score, network });
      this.#known = [network, ...this.#known].slice(0, KNOWN);
      limit = cost - leastDifference(this.#name);
      settled = cost;
    }
  }
}

function unproven(under: string): UserError {
  return new UserError(
    `front: the best networks under ${under} could not be proven; give the space fewer widths, kernels or bits, or fewer budgets`,
  );
}
