import type { SumName } from "../costs/cost-table.ts";
import { ROUNDING } from "./graph/chain.ts";
import { measurePath, structureOfPath } from "./graph/path.ts";
import type { SpaceChain } from "./graph/space-chain.ts";
import type { Budgets } from "./graph/space-description.ts";
import { type BoundNetwork, measuredNetwork } from "./incumbents.ts";
import type { KeptSpace } from "./kept-space.ts";
import type { Path } from "./known-paths.ts";
import { LabelPaths } from "./labels/label-paths.ts";
import { type Fronts, labelFronts, TooManyLabels } from "./labels/label-setting.ts";
import { ColumnGeneration } from "./lagrange/column-generation.ts";
import type { Relaxation } from "./lagrange/relaxation.ts";
import { relaxedPath } from "./lagrange/relaxed-path.ts";
import { type Point, Staircase } from "./staircase.ts";

/** Paths that multipliers are looked for with. */
const COLUMNS = 40;
/** Most relaxations of a window. */
const STEPS = 60;
/** How far below its bound the first pass goes, and a pass at the least, as a part of the bound. */
const FIRST_DEPTH = 2e-4;
const LEAST_DEPTH = 1e-5;
/** What is left to gain by better multipliers, as a part of a pass's depth, where those known are good enough. */
const CONVERGED = 0.05;
/** How much deeper or less deep the next pass goes, where the last took less or more work than its multipliers. */
const CHANGE = 1.5;
/** What a label of a pass takes, in the time of one unit of a relaxation's work. */
const LABEL = 30;
/** A pass that had too many labels is tried again, less deep, where it can be deeper than the last one by this factor. */
const LEAST_RETRY = 1.3;
/** What is left to rounding where a pass goes as deep as it has to. */
const ROOM = 2 ** -40;

/** A network of a front of one cost. */
export interface FrontPoint extends Point {
  readonly network: BoundNetwork;
}

/** What part of a front is looked for. */
export interface FrontRange {
  readonly name: SumName;
  /** The least and the greatest cost. */
  readonly from: number;
  readonly to: number;
  /** Costs that differ do so by this at least. */
  readonly least: number;
}

/**
 * Adds to a staircase the networks of one space that no point of it beats, of an additive cost within a range: in the end none is missing. Some of less cost come along.
 * It goes from the greatest cost down. At the multipliers that are best there, a pass of labels keeps every network that comes near to the bound at some cost, of which those of the greatest costs are
 * the front: as far down as the corners between its points are above what the pass kept. Yields often, at more than which cost nothing is missing.
 * @param budgets all of them, with one of the range's cost, however large
 * @param maxLabels that a border of a pass may hold
 * @returns whether nothing is missing; not where a pass needs more labels than it may have
 */
export function* chainFront(
  space: KeptSpace,
  budgets: Budgets,
  range: FrontRange,
  front: Staircase<FrontPoint>,
  maxLabels: number,
): Generator<number, boolean> {
  let settled = Number.POSITIVE_INFINITY;
  for (const _ of space.compile(budgets)) yield settled;
  const to = Math.min(range.to, space.greatest(range.name));
  // Networks of less cost than the range may beat what other spaces have in it.
  const from = Math.min(range.from, to);
  const window = new Window(space, budgets, { ...range, to }, front, maxLabels);
  // A point is on the front once it is known that nothing of less cost has its score.
  while (window.limit + range.least >= from) {
    const steps = window.step();
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done && !step.value) return false;
      if (step.done) break;
      yield settled;
    }
    settled = window.limit + range.least;
  }
  return true;
}

class Window {
  /** At more than this nothing is missing. */
  limit: number;
  readonly #space: KeptSpace;
  readonly #budgets: Budgets;
  readonly #range: FrontRange;
  readonly #front: Staircase<FrontPoint>;
  readonly #maxLabels: number;
  #depth = FIRST_DEPTH;
  #paths: Path[] = [];

  constructor(space: KeptSpace, budgets: Budgets, range: FrontRange, front: Staircase<FrontPoint>, maxLabels: number) {
    this.#space = space;
    this.#budgets = budgets;
    this.#range = range;
    this.#front = front;
    this.#maxLabels = maxLabels;
    this.limit = range.to;
  }

