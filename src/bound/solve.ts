import { greatestOf } from "../base/extremes.ts";
import { ChainBound, type ChainProof } from "./chain-bound.ts";
import type { Chain } from "./graph/chain.ts";
import { compileChain } from "./graph/space-chain.ts";
import { type Budgets, holdsStructure, type SpaceDescription } from "./graph/space-description.ts";
import { type BoundNetwork, type Incumbents, SpaceIncumbents } from "./incumbents.ts";

/** What is known at a moment of a bound. */
export interface BoundState {
  /** No network of the spaces within the budgets scores more. -Infinity: there is none. */
  readonly upperBound: number;
  /** The best networks found, best first, at most as many as asked for. */
  readonly networks: readonly BoundNetwork[];
  /** Whether they are the best there are: no other network scores more than the last of them. */
  readonly proven: boolean;
  /** "pricing": looking for multipliers; "labels": closing the gap; "done"; "stuck": the gap needs more labels than allowed. */
  readonly phase: "pricing" | "labels" | "done" | "stuck";
  /** Why the upper bound of this moment, or a little more, holds: one proof a space. To be asked before the next step. */
  readonly prove: () => readonly ChainProof[];
}

export interface SolveOptions {
  /** How many of the best networks are wanted; 1 if absent. */
  readonly top?: number;
  /** Labels that a border may hold, about 100 bytes each; 4 million if absent. */
  readonly maxLabels?: number;
  /** Networks known beforehand, from a search or a tighter budget; those outside the spaces or the budgets are passed over. */
  readonly known?: readonly Pick<BoundNetwork, "resolution" | "structure">[];
}

/**
 * Bounds the score over the union of some spaces that differ in their resolution, and finds the best networks, better with every step: iterate it for as
 * long as you like, the last state holds. It asks no clock and draws no random number: the same input gives the same states.
 */
export function* solve(
  spaces: readonly SpaceDescription[],
  budgets: Budgets,
  options: SolveOptions = {},
): Generator<BoundState, BoundState> {
  const { top = 1, maxLabels = 4e6, known = [] } = options;
  const incumbents = new SpaceIncumbents(budgets, top);
  const bounds = spaces.map((space) => new ChainBound(compileChain(space, budgets)));
  const greatest = () => greatestOf(bounds.map((bound) => bound.upperBound));
  const state = (phase: BoundState["phase"]): BoundState => ({
    upperBound: greatest(),
    networks: incumbents.networks,
    proven: bounds.every((bound) => isClosed(bound, incumbents)),
    phase,
    prove: () => bounds.map((bound) => bound.prove(incumbents.best, greatest())),
  });
  for (const { resolution, structure } of known) {
    const bound = bounds.find(
      ({ chain: { space } }) => space.resolution === resolution && holdsStructure(space, structure),
    );
    if (bound !== undefined) incumbents.add(bound.chain, structure);
  }
  for (const phase of closeGap(bounds, incumbents, top, maxLabels)) yield state(phase);
  return state(bounds.every((bound) => isClosed(bound, incumbents)) ? "done" : "stuck");
}

/**
 * Steps the bounds of some chains until no network that is not an incumbent scores more than the least of them, or a pass needs too many labels.
 * @param top how many networks a pass takes at most
 */
export function* closeGap<C extends Chain>(
  bounds: readonly ChainBound<C>[],
  incumbents: Incumbents<C>,
  top: number,
  maxLabels: number,
): Generator<"pricing" | "labels", void> {
  for (const bound of bounds) for (const _ of bound.priceBudgets(incumbents)) yield "pricing";
  for (;;) {
    const open = bounds.filter((bound) => !isClosed(bound, incumbents) && !bound.stuck);
    if (open.length === 0) return;
    const worst = open.reduce((a, b) => (b.enumeratedTo > a.enumeratedTo ? b : a));
    for (const _ of worst.enumerate(incumbents, top, maxLabels)) yield "labels";
    yield "labels";
  }
}

/** Whether no network of the chain that is not an incumbent scores more than the least of them. */
export function isClosed<C extends Chain>(bound: ChainBound<C>, incumbents: Incumbents<C>): boolean {
  return bound.enumeratedTo <= incumbents.least || bound.enumeratedTo === Number.NEGATIVE_INFINITY;
}
