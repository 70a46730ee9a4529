import { type ChainProof, leastGain, MOST_MULTIPLIERS, proofOf } from "./chain-proof.ts";
import { type Chain, ROUNDING } from "./graph/chain.ts";
import { measurePath } from "./graph/path.ts";
import type { Incumbents } from "./incumbents.ts";
import { KnownPaths, type Path } from "./known-paths.ts";
import { bestPaths } from "./labels/best-first.ts";
import { type Fronts, labelFronts, type Screen, TooManyLabels } from "./labels/label-setting.ts";
import { screensAt } from "./labels/screens.ts";
import { ColumnGeneration } from "./lagrange/column-generation.ts";
import type { Relaxation } from "./lagrange/relaxation.ts";
import { relaxedPath } from "./lagrange/relaxed-path.ts";
import { PassDepth } from "./pass-depth.ts";
import { warmStart } from "./warm-start.ts";

/** Labels a state may hold in a pass that only looks for networks, and how deep such passes go, as parts of the bound. */
const BEAM = 200;
const BEAM_DEPTHS = [0.002, 0.01, 0.05];
/** The work of measuring a layer, in that of one pair of a shape. */
const MEASURED = 30;

/** A chain with room to work in. */
export interface OpenChain<C extends Chain> {
  readonly chain: C;
  readonly relaxation: Relaxation;
  /** Whether the relaxation is without the first layers that fit no network within the budgets. */
  readonly fitted: boolean;
}

/** Bounds of one chain, from the two sides. */
export class ChainBound<C extends Chain = Chain> {
  /** Of its tables, where they are there. */
  readonly bytes: number;
  readonly #open: () => Generator<void, OpenChain<C>>;
  readonly #paths: KnownPaths;
  #tables: OpenChain<C> | undefined;
  /** Work done on tables that were given up. */
  #workBefore = 0;
  /** Every network of the chain above this score is among the incumbents, or worse than all of them. */
  enumeratedTo = Number.POSITIVE_INFINITY;
  /** The multipliers of the best Lagrangian bound, per unit of cost, in the order of `chain.dimensions`. */
  multipliers: readonly number[] = [];
  /** The best Lagrangian bound. */
  lagrangian = Number.POSITIVE_INFINITY;
  /** Whether paths were known at the beginning. */
  #isWarm = false;
  #best = Number.NEGATIVE_INFINITY;
  #magnitude = 0;
  #limits: readonly number[] = [];
  readonly #depth = new PassDepth();
  /** Networks of at most this score may have been left out of the relaxation. */
  #discardedBelow = Number.NEGATIVE_INFINITY;
  #screens: readonly Screen[] = [];

  /**
   * @param open gives the chain, the same one every time
   * @param paths of it that are known, from other limits perhaps; those that are found come to them
   */
  constructor(open: () => Generator<void, OpenChain<C>>, bytes: number, paths = new KnownPaths()) {
    this.#open = open;
    this.bytes = bytes;
    this.#paths = paths;
  }

  get isOpen(): boolean {
    return this.#tables !== undefined;
  }

  /** Where its tables are there. */
  get chain(): C {
    return this.#opened.chain;
  }

  /** Whether the passes need more labels than they may have. */
  get stuck(): boolean {
    return this.#depth.stuck;
  }

  get #opened(): OpenChain<C> {
    if (this.#tables === undefined) throw new Error("bound: the chain's tables are not there; open them first");
    return this.#tables;
  }

  /** As `Relaxation.work`. */
  get work(): number {
    return this.#workBefore + (this.#tables?.relaxation.work ?? 0);
  }

