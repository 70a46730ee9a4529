import { type ChainProof, leastGain, MOST_MULTIPLIERS, priceWholeGraph, proofSlack } from "./chain-proof.ts";
import type { Chain } from "./graph/chain.ts";
import { type BlockChoice, measurePath } from "./graph/path.ts";
import type { Incumbents } from "./incumbents.ts";
import { bestPaths } from "./labels/best-first.ts";
import { type Fronts, labelFronts, type Screen, TooManyLabels } from "./labels/label-setting.ts";
import { ColumnGeneration } from "./lagrange/column-generation.ts";
import { Relaxation } from "./lagrange/relaxation.ts";
import { relaxedPath } from "./lagrange/relaxed-path.ts";

/** How far below the Lagrangian bound the first pass goes, as a part of the bound. */
const FIRST_PASS = 2e-5;
const PASS_GROWTH = 4;
/** A pass is tried again, less deep, as long as it can go further than the deepest that ended by this factor. */
const LEAST_RETRY = 1.3;
/** Labels a state may hold in a pass that only looks for networks, and how deep such passes go, as parts of the bound. */
const BEAM = 200;
const BEAM_DEPTHS = [0.002, 0.01, 0.05];
const SCREEN_SCALE = 1.5;
/** The work of measuring a layer, in that of one pair of a shape. */
const MEASURED = 30;
/** Every sum has fewer than 2^8 terms, so rounding moves it by less than the sum of their magnitudes times 2^-44. */
const ROUNDING = 2 ** -44;

/** Bounds of one chain, from the two sides. */
export class ChainBound<C extends Chain = Chain> {
  /** Of its tables, where they are there. */
  readonly bytes: number;
  readonly #compile: () => Generator<void, C>;
  #tables: { readonly chain: C; readonly relaxation: Relaxation } | undefined;
  /** Work done on tables that were given up. */
  #workBefore = 0;
  /** Every network of the chain above this score is among the incumbents, or worse than all of them. */
  enumeratedTo = Number.POSITIVE_INFINITY;
  /** The multipliers of the best Lagrangian bound, per unit of cost, in the order of `chain.dimensions`. */
  multipliers: readonly number[] = [];
  /** The best Lagrangian bound. */
  lagrangian = Number.POSITIVE_INFINITY;
  /** Whether the passes need more labels than they may have. */
  stuck = false;
  #best = Number.NEGATIVE_INFINITY;
  #magnitude = 0;
  #limits: readonly number[] = [];
  #depth = 0;
  /** Depth of the last pass that had too many labels. */
  #failed = Number.POSITIVE_INFINITY;
  /** Networks of at most this score may have been left out of the relaxation. */
  #discardedBelow = Number.NEGATIVE_INFINITY;
  readonly #screens: Screen[] = [];

  /** @param compile gives the chain, the same one every time */
  constructor(compile: () => Generator<void, C>, bytes: number) {
    this.#compile = compile;
    this.bytes = bytes;
  }

  get isOpen(): boolean {
    return this.#tables !== undefined;
  }

  /** The chain, compiled again where its tables were given up. */
  get chain(): C {
    if (this.#tables !== undefined) return this.#tables.chain;
    const steps = this.#compile();
    for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
  }

  get #relaxation(): Relaxation {
    if (this.#tables === undefined) throw new Error("bound: the chain's tables are not there; open them first");
    return this.#tables.relaxation;
  }

  /** As `Relaxation.work`. */
  get work(): number {
    return this.#workBefore + (this.#tables?.relaxation.work ?? 0);
  }

  /** Makes the tables, where they are not there, as pricing left them; yields often. */
  *open(): Generator<void, void> {
    if (this.#tables !== undefined) return;
    const chain = yield* this.#compile();
    const relaxation = new Relaxation(chain);
    this.#tables = { chain, relaxation };
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
      return this.#prove(best, most);
    } finally {
      if (!wasOpen) this.release();
    }
  }

  #prove(best: number, most: number): ChainProof {
    const { chain } = this;
    const enumerated = this.#depth > 0 || this.enumeratedTo <= best + this.slack;
    // A bound below every score there can be says that there is no network.
    const enough = most > Number.NEGATIVE_INFINITY ? most : -2 * chain.magnitude - 1;
    const { multipliers, bound: priced } = priceWholeGraph(chain, this.multipliers, {
      best,
      enough: enumerated ? enough : -1 / 0,
    });
    const byMultipliers = !enumerated || priced <= enough;
    const slack = proofSlack(chain, multipliers);
    // Rounding alone is no proof that there is no network: where every score is 0, so is the magnitude.
    const bound = !byMultipliers ? this.upperBound : priced < -2 * chain.magnitude - slack ? -1 / 0 : priced;
    return {
      resolution: chain.resolution,
      by: byMultipliers ? "multipliers" : "enumeration",
      bound: bound === Number.NEGATIVE_INFINITY ? null : bound + slack,
      multipliers: Object.fromEntries(chain.dimensions.map((name, d) => [name, multipliers[d]])),
    };
  }