  /** Lowers the limit. @returns false where that takes too many labels */
  *step(): Generator<void, boolean> {
    const { name } = this.#range;
    const { chain, relaxation } = yield* this.#space.opening({ ...this.#budgets, [name]: this.limit }, name);
    const multipliers = yield* this.#priced(chain, relaxation);
    if (multipliers === undefined) {
      this.limit = Number.NEGATIVE_INFINITY;
      return true;
    }
    const priced = relaxation.work;
    const price = multipliers[chain.dimensions.indexOf(name)];
    const slack = (chain.magnitude + relaxation.offset) * ROUNDING;
    const { bound } = relaxation;
    const settled = this.#settled(this.#front, price, bound + slack);
    if (settled < this.limit) {
      this.limit = settled;
      return true;
    }
    relaxation.solvePrefixes();
    yield;
    const magnitude = Math.max(1, Math.abs(bound));
    // A pass that does not get to the best network known at the limit settles nothing, but may find a better one.
    const known = () => {
      const wanted = (bound - this.#front.scoreAt(this.limit)) * (1 + ROOM) + 2 * slack;
      return wanted < Number.POSITIVE_INFINITY ? wanted : 0;
    };
    let failed = Number.POSITIVE_INFINITY;
    for (let depth = Math.max(known(), this.#depth * magnitude); ; ) {
      const before = relaxation.work;
      const threshold = Math.max(bound - depth, -chain.magnitude - 1);
      relaxation.select(threshold - slack);
      try {
        const fronts = yield* labelFronts(relaxation, threshold - slack, { labels: this.#maxLabels });
        const limit = this.#take(chain, relaxation, fronts, price, threshold);
        const work = LABEL * (relaxation.work - before);
        const next = (depth / magnitude) * (work < priced ? CHANGE : 1 / CHANGE);
        this.#depth = Math.max(LEAST_DEPTH, next);
        if (limit < this.limit || threshold < -chain.magnitude) {
          this.limit = limit < this.limit ? limit : Number.NEGATIVE_INFINITY;
          return true;
        }
        if (failed < depth * LEAST_RETRY) return false;
        const deeper = Math.max(known(), 2 * depth);
        depth = deeper < failed ? deeper : Math.sqrt(depth * failed);
      } catch (error) {
        if (!(error instanceof TooManyLabels)) throw error;
        failed = depth;
        depth /= 4;
        if (depth < (LEAST_DEPTH * magnitude) / 1000) return false;
      }
      yield;
    }
  }

  /** Solves the relaxation at good multipliers; undefined where there is no network. */
  *#priced(chain: SpaceChain, relaxation: Relaxation): Generator<void, readonly number[] | undefined> {
    this.#paths = this.#paths.slice(-COLUMNS);
    const columns = new ColumnGeneration(
      chain,
      this.#paths.map((path) => measurePath(chain, path)),
    );
    let multipliers: readonly number[] = this.#paths.length > 0 ? columns.first() : chain.limits.map(() => 0);
    let lowest = { bound: Number.POSITIVE_INFINITY, multipliers };
    for (let step = 0; step < STEPS; step++) {
      yield* relaxation.solving(multipliers);
      if (relaxation.bound < lowest.bound) lowest = { bound: relaxation.bound, multipliers };
      const path = relaxedPath(relaxation);
      if (path === undefined) return undefined;
      this.#paths.push(path);
      this.#offer(chain, path);
      const next = columns.propose(measurePath(chain, path), lowest.multipliers);
      if (lowest.bound - next.least <= CONVERGED * this.#depth * Math.max(1, Math.abs(lowest.bound))) break;
      multipliers = next.multipliers;
    }
    if (relaxation.multipliers !== lowest.multipliers) yield* relaxation.solving(lowest.multipliers);
    return lowest.multipliers;
  }

  #offer(chain: SpaceChain, path: Path): void {
    const { value, costs } = measurePath(chain, path);
    if (!costs.every((cost, d) => cost <= chain.limits[d])) return;
    const cost = costs[chain.dimensions.indexOf(this.#range.name)];
    if (this.#front.isNew({ cost, score: value })) this.#add(chain, path, value, cost);
  }

  #add(chain: SpaceChain, path: Path, value: number, cost: number): void {
    const network = measuredNetwork(chain, structureOfPath(chain, path), {
      ...this.#budgets,
      [this.#range.name]: this.limit,
    });
    if (network === undefined || Math.abs(network.score - value) > 1e-9 || network.costs[this.#range.name] !== cost) {
      throw new Error(
        `front: a path of ${value} at ${cost} is a network of ${network?.score}: ${JSON.stringify(path)}`,
      );
    }
    this.#front.add({ cost, score: network.score, network });
  }

  #settled(front: Staircase<Point>, price: number, bar: number): number {
    return front.settledTo({ from: this.limit, price, bar, least: this.#range.least });
  }

  /** Adds what a pass has found where nothing is missing. @returns down to where that is */
  #take(chain: SpaceChain, relaxation: Relaxation, fronts: Fronts, price: number, threshold: number): number {
    const d = chain.dimensions.indexOf(this.#range.name);
    const found = fronts.borders[0].flatMap((labels, state) =>
      labels === undefined
        ? []
        : Array.from(labels.value, (score, at) => ({ score, cost: labels.costs[d][at], labels, state, at })),
    );
    const all = new Staircase<Point>(this.#front.points);
    for (const point of found) all.add(point);
    const limit = this.#settled(all, price, threshold);
    // The best at the new limit stays too: what is known there is where the next pass has to get to.
    const last = all.points.findLastIndex(({ cost }) => cost <= limit);
    const kept = new Set(all.points.slice(Math.max(0, last)));
    const paths = new LabelPaths(relaxation, fronts);
    for (const point of found) {
      if (!kept.has(point)) continue;
      this.#add(chain, paths.of(point.state, point.labels, point.at), point.score, point.cost);
    }
    return limit;
  }
}
