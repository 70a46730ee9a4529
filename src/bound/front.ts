import { greatestOf } from "../base/extremes.ts";
import { type CostName, type SumName, sumsOf } from "../costs/cost-table.ts";
import type { FrontPoint } from "./chain-front.ts";
import { undominated } from "./front-points.ts";
import { type Budgets, deploymentOf, type SpaceDescription } from "./graph/space-description.ts";
import type { BoundNetwork } from "./incumbents.ts";
import {
  type FrontOptions,
  type Interval,
  leastDifference,
  limited,
  PeakFront,
  SumFront,
  UNLIMITED,
} from "./line-fronts.ts";
import { Staircase } from "./staircase.ts";

/** A cost that a front is of. */
export interface FrontCost {
  readonly name: CostName;
  /** The least value that is looked at; 0 if absent. */
  readonly from?: number;
  /** The greatest, in place of its budget; that if absent. */
  readonly to?: number;
}

/** What is known of a front at a moment. */
export interface FrontState {
  /** Networks of the front, proven to be, in rising order of the first cost. */
  readonly points: readonly BoundNetwork[];
  readonly isWhole: boolean;
}

/**
 * Every network that no other beats: none has at least its score at no more of the costs named and at less of one. Of networks with equal scores and
 * costs there is one; scores within 1e-9 are equal. The front of one cost is found under a limit of the other, which is then lowered to below the greatest that a point of it has: only where those points
 * were has it to be looked for again. Yields often.
 * @param of one or two costs
 * @throws UserError where a part of it cannot be proven, or takes more memory than allowed
 */
export function* front(
  spaces: readonly SpaceDescription[],
  budgets: Budgets,
  of: readonly FrontCost[],
  options: FrontOptions = {},
): Generator<FrontState, FrontState> {
  const sums: readonly string[] = sumsOf(deploymentOf(spaces[0])).map(({ name }) => name);
  const [inner, outer] = inOrder(of, sums);
  const names = of.map(({ name }) => name);
  const looked = sums.includes(inner.name)
    ? new SumFront({ spaces, options }, inner.name as SumName)
    : new PeakFront({ spaces, options }, inner.name);
  const limitOf = ({ name, to }: FrontCost) => to ?? budgets[name] ?? Number.POSITIVE_INFINITY;
  const isWithin = ({ costs }: BoundNetwork) => of.every(({ name, from = 0 }) => costs[name]! >= from);
  const whole = { from: inner.from ?? 0, to: limitOf(inner) };
  const found = new Set<BoundNetwork>();
  let line = new Staircase<FrontPoint>();
  // At more of the outer cost, and at more of the inner one where there is no outer, the whole front is known.
  let settled = Number.POSITIVE_INFINITY;
  const isSettled = ({ costs }: BoundNetwork) => costs[(outer ?? inner).name]! > settled;
  const state = (isWhole: boolean): FrontState => ({
    get points() {
      const networks = [...found, ...line.points.map(({ network }) => network)];
      return undominated(networks, names).filter((network) => isWithin(network) && (isWhole || isSettled(network)));
    },
    isWhole,
  });
  let intervals: readonly Interval[] = [whole];
  // A limit that is a sum is there from the start, since what is compiled is compiled for it.
  const most = (cost: FrontCost) =>
    Math.min(limitOf(cost), sums.includes(cost.name) ? UNLIMITED : Number.POSITIVE_INFINITY);
  for (let limit = outer && most(outer); ; ) {
    const under = outer === undefined ? budgets : limited(budgets, outer.name, limit!);
    for (const interval of intervals) {
      for (const down of looked.look(under, interval, line)) {
        if (outer === undefined) settled = down;
        yield state(false);
      }
    }
    if (outer !== undefined) settled = limit!;
    for (const { network } of line.points) found.add(network);
    // What has less than the range may beat what is in it, so that one line is found below it.
    if (outer === undefined || line.points.length === 0 || limit! < (outer.from ?? 0)) break;
    limit = greatestOf(line.points.map(({ network }) => network.costs[outer.name]!)) - leastDifference(outer.name);
    const isKept = ({ network }: FrontPoint) => network.costs[outer.name]! <= limit!;
    intervals = gaps(line.points, isKept, whole, leastDifference(inner.name));
    line = new Staircase(line.points.filter(isKept));
    yield state(false);
  }
  return state(true);
}

/** First the cost whose front is found at once, which a sum is; then the one whose limit is lowered, which takes fewest values. */
function inOrder(of: readonly FrontCost[], sums: readonly string[]): readonly [FrontCost, FrontCost?] {
  const [first, second] = of;
  if (second === undefined) return [first];
  const isOuter = !sums.includes(first.name) && sums.includes(second.name);
  return isOuter || (first.name === "layers" && sums.includes(second.name)) ? [second, first] : [first, second];
}

/** Where the points that are not kept were the best. */
function gaps(
  points: readonly FrontPoint[],
  isKept: (point: FrontPoint) => boolean,
  whole: Interval,
  least: number,
): Interval[] {
  const list: Interval[] = [];
  points.forEach((point, i) => {
    if (isKept(point)) return;
    const from = Math.max(point.cost, whole.from);
    const to = i + 1 < points.length ? points[i + 1].cost - least : whole.to;
    const before = list.at(-1);
    if (before !== undefined && before.to + least >= from) list[list.length - 1] = { from: before.from, to };
    else if (from <= to) list.push({ from, to });
  });
  // The greatest costs first.
  return list.reverse();
}