  /** What rounding can hide in a sum of reduced values. */
  get slack(): number {
    const { multipliers } = this;
    return (this.#magnitude + this.#limits.reduce((sum, limit, d) => sum + limit * multipliers[d], 0)) * ROUNDING;
  }

  /** Lowers the Lagrangian bound by choosing multipliers; yields often. */
  *priceBudgets(incumbents: Incumbents<C>): Generator<void, void> {
    const { chain } = this;
    const relaxation = this.#relaxation;
    const columns = new ColumnGeneration(chain);
    yield* relaxation.discardMisfits();
    let multipliers = this.multipliers;
    for (let step = 0; step < MOST_MULTIPLIERS; step++) {
      yield* relaxation.solving(multipliers);
      const better = relaxation.bound < this.lagrangian;
      if (better) {
        this.lagrangian = relaxation.bound;
        this.multipliers = multipliers;
        this.enumeratedTo = Math.max(this.lagrangian + this.slack, this.#discardedBelow);
      }
      const path = relaxedPath(relaxation);
      if (path === undefined || chain.limits.length === 0) {
        if (path !== undefined) this.#offer(path, incumbents);
        break;
      }
      const { value, costs } = measurePath(chain, path);
      if (costs.every((cost, d) => cost <= chain.limits[d])) this.#offer(path, incumbents);
      if (better && incumbents.least > Number.NEGATIVE_INFINITY) {
        relaxation.solvePrefixes();
        relaxation.discard(incumbents.least - this.slack);
        this.#discardedBelow = incumbents.least;
      }
      const next = columns.propose({ value, costs }, this.multipliers);
      const enough = leastGain(this.lagrangian, incumbents.least);
      if (this.lagrangian - next.least <= Math.max(enough, this.slack)) break;
      multipliers = next.multipliers;
      yield;
    }
    yield* this.#makeScreens();
    yield* relaxation.solving(this.multipliers);
    relaxation.solvePrefixes();
    yield;
    yield* this.#beam(incumbents);
  }

  /** Bounds at multipliers that price one budget up or down, or one up and another down. */
  *#makeScreens(): Generator<void, void> {
    const { chain, multipliers } = this;
    const relaxation = this.#relaxation;
    const used = multipliers.flatMap((m, d) => (m > 0 ? [d] : []));
    if (used.length < 2) return;
    const scalings = used.flatMap((d) =>
      used.map((e) => multipliers.map((m, f) => m * (f === d ? SCREEN_SCALE : 1) * (f === e ? 1 / SCREEN_SCALE : 1))),
    );
    const single = used.flatMap((d) =>
      [SCREEN_SCALE, 1 / SCREEN_SCALE].map((scale) => multipliers.map((m, f) => (f === d ? m * scale : m))),
    );
    for (const scaled of [...single, ...scalings.filter((s) => s.some((m, d) => m !== multipliers[d]))]) {
      yield* relaxation.solving(scaled);
      relaxation.solvePrefixes();
      const { offset, prefix } = relaxation;
      const slack = (chain.magnitude + offset) * ROUNDING;
      this.#screens.push({ multipliers: scaled, offset: offset + slack, prefix: prefix.map((p) => p.slice()) });
      yield;
    }
  }

  /** Looks for better networks with passes that keep few labels, while the gap is so wide that a full pass would be long. */
  *#beam(incumbents: Incumbents<C>): Generator<void, void> {
    const relaxation = this.#relaxation;
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
    const { chain, slack } = this;
    const relaxation = this.#relaxation;
    const gap = this.lagrangian - incumbents.least;
    const depth = this.#nextDepth();
    // A pass that nearly reaches the least incumbent may as well end there.
    const target = depth * 2 >= gap && gap < this.#failed ? incumbents.least : this.lagrangian - depth;
    const lowest = -chain.magnitude - 1;
    const threshold = Math.max(target, lowest);
    relaxation.select(threshold - slack);
    try {
      const fronts = yield* labelFronts(relaxation, threshold - slack, { labels: maxLabels }, this.#screens);
      this.#collect(fronts, incumbents, most);
      this.enumeratedTo = threshold === lowest ? Number.NEGATIVE_INFINITY : threshold;
      this.#depth = this.lagrangian - threshold;
    } catch (error) {
      if (!(error instanceof TooManyLabels)) throw error;
      this.#failed = this.lagrangian - threshold;
      this.stuck = this.#failed < this.#depth * LEAST_RETRY || this.#failed < this.#firstDepth / 100;
    }
  }

  get #firstDepth(): number {
    return FIRST_PASS * Math.max(1, Math.abs(this.lagrangian));
  }

  /** How far below the Lagrangian bound the next pass goes: ever further, or half-way, by factors, to where one had too many labels. */
  #nextDepth(): number {
    if (this.#failed === Number.POSITIVE_INFINITY)
      return this.#depth === 0 ? this.#firstDepth : this.#depth * PASS_GROWTH;
    return this.#depth === 0 ? this.#failed / PASS_GROWTH : Math.sqrt(this.#depth * this.#failed);
  }

  /** Takes the best networks out of a pass. */
  #collect(fronts: Fronts, incumbents: Incumbents<C>, most: number): void {
    let expected = Math.max(
      ...fronts.borders[0].map((labels) => labels?.value.reduce((x, y) => Math.max(x, y), -1 / 0) ?? -1 / 0),
    );
    let count = 0;
    for (const { value, path } of bestPaths(this.#relaxation, fronts, most)) {
      if (value < expected - 1e-9)
        throw new Error(`bound: a label of ${expected} has no network; the best is ${value}`);
      expected = Number.NEGATIVE_INFINITY;
      this.#offer(path, incumbents);
      if (++count >= most) break;
    }
    if (expected > Number.NEGATIVE_INFINITY) throw new Error(`bound: a label of ${expected} has no network`);
  }

  #offer(path: readonly BlockChoice[], incumbents: Incumbents<C>): void {
    const score = incumbents.offer(this.chain, path);
    const { value } = measurePath(this.chain, path);
    if (score === undefined || Math.abs(score - value) > 1e-9) {
      throw new Error(`bound: a path of ${value} is a network of ${score}: ${JSON.stringify(path)}`);
    }
    this.#best = Math.max(this.#best, score);
  }
}
