export const operatorSets = ["fitted", "standard", "published"] as const;
export type OperatorSet = (typeof operatorSets)[number];

/** How often operators do what; the weights are relative. */
export interface OperatorRates {
  /** Share of children with a second parent. */
  readonly crossover: number;
  readonly maxMutations: number;
  /** Steps down that an over-budget child gets to come back. */
  readonly repairs: number;
  /** Steps up that a child within budget tries, to use what is left of it. */
  readonly fills: number;
  /** Whether inner layers that differ in their order alone are kept once. */
  readonly sortLayers: boolean;
  /** Weight of each mutation. */
  readonly widthFactor: number;
  /** Small steps of a width, within its neighbours'. */
  readonly widthStep: number;
  /** Small steps of a width that take neighbours along. */
  readonly widthPush: number;
  readonly kernel: number;
  readonly expansion: number;
  readonly depth: number;
  readonly moveDepth: number;
  readonly published: number;
  readonly layerBits: number;
  readonly moveBit: number;
  /** Where the resolution is searched. */
  readonly resolution: number;
}

/**
 * The rates of every set, docs/operators.md; `published` has none. `fitted` measured best; `standard` are those of earlier versions, kept so
 * that their runs go on with the same children.
 */
export const operatorRates = {
  fitted: {
    crossover: 0.5,
    maxMutations: 3,
    repairs: 12,
    fills: 4,
    sortLayers: true,
    widthFactor: 1,
    widthStep: 0,
    widthPush: 8,
    kernel: 1,
    expansion: 2,
    depth: 1,
    moveDepth: 2,
    published: 1,
    layerBits: 2,
    moveBit: 2,
    resolution: 8,
  },
  standard: {
    crossover: 0.2,
    maxMutations: 3,
    repairs: 6,
    fills: 0,
    sortLayers: true,
    widthFactor: 1,
    widthStep: 3,
    widthPush: 0,
    kernel: 1,
    expansion: 2,
    depth: 1,
    moveDepth: 0,
    published: 1,
    layerBits: 4,
    moveBit: 2,
    resolution: 1,
  },
  published: undefined,
} as const satisfies Record<OperatorSet, OperatorRates | undefined>;
