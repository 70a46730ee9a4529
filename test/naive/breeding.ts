import { budgetNames, type CostName } from "../../src/costs/cost-table.ts";
import type { OperatorRates } from "../../src/engine/operators.ts";
import type { Population } from "../../src/search/population.ts";
import { replaceOut, setExpansion, setOut, setResolution } from "../../src/space/genes.ts";
import { btnUnits, expansionOf, outUnits, resolutionOf } from "../../src/space/genome.ts";
import type { Space } from "../../src/space/space.ts";
import {
  moveDepth,
  mutateDepth,
  mutateKernel,
  mutateOut,
  mutatePublished,
  mutateResolution,
  pushOut,
  sortLayers,
  stepLayerBits,
} from "./mutation.ts";
import type { RandomStream } from "./random.ts";

/*
 * The slow, obvious operators: the judge of the genome module.
 */

/** An operator set; each member is a pure function of what it is given. */
export interface Breeding {
  /** Makes one child in place at `at`. */
  breed(population: Population, genomes: Uint8Array, at: number, random: RandomStream): void;
  /** Fits a child to the budgets in place. */
  settle(genomes: Uint8Array, at: number, random: RandomStream): "fits" | "exceeds" | "fitted";
}

/** Whether the genome at `at` is over a budget. */
export type Exceeds = (genomes: Uint8Array, at: number) => boolean;

/**
 * The operators of a search.
 * @param limits budgets in the order of `budgetNames`
 * @param rates none for the published operators
 */
export function createBreeding(
  space: Space,
  exceeds: Exceeds,
  limits: Float64Array,
  rates: OperatorRates | undefined,
): Breeding {
  return rates === undefined ? publishedBreeding(space, exceeds) : ratedBreeding(space, exceeds, limits, rates);
}

/** A parent of the population, mutated twice: the published search. */
function publishedBreeding(space: Space, exceeds: Exceeds): Breeding {
  return {
    breed(population, genomes, at, random) {
      population.copy(random.below(population.count), genomes, at);
      mutatePublished(space, genomes, at, random);
      mutatePublished(space, genomes, at, random);
    },
    settle: (genomes, at) => (exceeds(genomes, at) ? "exceeds" : "fits"),
  };
}

const MAX_WIDTH_STEP = 3;

/**
 * One to three mutations a child, one of them at times the exchange of a range of blocks with a second parent; then random steps down
 * while the child is over budget, and steps up, of which those that fit are kept.
 */
