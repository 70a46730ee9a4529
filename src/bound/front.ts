import { UserError } from "../base/user-error.ts";
import { type CostName, sumsOf } from "../costs/cost-table.ts";
import { type Budgets, deploymentOf, type SpaceDescription } from "./graph/space-description.ts";
import type { BoundNetwork } from "./incumbents.ts";
import { KeptBound } from "./kept-bound.ts";
import { type BoundState, type SolveOptions, solve } from "./solve.ts";

/** Costs are whole numbers of eighths, those of measured operators of 2^-30, so that a network of less costs at least this much less. */
const leastDifference = (name: CostName) => (name === "latency" || name === "energy" ? 2 ** -30 : 1 / 8);
/** No sum is as large. */
const UNLIMITED = 1e18;
/** Scores closer than this count as equal. */
const TOLERANCE = 1e-9;

/** What is known of a front at a moment. */
export interface FrontState {
  /** Networks of which each is the best there is under some limits, in the order in which they were found. */
  readonly found: readonly BoundNetwork[];
  /** Limits that are still to be looked under. */
  readonly open: number;
}

interface Box {
  readonly limits: readonly number[];
}

/**
 * Every network that no other beats: none has at least its score at no more of the costs named and at less of one. Of networks with equal scores and
 * costs there is one. Every step proves the optimum under limits that shut out what is known, and yields; the last state is the whole front.
 * @param names of one or two costs
 * @throws UserError where an optimum cannot be proven
 */
export function* front(
  spaces: readonly SpaceDescription[],
  budgets: Budgets,
  names: readonly CostName[],
  options: Pick<SolveOptions, "maxBytes" | "maxLabels"> = {},
): Generator<FrontState, FrontState> {
  const found: BoundNetwork[] = [];
  const solve = solver(spaces, budgets, names, options);
  const solved: { readonly limits: readonly number[]; readonly best: BoundNetwork | undefined }[] = [];
  const seen = new Set<string>();
  let open: Box[] = [{ limits: names.map((name) => budgets[name] ?? Number.POSITIVE_INFINITY) }];
  for (let box = open.pop(); box !== undefined; box = open.pop()) {
    const { limits } = box;
    const costsOf = (network: BoundNetwork) => names.map((name) => network.costs[name] ?? Number.NaN);
    const isWithin = (costs: readonly number[], most: readonly number[]) => costs.every((cost, i) => cost <= most[i]);
    // The best of a larger box is the best of all boxes that hold it; a box in one that holds no network holds none.
    const known = solved.find(
      ({ limits: outer, best }) => isWithin(limits, outer) && (best === undefined || isWithin(costsOf(best), limits)),
    );
    const best = known === undefined ? optimum(solve, names, limits, found) : known.best;
    if (known === undefined) {
      solved.push({ limits, best });
      if (best !== undefined) found.push(best);
    }
    if (best !== undefined) {
      const costs = costsOf(best);
      for (const i of names.keys()) {
        const smaller = limits.map((limit, j) => (i === j ? costs[i] - leastDifference(names[i]) : limit));
        const key = smaller.join();
        if (seen.has(key) || smaller[i] < 0) continue;
        seen.add(key);
        open.push({ limits: smaller });
      }
    }
    // The largest scores first: what is left then is a whole part of the front.
    open = open.toSorted((x, y) => compare(x.limits, y.limits));
    yield { found, open: open.length };
  }
  return { found, open: 0 };
}

const compare = (x: readonly number[], y: readonly number[]) => {
  const at = x.findIndex((limit, i) => limit !== y[i]);
  return at < 0 ? 0 : x[at] - y[at];
};

type Solve = (limits: readonly number[], known: readonly BoundNetwork[]) => Generator<BoundState, BoundState>;

/** What is compiled stays where the costs are sums over layers, whose limits alone move. */
function solver(
  spaces: readonly SpaceDescription[],
  budgets: Budgets,
  names: readonly CostName[],
  options: Pick<SolveOptions, "maxBytes" | "maxLabels">,
): Solve {
  const sums: readonly string[] = sumsOf(deploymentOf(spaces[0])).map(({ name }) => name);
  const areSums = names.every((name) => sums.includes(name));
  const under = (limits: readonly number[]): Budgets => {
    const moved = names.map((name, i) => [
      name,
      Number.isFinite(limits[i]) ? limits[i] : areSums ? UNLIMITED : undefined,
    ]);
    const whole = Object.entries({ ...budgets, ...Object.fromEntries(moved) });
    return Object.fromEntries(whole.filter(([, limit]) => limit !== undefined));
  };
  if (!areSums) return (limits, known) => solve(spaces, under(limits), { ...options, known });
  const { maxBytes, ...rest } = options;
  const kept = new KeptBound({ spaces, budgets: under(names.map(() => Number.POSITIVE_INFINITY)) }, maxBytes);
  return (limits, known) => kept.solve(under(limits), { ...rest, known });
}

function optimum(
  solve: Solve,
  names: readonly CostName[],
  limits: readonly number[],
  found: readonly BoundNetwork[],
): BoundNetwork | undefined {
  const steps = solve(limits, found);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const { proven, networks } = step.value;
  if (!proven) {
    const under = names.map((name, i) => `${name} ${limits[i]}`).join(", ");
    throw new UserError(
      `front: the best network under ${under} could not be proven; give the space fewer widths, kernels or bits, or fewer budgets`,
    );
  }
  return networks[0];
}

/** Of networks found, those that none other beats, in rising order of the first cost. */
export function undominated(found: readonly BoundNetwork[], names: readonly CostName[]): BoundNetwork[] {
  const costsOf = ({ costs }: BoundNetwork) => names.map((name) => costs[name] ?? Number.NaN);
  const beats = (p: BoundNetwork, q: BoundNetwork) => {
    const [own, other] = [costsOf(p), costsOf(q)];
    if (!own.every((cost, i) => cost <= other[i]) || p.score < q.score - TOLERANCE) return false;
    return own.some((cost, i) => cost < other[i]) || p.score > q.score + TOLERANCE;
  };
  const distinct = new Map(found.map((network) => [costsOf(network).join(), network]));
  for (const network of found) {
    const key = costsOf(network).join();
    if (network.score > distinct.get(key)!.score) distinct.set(key, network);
  }
  const all = [...distinct.values()];
  const kept = all.filter((q) => !all.some((p) => p !== q && beats(p, q)));
  return kept.toSorted((x, y) => compare(costsOf(x), costsOf(y)));
}

/**
 * What more of a cost buys at a point of a front: the greatest score per unit of it to another point that has no more of the other costs; null where no
 * point is bought so.
 */
export function priceAt(
  points: readonly BoundNetwork[],
  at: BoundNetwork,
  cost: CostName,
  names: readonly CostName[],
): number | null {
  const of = (network: BoundNetwork, name: CostName) => network.costs[name] ?? Number.NaN;
  let most: number | null = null;
  for (const point of points) {
    const more = of(point, cost) - of(at, cost);
    if (!(more > 0) || names.some((name) => name !== cost && of(point, name) > of(at, name))) continue;
    const price = (point.score - at.score) / more;
    if (most === null || price > most) most = price;
  }
  return most;
}
