import { greatestOf, leastOf } from "../base/extremes.ts";
import { UserError } from "../base/user-error.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { costNames } from "../costs/cost-table.ts";
import { type Costs, costs, emptyCosts } from "../costs/costs.ts";
import { familyOf, searchFamilies } from "../network/families.ts";
import { networkOf, type Structure } from "../network/structure.ts";
import { classesBeside } from "../space/space.ts";

/** Of five stages, as published; networks of others have the same last ones. */
const STAGE_WEIGHTS = [0, 0, 1, 1, 6];

/** Widths per output channel that a space has unless told otherwise. */
const EXPANSIONS = [1.5, 2, 2.5, 3, 3.5, 4];

export interface PlacedNetwork {
  readonly structure: Structure;
  readonly resolution: number;
  readonly classes: number;
}

/** One weight a stage: the last ones of the usual, 0 before them where there are more. */
export function stageWeightsOf(stages: number, usual: readonly number[] = STAGE_WEIGHTS): number[] {
  return Array.from({ length: stages }, (_, i) => usual[i + usual.length - stages] ?? 0);
}

/**
 * The search that a network could have come of: the family of its first super block, its blocks and strides, kernels, expansions and bits of its own beside the usual ones, and its own
 * costs as budgets.
 * @throws UserError where no search has such networks
 */
export function configAround(
  { structure, resolution, classes }: PlacedNetwork,
  scoring: { readonly stageWeights: readonly number[]; readonly sigmaActivation: number; readonly sigmaWeight: number },
): Config {
  const supers = structure.filter((block) => familyOf(block.class)!.isSuper);
  const names = new Set(supers.map((block) => block.class));
  const family = searchFamilies().find(({ className }) => className === supers[0]?.class);
  const beside = new Set(family === undefined ? [] : classesBeside(family.className));
  if (family === undefined || [...names].some((name) => !beside.has(name))) {
    const known = searchFamilies().map(({ className }) => className);
    throw new UserError(
      `no space has networks of ${names.size === 0 ? "single convs" : [...names].join(" and ")}; those of ${known.join(" or ")} are searched`,
    );
  }
  const figures: Readonly<Costs> = costs(networkOf(structure, resolution), classes, emptyCosts());
  const own = (of: (block: Structure[number]) => readonly number[]) => [...new Set(supers.flatMap(of))];
  const bits = structure.slice(1).flatMap(({ nbitsA = [], nbitsW = [] }) => [nbitsA, nbitsW].flat());
  const least = leastOf([3, ...bits]);
  const most = greatestOf([6, ...bits]);
  const ratios = own(({ btn = 0, out }) => (EXPANSIONS.some((e) => Math.abs(e * out - btn) <= 4) ? [] : [btn / out]));
  return parseConfig(
    {
      name: "imported",
      input: { resolution, channels: structure[0].in },
      classes,
      space: {
        family: family.search.name,
        start: structure,
        kernels: [...new Set([3, 5, ...own(({ k }) => [k])])].toSorted((a, b) => a - b),
        expansions: [...EXPANSIONS, ...ratios],
        maxDepth: greatestOf([3, ...own(({ L = 1 }) => [L])]),
        ...(bits.length > 0 ? { bits: Array.from({ length: most - least + 1 }, (_, i) => least + i) } : {}),
      },
      score: { kind: "analytic", ...scoring },
      budgets: Object.fromEntries(costNames.flatMap((name) => (figures[name] > 0 ? [[name, figures[name]]] : []))),
    },
    "its space",
  );
}
