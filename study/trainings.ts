import { Random } from "./random.ts";

/** One training of the plan. */
export interface Training {
  /** Id of the network. */
  readonly network: string;
  readonly seed: number;
}

const numbered = (part: string, count: number) => Array.from({ length: count }, (_, i) => `${part}${i + 1}`);
const a = numbered("a", 20);
const b = numbered("b", 24);
const c = ["b24", "c8", "c4", "c3"];
const severalSeeds = ["b2", "b8", "b14", "b20"];

const pairs = (networks: readonly string[], seeds: readonly number[]) =>
  seeds.flatMap((seed) => networks.map((network) => ({ network, seed })));

/** All trainings in the order of the plan, within a part by lot; what is needed twice is trained once. */
export function plannedTrainings(): Training[] {
  const random = new Random(7);
  const parts = [
    pairs(b, [1]),
    pairs(c, [1, 2, 3]),
    pairs(a, [1]),
    pairs(severalSeeds, [2, 3]),
    pairs(c, [4, 5]),
    ...[2, 3, 4, 5].map((seed) => pairs([...b, ...a], [seed])),
  ];
  const seen = new Set<string>();
  return parts
    .flatMap((part) => random.shuffled(part))
    .filter(({ network, seed }) => !seen.has(`${network} ${seed}`) && seen.add(`${network} ${seed}`));
}
