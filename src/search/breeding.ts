import { emptyCosts, withinLimits } from "../costs.ts";
import type { Evaluator } from "../space/evaluator.ts";
import { btnUnits, expansionOf, outUnits } from "../space/genome.ts";
import {
  mutateDepth,
  mutateKernel,
  mutateOut,
  mutatePublished,
  replaceOut,
  setExpansion,
  setOut,
  sortLayers,
  stepLayerBits,
} from "../space/mutation.ts";
import type { Space } from "../space/space.ts";
import type { Population } from "./population.ts";
import type { RandomStream } from "./random.ts";

/** Makes one child in place at `at` from a population; a pure function of the population and the random stream. */
export type Breed = (population: Population, genomes: Uint8Array, at: number, random: RandomStream) => void;

export const operatorSets = ["standard", "published"] as const;
export type OperatorSet = (typeof operatorSets)[number];

/**
 * The operators of a search.
 * @param limits budgets in the order of `costNames`, which the standard operators repair a child towards
 */
export function createBreed(name: OperatorSet, space: Space, evaluator: Evaluator, limits: Float64Array): Breed {
  return name === "published" ? publishedBreed(space) : standardBreed(space, evaluator, limits);
}

/** A parent of the population, mutated twice: the published search. */
function publishedBreed(space: Space): Breed {
  return (population, genomes, at, random) => {
    population.copy(random.below(population.count), genomes, at);
    mutatePublished(space, genomes, at, random);
    mutatePublished(space, genomes, at, random);
  };
}

/** Odds, of 2^32, that a child has a second parent. */
const CROSSOVER = 0.2 * 2 ** 32;
const MAX_MUTATIONS = 3;
/** Steps down that an over-budget child gets to come back. */
const REPAIRS = 6;
const MAX_WIDTH_STEP = 3;

/**
 * One to three mutations a child, one of them at times the exchange of a range of blocks with a second parent; then, while the child is
 * over budget, random steps down. Rates are those that measured best, docs/operators.md.
 */
function standardBreed(space: Space, evaluator: Evaluator, limits: Float64Array): Breed {
  const step = space.options.widthStep;
  const count = space.blocks.length;
  const all = space.blocks.map((_, b) => b);
  const supers = all.filter((b) => space.blocks[b].family.isSuper);
  const widths = all.filter((b) => space.blocks[b].maxOut > Math.max(space.blocks[b].minOut, step));
  const bits = all.filter((b) => space.blocks[b].bits.pairs.length > 1);
  const cost = emptyCosts();

  const stepWidth = (b: number, units: number, genomes: Uint8Array, at: number) =>
    setOut(space, b, genomes, at, outUnits(space.blocks[b], genomes, at) + units);
  const stepExpansion = (b: number, by: number, genomes: Uint8Array, at: number) => {
    const block = space.blocks[b];
    const expansion = expansionOf(space, outUnits(block, genomes, at), btnUnits(block, genomes, at)) + by;
    if (expansion >= 0 && expansion < space.expansions) setExpansion(space, block, genomes, at, expansion);
  };
  const stepBits = (up: 0 | 1, genomes: Uint8Array, at: number, random: RandomStream) =>
    stepLayerBits(space.blocks[bits[random.below(bits.length)]], up, genomes, at, random);

  type Mutate = (genomes: Uint8Array, at: number, random: RandomStream) => void;
  const operators: { readonly weight: number; readonly mutate: Mutate }[] = [];
  const add = (weight: number, blocks: readonly number[], mutate: (b: number, ...rest: Parameters<Mutate>) => void) => {
    if (blocks.length === 0) return;
    operators.push({
      weight,
      mutate: (genomes, at, random) => mutate(blocks[random.below(blocks.length)], genomes, at, random),
    });
  };
  add(1, widths, (b, genomes, at, random) => mutateOut(space, b, genomes, at, random));
  add(3, widths, (b, genomes, at, random) => {
    const units = 1 + random.below(MAX_WIDTH_STEP);
    stepWidth(b, random.below(2) === 0 ? units : -units, genomes, at);
  });
  add(1, supers, (b, genomes, at, random) => mutateKernel(space, space.blocks[b], genomes, at, random));
  add(2, supers, (b, genomes, at, random) => stepExpansion(b, random.below(2) === 0 ? 1 : -1, genomes, at));
  add(1, supers, (b, genomes, at, random) => mutateDepth(space.blocks[b], genomes, at, random));
  add(1, supers, (_, genomes, at, random) => mutatePublished(space, genomes, at, random));
  add(4, bits, (b, genomes, at, random) =>
    stepLayerBits(space.blocks[b], random.below(2) === 0 ? 0 : 1, genomes, at, random),
  );
  // A bit moves from one layer to another.
  add(2, bits, (b, genomes, at, random) => {
    stepLayerBits(space.blocks[b], 1, genomes, at, random);
    stepBits(0, genomes, at, random);
  });
  /** The operator of every unit of weight. */
  const wheel = operators.flatMap(({ weight, mutate }) => new Array<Mutate>(weight).fill(mutate));

  /** Exchanges blocks first..end-1 for the second parent's; where widths then fall along the chain, the earlier ones give way. */
  const cross = (population: Population, genomes: Uint8Array, at: number, random: RandomStream) => {
    const parent = random.below(population.count) * space.genomeLength;
    const first = random.below(count);
    const end = first + 1 + random.below(count - first);
    const from = space.blocks[first].offset;
    const to = end === count ? space.genomeLength : space.blocks[end].offset;
    for (let i = from; i < to; i++) genomes[at + i] = population.genomes[parent + i];
    for (let b = count - 2; b >= 0; b--) {
      const next = outUnits(space.blocks[b + 1], genomes, at);
      if (outUnits(space.blocks[b], genomes, at) > next) replaceOut(space, space.blocks[b], genomes, at, next);
    }
  };

  const isOver = (genomes: Uint8Array, at: number): boolean => {
    evaluator.costs(genomes, at, cost);
    return !withinLimits(cost, limits);
  };

  const stepDown = (genomes: Uint8Array, at: number, random: RandomStream) => {
    if (bits.length > 0 && random.below(2) === 0) stepBits(0, genomes, at, random);
    else if (widths.length > 0 && random.below(2) === 0)
      stepWidth(widths[random.below(widths.length)], -1, genomes, at);
    else stepExpansion(supers[random.below(supers.length)], -1, genomes, at);
  };

  return (population, genomes, at, random) => {
    population.copy(random.below(population.count), genomes, at);
    let mutations = 1 + random.below(MAX_MUTATIONS);
    if (random.next() < CROSSOVER) {
      cross(population, genomes, at, random);
      mutations--;
    }
    for (; mutations > 0; mutations--) wheel[random.below(wheel.length)](genomes, at, random);
    for (let i = 0; i < REPAIRS && isOver(genomes, at); i++) stepDown(genomes, at, random);
    for (const b of supers) sortLayers(space.blocks[b], genomes, at);
  };
}
