import type { CostName } from "../costs/cost-table.ts";
import type { BoundNetwork } from "./incumbents.ts";
import { Staircase } from "./staircase.ts";

const costOf = ({ costs }: BoundNetwork, name: CostName) => costs[name] ?? Number.NaN;

/** Of networks, those that none other beats in score and one or two costs, in rising order of the first. */
export function undominated(found: readonly BoundNetwork[], [first, second]: readonly CostName[]): BoundNetwork[] {
  const points = found.map((network) => ({
    network,
    score: network.score,
    cost: costOf(network, first),
    other: second === undefined ? 0 : costOf(network, second),
  }));
  points.sort((p, q) => p.other - q.other || p.cost - q.cost || q.score - p.score);
  // Whoever may beat a point comes before it.
  const before = new Staircase<(typeof points)[number]>();
  const kept = points.filter((point) => {
    const isKept = before.isNew(point);
    before.add(point);
    return isKept;
  });
  return kept.sort((p, q) => p.cost - q.cost || p.other - q.other).map(({ network }) => network);
}

/**
 * Of the points of a front of one cost, in rising order of it, those that are best at some price of it: the corners of the least concave line above all of them.
 */
export function hullOf(points: readonly BoundNetwork[], cost: CostName): BoundNetwork[] {
  const hull: BoundNetwork[] = [];
  for (const point of points) {
    while (
      hull.length > 1 &&
      slope(hull[hull.length - 2], hull[hull.length - 1], cost) <= slope(hull[hull.length - 1], point, cost)
    )
      hull.pop();
    hull.push(point);
  }
  return hull;
}

const slope = (from: BoundNetwork, to: BoundNetwork, cost: CostName) =>
  (to.score - from.score) / (costOf(to, cost) - costOf(from, cost));

/**
 * What more of a cost buys at every point of a front: the greatest score per unit of it to another point that has no more of the other costs; null where no
 * point is bought so.
 */
export function pricesOf(
  points: readonly BoundNetwork[],
  cost: CostName,
  names: readonly CostName[],
): (number | null)[] {
  const others = names.filter((name) => name !== cost);
  return points.map((at) => {
    let most: number | null = null;
    for (const point of points) {
      if (!(costOf(point, cost) > costOf(at, cost))) continue;
      if (others.some((name) => costOf(point, name) > costOf(at, name))) continue;
      const price = slope(at, point, cost);
      if (most === null || price > most) most = price;
    }
    return most;
  });
}