function ratedBreeding(space: Space, exceeds: Exceeds, limits: Float64Array, rates: OperatorRates): Breeding {
  const step = space.options.widthStep;
  const count = space.blocks.length;
  const all = space.blocks.map((_, b) => b);
  const supers = all.filter((b) => space.blocks[b].family.isSuper);
  const widths = all.filter((b) => space.blocks[b].maxOut > Math.max(space.blocks[b].minOut, step));
  const bits = all.filter((b) => space.blocks[b].bits.pairs.length > 1);

  const stepWidth = (b: number, units: number, genomes: Uint8Array, at: number) =>
    setOut(space, b, genomes, at, outUnits(space.blocks[b], genomes, at) + units);
  const pushWidth = (b: number, units: number, genomes: Uint8Array, at: number, random: RandomStream) =>
    pushOut(space, b, genomes, at, outUnits(space.blocks[b], genomes, at) + units, random.below(2) === 0);
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
  add(rates.widthFactor, widths, (b, genomes, at, random) => mutateOut(space, b, genomes, at, random));
  add(rates.widthStep, widths, (b, genomes, at, random) => {
    const units = 1 + random.below(MAX_WIDTH_STEP);
    stepWidth(b, random.below(2) === 0 ? units : -units, genomes, at);
  });
  add(rates.widthPush, widths, (b, genomes, at, random) => {
    const units = 1 + random.below(MAX_WIDTH_STEP);
    pushWidth(b, random.below(2) === 0 ? units : -units, genomes, at, random);
  });
  add(rates.kernel, supers, (b, genomes, at, random) => mutateKernel(space, space.blocks[b], genomes, at, random));
  add(rates.expansion, supers, (b, genomes, at, random) =>
    stepExpansion(b, random.below(2) === 0 ? 1 : -1, genomes, at),
  );
  add(rates.depth, supers, (b, genomes, at, random) => mutateDepth(space.blocks[b], genomes, at, random));
  if (supers.length > 1) {
    add(rates.moveDepth, supers, (from, genomes, at, random) =>
      moveDepth(space.blocks[from], space.blocks[supers[random.below(supers.length)]], genomes, at, random),
    );
  }
  add(rates.published, supers, (_, genomes, at, random) => mutatePublished(space, genomes, at, random));
  add(rates.layerBits, bits, (b, genomes, at, random) =>
    stepLayerBits(space.blocks[b], random.below(2) === 0 ? 0 : 1, genomes, at, random),
  );
  // A bit moves from one layer to another.
  add(rates.moveBit, bits, (b, genomes, at, random) => {
    stepLayerBits(space.blocks[b], 1, genomes, at, random);
    stepBits(0, genomes, at, random);
  });
  if (space.options.resolutions.length > 1) {
    operators.push({
      weight: rates.resolution,
      mutate: (genomes, at, random) => mutateResolution(space, genomes, at, random),
    });
  }
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
    // The second parent's kernels may be those of another resolution.
    setResolution(space, genomes, at, resolutionOf(space, genomes, at));
  };

  const stepDown = (genomes: Uint8Array, at: number, random: RandomStream) => {
    if (bits.length > 0 && random.below(2) === 0) stepBits(0, genomes, at, random);
    else if (widths.length > 0 && random.below(2) === 0)
      stepWidth(widths[random.below(widths.length)], -1, genomes, at);
    else stepExpansion(supers[random.below(supers.length)], -1, genomes, at);
  };

  const stepUp = (genomes: Uint8Array, at: number, random: RandomStream) => {
    if (bits.length > 0 && random.below(2) === 0) stepBits(1, genomes, at, random);
    else if (widths.length > 0 && random.below(2) === 0)
      pushWidth(widths[random.below(widths.length)], 1, genomes, at, random);
    else stepExpansion(supers[random.below(supers.length)], 1, genomes, at);
  };

  const crossoverOdds = rates.crossover * 2 ** 32;
  // The order of a block's bits changes neither score, BitOps nor flash, but it does change what is live.
  const isLimited = (name: CostName) => Number.isFinite(limits[budgetNames.indexOf(name)]);
  const sorts = rates.sortLayers && !isLimited("sram") && !isLimited("sramLive") && !isLimited("arena");
  const sort = (genomes: Uint8Array, at: number) => {
    if (!sorts) return;
    for (const b of supers) sortLayers(space.blocks[b], genomes, at);
  };

  return {
    breed(population, genomes, at, random) {
      population.copy(random.below(population.count), genomes, at);
      let mutations = 1 + random.below(rates.maxMutations);
      if (random.next() < crossoverOdds) {
        cross(population, genomes, at, random);
        mutations--;
      }
      for (; mutations > 0; mutations--) wheel[random.below(wheel.length)](genomes, at, random);
      sort(genomes, at);
    },
    settle(genomes, at, random) {
      const fits = !exceeds(genomes, at);
      for (let i = 0; exceeds(genomes, at); i++) {
        if (i === rates.repairs) return "exceeds";
        stepDown(genomes, at, random);
      }
      for (let i = 0; i < rates.fills; i++) {
        const kept = genomes.slice(at, at + space.genomeLength);
        stepUp(genomes, at, random);
        if (exceeds(genomes, at)) genomes.set(kept, at);
      }
      if (fits && rates.fills === 0) return "fits";
      sort(genomes, at);
      return "fitted";
    },
  };
}
