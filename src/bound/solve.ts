import { greatestOf } from "../base/extremes.ts";
import { UserError } from "../base/user-error.ts";
import { AnalyticScore } from "../score/analytic.ts";
import { ChainBound, type OpenChain } from "./chain-bound.ts";
import type { ChainProof } from "./chain-proof.ts";
import type { Chain } from "./graph/chain.ts";
import { chainBytes, compiling, type SpaceChain } from "./graph/space-chain.ts";
import { type Budgets, holdsStructure, type SpaceDescription } from "./graph/space-description.ts";
import { type BoundNetwork, type Incumbents, SpaceIncumbents } from "./incumbents.ts";
import { Relaxation } from "./lagrange/relaxation.ts";
import type { BoundProblem } from "./problem.ts";

/** What is known at a moment of a bound. */
export interface BoundState {
  /** No network of the spaces within the budgets scores more. -Infinity: there is none. Infinity: nothing is proven yet. */
  readonly upperBound: number;
  /** The best networks found, best first, at most as many as asked for. */
  readonly networks: readonly BoundNetwork[];
  /** Whether they are the best there are: no other network scores more than the last of them. */
  readonly proven: boolean;
  /**
   * "tables": measuring the layers of a space; "pricing": looking for multipliers; "labels": closing the gap; "done"; "stuck": the gap needs more
   * labels or more work than allowed.
   */
  readonly phase: BoundPhase | "done" | "stuck";
  /** Spaces for which there is a bound, of all spaces. */
  readonly priced: number;
  readonly spaces: number;
  /** `Relaxation.work` of all of it. */
  readonly work: number;
  /** Why the upper bound of this moment, or a little more, holds: one proof a space. To be asked before the next step. */
  readonly prove: () => readonly ChainProof[];
}

export type BoundPhase = "tables" | "pricing" | "labels";

/** Bytes that the tables of a bound may take unless told otherwise. */
export const DEFAULT_BYTES = 512e6;

/** The tables of a space take more bytes than a bound may have. */
export class SpaceTooLarge extends UserError {
  readonly bytes: number;

  constructor(bytes: number, maxBytes: number) {
    super(
      `the bound needs ${megabytes(bytes)} MB for its tables, and search.boundMemory allows ${megabytes(maxBytes)} MB; raise it to ${megabytes(bytes)}e6, or give the space fewer widths, kernels or expansions`,
    );
    this.bytes = bytes;
  }
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1e6);

export interface SolveOptions {
  /** How many of the best networks are wanted; 1 if absent. */
  readonly top?: number;
  /** Labels that a border may hold, about 100 bytes each; 4 million if absent. */
  readonly maxLabels?: number;
  /** Bytes that tables may take: they are made one space after another, and given up where they would be more; `DEFAULT_BYTES` if absent. */
  readonly maxBytes?: number;
  /** Ends the bound, as far as it is then, after this work (`Relaxation.work`); absent: however long it takes. */
  readonly maxWork?: number;
  /** Networks known beforehand, from a search or a tighter budget; those outside the spaces or the budgets are passed over. */
  readonly known?: readonly Pick<BoundNetwork, "resolution" | "structure">[];
}

/**
 * Bounds the score over the union of some spaces that differ in their resolution, and finds the best networks, better with every step: iterate it for as
 * long as you like, the last state holds. It asks no clock and draws no random number: the same input gives the same states.
 * @throws SpaceTooLarge before anything is allocated
 */
export function* solve(
  spaces: readonly SpaceDescription[],
  budgets: Budgets,
  options: SolveOptions = {},
): Generator<BoundState, BoundState> {
  const { maxBytes = DEFAULT_BYTES } = options;
  const bounds = spaces.map((space) => new ChainBound(() => opening(space, budgets), chainBytes(space, budgets)));
  const most = greatestOf(bounds.map(({ bytes }) => bytes));
  if (most > maxBytes) throw new SpaceTooLarge(most, maxBytes);
  return yield* solveBounds(bounds, { spaces, budgets }, options);
}

function* opening(space: SpaceDescription, budgets: Budgets): Generator<void, OpenChain<SpaceChain>> {
  const chain = yield* compiling(space, budgets);
  return { chain, relaxation: new Relaxation(chain), fitted: false };
}

/** `solve`, where the bounds of the spaces' chains are there. */
export function* solveBounds(
  bounds: readonly ChainBound<SpaceChain>[],
  { spaces, budgets }: BoundProblem,
  options: SolveOptions,
): Generator<BoundState, BoundState> {
  const { top = 1, maxLabels = 4e6, maxBytes = DEFAULT_BYTES, maxWork, known = [] } = options;
  const incumbents = new SpaceIncumbents(budgets, top);
  const greatest = () => greatestOf(bounds.map((bound) => bound.upperBound));
  const state = (phase: BoundState["phase"]): BoundState => ({
    upperBound: greatest(),
    networks: incumbents.networks,
    proven: bounds.every((bound) => bound.isClosed(incumbents)),
    phase,
    priced: bounds.filter(({ upperBound }) => upperBound < Number.POSITIVE_INFINITY).length,
    spaces: spaces.length,
    work: bounds.reduce((sum, { work }) => sum + work, 0),
    prove: () => bounds.map((bound) => bound.prove(incumbents.best, greatest())),
  });
  for (const { resolution, structure } of known) {
    const space = spaces.find((s) => s.resolution === resolution && holdsStructure(s, structure));
    if (space !== undefined) incumbents.add({ space, scorer: new AnalyticScore(space.score) }, structure);
  }
  for (const bound of bounds) if (bound.isOpen) bound.offerKnown(incumbents, top);
  for (const phase of closeGap(bounds, incumbents, { top, maxLabels, maxBytes, maxWork })) yield state(phase);
  return state(bounds.every((bound) => bound.isClosed(incumbents)) ? "done" : "stuck");
}

/**
 * Steps the bounds of some chains until no network that is not an incumbent scores more than the least of them, or until that needs more than is
 * allowed. Tables that are not needed any more are given up.
 */
export function* closeGap<C extends Chain>(
  bounds: readonly ChainBound<C>[],
  incumbents: Incumbents<C>,
  {
    top,
    maxLabels,
    maxBytes = DEFAULT_BYTES,
    maxWork = Number.POSITIVE_INFINITY,
  }: { top: number; maxLabels: number; maxBytes?: number | undefined; maxWork?: number | undefined },
): Generator<BoundPhase, void> {
  const spent = () => bounds.reduce((sum, { work }) => sum + work, 0) > maxWork;
  function* opened(bound: ChainBound<C>): Generator<BoundPhase, void> {
    if (bound.isOpen) return;
    for (const other of bounds) if (other.isClosed(incumbents)) other.release();
    const held = bounds.reduce((sum, other) => (other.isOpen ? sum + other.bytes : sum), 0);
    if (held + bound.bytes > maxBytes) for (const other of bounds) other.release();
    for (const _ of bound.open()) yield "tables";
  }
  for (const bound of bounds) {
    yield* opened(bound);
    for (const _ of bound.priceBudgets(incumbents, bound === bounds[0] ? undefined : bounds[0])) {
      yield "pricing";
      if (spent()) return;
    }
  }
  for (;;) {
    const open = bounds.filter((bound) => !bound.isClosed(incumbents) && !bound.stuck);
    if (open.length === 0) return;
    const worst = open.reduce((a, b) => (b.enumeratedTo > a.enumeratedTo ? b : a));
    yield* opened(worst);
    for (const _ of worst.enumerate(incumbents, top, maxLabels)) {
      yield "labels";
      if (spent()) return;
    }
    yield "labels";
  }
}