  /** Makes the tables, where they are not there, as pricing left them; yields often. */
  *open(): Generator<void, void> {
    if (this.#tables !== undefined) return;
    this.#tables = yield* this.#open();
    const { chain, relaxation } = this.#tables;
    relaxation.work = MEASURED * chain.blocks.reduce((sum, { first }) => sum + first.shapes, 0);
    if (this.lagrangian === Number.POSITIVE_INFINITY) {
      this.multipliers = chain.limits.map(() => 0);
      this.#magnitude = chain.magnitude;
      this.#limits = chain.limits;
      return;
    }
    yield* relaxation.solving(this.multipliers);
    relaxation.solvePrefixes();
  }

  /** Gives the tables up; what is proven stays. */
  release(): void {
    this.#workBefore = this.work;
    this.#tables = undefined;
  }

  /** Proven upper bound of the score of the chain's networks. */
  get upperBound(): number {
    return Math.max(this.enumeratedTo, this.#best + this.#magnitude * ROUNDING);
  }

  /**
   * A proof that stands on the whole graph, without the layers that were discarded on the way; its bound is rounded outward. Where the gap is
   * open and there was no pass it is by multipliers, and its bound may be above `upperBound`, which leaves out layers that fit no network.
   * @param best score of the best network known, of any chain
   * @param most the greatest upper bound of any chain: a proof by multipliers that is no greater is as good as one by enumeration
   */
  prove(best: number, most: number): ChainProof {
    const wasOpen = this.isOpen;
    for (const _ of this.open());
    try {
      const enumerated = this.#depth.hasPassed || this.enumeratedTo <= best + this.slack;
      return proofOf(this.chain, this, { enumerated, best, most });
    } finally {
      if (!wasOpen) this.release();
    }
  }

  /** What rounding can hide in a sum of reduced values. */
  get slack(): number {
    const { multipliers } = this;
    return (this.#magnitude + this.#limits.reduce((sum, limit, d) => sum + limit * multipliers[d], 0)) * ROUNDING;
  }

  /** Whether no network of the chain that is not an incumbent scores more than the least of them. */
  isClosed(incumbents: Incumbents<C>): boolean {
    return this.enumeratedTo <= incumbents.least || this.enumeratedTo === Number.NEGATIVE_INFINITY;
  }

  /** Offers the best of the known paths that keep the budgets, as many as are wanted. */
  offerKnown(incumbents: Incumbents<C>, most: number): void {
    for (const path of this.#paths.within(this.chain).slice(0, most)) this.#offer(path, incumbents);
  }

  /**
   * Lowers the Lagrangian bound by choosing multipliers; yields often.
   * @param like the bound of a chain that is much the same, where there is one: where this one is warm it begins with its multipliers
   */
  *priceBudgets(incumbents: Incumbents<C>, like?: ChainBound<C>): Generator<void, void> {
    const { chain, relaxation, fitted } = this.#opened;
    const columns = new ColumnGeneration(chain, this.#paths.figures(chain));
    if (!fitted) yield* relaxation.discardMisfits();
    let multipliers = this.multipliers;
    this.#isWarm = !this.#paths.isEmpty;
    if (this.#isWarm) {
      const first = like?.multipliersOf(chain) ?? columns.first();
      const start = yield* warmStart(relaxation, columns, first, this.#listener(incumbents));
      if (start === undefined) return;
      multipliers = start;
    }
    for (let step = 0; step < MOST_MULTIPLIERS; step++) {
      yield* relaxation.solving(multipliers);
      const better = this.#bounded(relaxation.bound, multipliers) || step === 0;
      if (this.isClosed(incumbents)) return;
      const path = relaxedPath(relaxation);
      if (path !== undefined) this.#found(path, incumbents);
      if (path === undefined || chain.limits.length === 0) break;
      if (better && incumbents.least > Number.NEGATIVE_INFINITY) {
        relaxation.solvePrefixes();
        this.#discard(relaxation, incumbents);
      }
      const next = columns.propose(measurePath(chain, path), this.multipliers);
      const enough = leastGain(this.lagrangian, incumbents.least);
      if (this.lagrangian - next.least <= Math.max(enough, this.slack)) break;
      multipliers = next.multipliers;
      yield;
    }
    this.#screens = yield* screensAt(relaxation, this.multipliers, ROUNDING);
    yield* relaxation.solving(this.multipliers);
    relaxation.solvePrefixes();
    yield;
    if (!this.#isWarm) yield* this.#beam(incumbents);
  }

  /** Forgets the layers that only networks have which score less than those known; needs `solvePrefixes`. */
  #discard(relaxation: Relaxation, incumbents: Incumbents<C>): void {
    if (incumbents.least === Number.NEGATIVE_INFINITY) return;
    // Its multipliers need not be the best.
    const slack = (this.#magnitude + relaxation.offset) * ROUNDING;
    relaxation.discard(incumbents.least - slack);
    this.#discardedBelow = incumbents.least;
  }

  #listener(incumbents: Incumbents<C>): Parameters<typeof warmStart>[3] {
    return {
      discard: () => this.#discard(this.#opened.relaxation, incumbents),
      bounded: (bound, multipliers) => {
        this.#bounded(bound, multipliers);
        return this.isClosed(incumbents);
      },
      found: (path) => this.#found(path, incumbents),
      get best() {
        return incumbents.best;
      },
    };
  }

  /** The best multipliers, as another chain has its budgets. */
  multipliersOf({ dimensions }: Chain): readonly number[] | undefined {
    const own = this.#tables?.chain.dimensions;
    return own && dimensions.map((name) => this.multipliers[own.indexOf(name)] ?? 0);
  }

  /** Takes a Lagrangian bound in. @returns whether it is the lowest */
  #bounded(bound: number, multipliers: readonly number[]): boolean {
    if (bound >= this.lagrangian) return false;
    this.lagrangian = bound;
    this.multipliers = multipliers;
    this.enumeratedTo = Math.max(bound + this.slack, this.#discardedBelow);
    return true;
  }

  /** Keeps a path, and offers it where it is within the budgets. */
  #found(path: Path, incumbents: Incumbents<C>): void {
    const { chain } = this;
    this.#paths.add(path);
    const { costs } = measurePath(chain, path);
    if (costs.every((cost, d) => cost <= chain.limits[d])) this.#offer(path, incumbents);
  }

  /** Looks for better networks with passes that keep few labels, while the gap is so wide that a full pass would be long. */
  *#beam(incumbents: Incumbents<C>): Generator<void, void> {
    const { relaxation } = this.#opened;
    for (const share of BEAM_DEPTHS) {
      const threshold = this.lagrangian - share * Math.abs(this.lagrangian);
      if (incumbents.best >= threshold) return;
      relaxation.select(threshold);
      const limits = { labels: Number.POSITIVE_INFINITY, beam: BEAM };
      const fronts = yield* labelFronts(relaxation, threshold, limits, this.#screens);
      this.#collect(fronts, incumbents, 1);
    }
  }

  /**
   * One pass of label setting, down to the score of the least incumbent or to a step below the last pass: afterwards `enumeratedTo` is lower,
   * or the chain is stuck.
   */
  *enumerate(incumbents: Incumbents<C>, most: number, maxLabels: number): Generator<void, void> {
    const { slack } = this;
    const { chain, relaxation } = this.#opened;
    const gap = this.lagrangian - incumbents.least;
    const depth = this.#depth.next(this.lagrangian, gap, this.#isWarm);
    const target = depth === gap ? incumbents.least : this.lagrangian - depth;
    const lowest = -chain.magnitude - 1;
    const threshold = Math.max(target, lowest);
    relaxation.select(threshold - slack);
    try {
      const fronts = yield* labelFronts(relaxation, threshold - slack, { labels: maxLabels }, this.#screens);
      this.#collect(fronts, incumbents, most);
      this.enumeratedTo = threshold === lowest ? Number.NEGATIVE_INFINITY : threshold;
      this.#depth.passed(this.lagrangian - threshold);
    } catch (error) {
      if (!(error instanceof TooManyLabels)) throw error;
      this.#depth.failed(this.lagrangian - threshold, this.lagrangian);
    }
  }

  /** Takes the best networks out of a pass. */
  #collect(fronts: Fronts, incumbents: Incumbents<C>, most: number): void {
    let expected = Math.max(
      ...fronts.borders[0].map((labels) => labels?.value.reduce((x, y) => Math.max(x, y), -1 / 0) ?? -1 / 0),
    );
    let count = 0;
    for (const { value, path } of bestPaths(this.#opened.relaxation, fronts, most)) {
      if (value < expected - 1e-9)
        throw new Error(`bound: a label of ${expected} has no network; the best is ${value}`);
      expected = Number.NEGATIVE_INFINITY;
      this.#paths.add(path);
      this.#offer(path, incumbents);
      if (++count >= most) break;
    }
    if (expected > Number.NEGATIVE_INFINITY) throw new Error(`bound: a label of ${expected} has no network`);
  }

  #offer(path: Path, incumbents: Incumbents<C>): void {
    const { chain } = this;
    const score = incumbents.offer(chain, path);
    const { value } = measurePath(chain, path);
    if (score === undefined || Math.abs(score - value) > 1e-9) {
      throw new Error(`bound: a path of ${value} is a network of ${score}: ${JSON.stringify(path)}`);
    }
    this.#best = Math.max(this.#best, score);
  }
}
