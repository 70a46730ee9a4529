import { UserError } from "../base/user-error.ts";
import { gapOf } from "../bound/gap.ts";
import type { BoundNetwork } from "../bound/incumbents.ts";
import type { BoundState } from "../bound/solve.ts";
import { type Arguments, textOption } from "./command.ts";

/** When a bound is good enough, or has taken long enough. */
export interface Goal {
  /** As a share of the score. */
  readonly gap: number;
  readonly seconds: number;
}

export interface BoundResult {
  readonly upperBound: number | null;
  readonly gap: number | null;
  readonly proven: boolean;
  readonly seconds: number;
  readonly best: BoundNetwork | null;
}

export function isGoal(state: BoundState, goal: Goal, seconds: number): boolean {
  const best = state.networks[0];
  const close = best !== undefined && goal.gap > 0 && gapOf(state.upperBound, best.score) <= goal.gap;
  return close || seconds >= goal.seconds;
}

export function resultOf(state: BoundState, seconds: number): BoundResult {
  const best = state.networks[0] ?? null;
  const upperBound = Number.isFinite(state.upperBound) ? state.upperBound : null;
  const gap = best === null || upperBound === null ? null : gapOf(upperBound, best.score);
  return { upperBound, gap, proven: state.proven, seconds, best };
}

export function gapOption(args: Arguments): number {
  const value = textOption(args, "gap");
  if (value === undefined) return 0;
  const share = value.endsWith("%") ? Number(value.slice(0, -1)) / 100 : Number(value);
  if (!(share >= 0 && share < 1)) {
    throw new UserError(`--gap: expected a share such as 0.01% or 0.0001, got ${JSON.stringify(value)}`);
  }
  return share;
}
