import type { Row } from "./rows.ts";
import type { Sampled } from "./sampler.ts";
import { costPredictors, type Predictor, SCORE, scorePredictors } from "./scores.ts";
import {
  type Interval,
  kendallTau,
  meanOf,
  percentiles,
  pooledDeviation,
  resamplesOf,
  tausOf,
  welch,
} from "./statistics.ts";

/** A network that was trained, with its mean accuracy in per cent. */
export interface Trained {
  readonly network: Sampled;
  readonly row: Row;
  readonly accuracies: readonly number[];
  readonly mean: number;
}

/** How a figure ranks the accuracies of a part's networks. */
export interface Ranking {
  readonly name: string;
  readonly values: readonly number[];
  readonly tau: Interval;
  /** Tau of the score less this one's; absent of the score. */
  readonly behind?: Interval;
  /** The same at 95% divided by the number of scores compared; of part d. */
  readonly behindAmongMany?: Interval;
}

export interface Part {
  /** Whether all networks of the plan are trained: a hypothesis is judged once, then. */
  readonly isWhole: boolean;
  readonly trained: readonly Trained[];
  readonly costs: readonly Ranking[];
  readonly scores: readonly Ranking[];
}

export interface Results {
  readonly rows: readonly Row[];
  readonly a: Part;
  readonly b: Part;
  /** Networks of part c with the mixed one first. */
  readonly c: readonly Trained[];
  /** The mixed network less each uniform one, where both have two seeds. */
  readonly differences: readonly { readonly id: string; readonly difference: Interval }[];
  /** Standard deviation between seeds of a network, in points, and of how many networks it is. */
  readonly noise: number;
  readonly noiseNetworks: number;
}

/** Networks that a ranking needs; with fewer there is none. Resamples of less say little. */
const LEAST = 8;

export function resultsOf(rows: readonly Row[], networks: readonly Sampled[]): Results {
  const trained = networks.flatMap((network): Trained[] => {
    const own = rows.filter(({ network: id }) => id === network.id).sort((x, y) => x.seed - y.seed);
    const accuracies = own.map(({ accuracy }) => 100 * accuracy);
    return own.length === 0 ? [] : [{ network, row: own[0], accuracies, mean: meanOf(accuracies) }];
  });
  const part = (letter: string) => partOf(trained, networks, letter);
  const c = ["b24", "c8", "c4", "c3"].flatMap((id) => trained.filter(({ network }) => network.id === id));
  const [mixed, ...uniform] = c;
  const several = trained.filter(({ accuracies }) => accuracies.length > 1);
  return {
    rows,
    a: part("a"),
    b: part("b"),
    c,
    differences: uniform
      .filter(({ accuracies }) => Math.min(accuracies.length, mixed.accuracies.length) > 1)
      .map(({ network, accuracies }) => ({ id: network.id, difference: welch(mixed.accuracies, accuracies) })),
    noise: pooledDeviation(several.map(({ accuracies }) => accuracies)),
    noiseNetworks: several.length,
  };
}

function partOf(all: readonly Trained[], networks: readonly Sampled[], letter: string): Part {
  const trained = all.filter(({ network }) => network.id.startsWith(letter));
  const isWhole = trained.length === networks.filter(({ id }) => id.startsWith(letter)).length;
  if (trained.length < LEAST) return { isWhole, trained, costs: [], scores: [] };
  const rows = trained.map(({ row }) => row);
  const accuracy = trained.map(({ mean }) => mean);
  const resamples = resamplesOf(trained.length);
  const [score, ...others] = scorePredictors(
    trained.map(({ network }) => network),
    rows,
  );
  const drawn = tausOf(score.values, accuracy, resamples);
  const rankingOf = ({ name, values }: Predictor, among = 1): Ranking => {
    const draws = name === SCORE ? drawn : tausOf(values, accuracy, resamples);
    const value = kendallTau(values, accuracy);
    const ranking = { name, values, tau: { value, ...percentiles(draws) } };
    if (name === SCORE) return ranking;
    const apart = drawn.map((tau, i) => tau - draws[i]);
    const behind = kendallTau(score.values, accuracy) - value;
    const interval = (level: number) => ({ value: behind, ...percentiles(apart, level) });
    return { ...ranking, behind: interval(0.95), behindAmongMany: interval(1 - 0.05 / among) };
  };
  return {
    isWhole,
    trained,
    costs: [score, ...costPredictors(rows)].map((predictor) => rankingOf(predictor)),
    scores: [score, ...others].map((predictor) => rankingOf(predictor, others.length)),
  };
}
