import type { Chain, ChainBlock } from "../graph/chain.ts";
import type { LayerFigures } from "../graph/layer-figures.ts";
import { mayFollow } from "../graph/memory-rule.ts";
import type { Relaxation } from "../lagrange/relaxation.ts";
import { emptyStep, LabelCollector, type Labels, type PricedStep, rootLabel } from "./labels.ts";

/** Every suffix worth keeping, by border (before block b) and state: in * classes + class of the suffix's first layer. */
export interface Fronts {
  readonly borders: readonly (readonly (Labels | undefined)[])[];
  /** Reduced value that a whole network needs to be covered. */
  readonly least: number;
  /** Whether nothing but dominated and hopeless suffixes is missing; a beam drops others too. */
  readonly complete: boolean;
  /** Labels kept, over all borders. */
  readonly labels: number;
}

/** Labels of one border above which a pass gives up. */
export class TooManyLabels extends Error {}

/** A second Lagrangian bound, at other multipliers, that a label has to pass: the first is weak where a label has spent the budgets unevenly. */
export interface Screen {
  readonly multipliers: readonly number[];
  /** What turns a reduced value into a bound of the score, with the slack of its rounding. */
  readonly offset: number;
  /** As `Relaxation.prefix`. */
  readonly prefix: readonly Float64Array[];
}

/** How many labels a pass may keep. */
export interface LabelLimits {
  /** Labels of one border, in all its states, above which a pass gives up. */
  readonly labels: number;
  /** Labels of one state: a pass keeps the ones with the greatest reduced value and is no proof any more; absent for all. */
  readonly beam?: number;
}

/**
 * Builds, from the network's end to its start, the undominated suffixes that can be part of a network with a score of `threshold` or more.
 * A suffix is dropped only where another suffix of the same state is as good at no more cost, where it breaks a budget, or where even the best prefix,
 * by the Lagrangian bound, does not lift it to the threshold. Yields often, so that a caller can stop it.
 * @param relaxation solved with prefixes, its shapes selected for the threshold
 * @throws TooManyLabels
 */
export function* labelFronts(
  relaxation: Relaxation,
  threshold: number,
  limits: LabelLimits,
  screens: readonly Screen[] = [],
): Generator<void, Fronts> {
  const { chain } = relaxation;
  const classes = chain.activations.length;
  const least = threshold - relaxation.offset;
  const pass = new Pass(relaxation, threshold, limits, screens);
  const blocks = chain.blocks.length;
  const end = new Array<Labels | undefined>(chain.blocks[blocks - 1].outs.length * classes);
  for (let o = chain.endClass; o < end.length; o += classes) end[o] = rootLabel(chain.limits.length);
  const borders = [end];
  for (let b = blocks - 1; b >= 0; b--) borders.unshift(yield* pass.extendBlock(b, borders[0]));
  return { borders, least, complete: pass.complete, labels: pass.labels };
}

class Pass {
  labels = 0;
  complete = true;
  readonly #relaxation: Relaxation;
  readonly #chain: Chain;
  readonly #threshold: number;
  readonly #least: number;
  readonly #screens: readonly Screen[];
  readonly #limits: LabelLimits;
  readonly #step: PricedStep;
  readonly #scratch: LabelCollector;

  constructor(relaxation: Relaxation, threshold: number, limits: LabelLimits, screens: readonly Screen[]) {
    this.#relaxation = relaxation;
    this.#chain = relaxation.chain;
    this.#threshold = threshold;
    this.#least = threshold - relaxation.offset;
    this.#screens = screens;
    this.#limits = limits;
    this.#step = emptyStep(relaxation.multipliers);
    this.#scratch = new LabelCollector(this.#chain.limits);
  }

  *extendBlock(b: number, behind: readonly (Labels | undefined)[]): Generator<void, (Labels | undefined)[]> {
    const classes = this.#chain.activations.length;
    const block = this.#chain.blocks[b];
    const { outs, variants, ins, goodPairs, pairClass, first } = block;
    const perIn = outs.length * variants;
    const prefix = this.#relaxation.prefix[b];
    const states: (LabelCollector | undefined)[] = new Array(ins.length * classes);
    const byRest = new Map<number, number[]>();
    for (const s of this.#relaxation.blocks[b].alive) {
      const list = byRest.get(s % perIn);
      if (list === undefined) byRest.set(s % perIn, [s]);
      else list.push(s);
    }
    for (const [r, shapes] of byRest) {
      const tails = tailLabels(this.#relaxation, { b, r }, behind, this.#scratch, this.#least);
      const merged = mergeDepths(tails, this.#scratch, classes);
      for (const s of shapes) {
        const i = Math.floor(s / perIn);
        for (const p of goodPairs) {
          const c = pairClass[p];
          const state = i * classes + c;
          const least = this.#least - prefix[state];
          if (least === Number.POSITIVE_INFINITY) continue;
          setStep(this.#step, block, first, s, p);
          for (let next = 0; next < classes; next++) {
            const labels = merged[next];
            if (labels === undefined || labels.count === 0 || !mayFollow(this.#chain, first, s, c, next)) continue;
            if (labels.reduced[0] + this.#step.reduced < least) continue;
            states[state] ??= new LabelCollector(this.#chain.limits);
            this.#relaxation.work += labels.count;
            states[state].extend(labels, this.#step, least);
            if (states[state].count > this.#limits.labels) throw new TooManyLabels();
          }
        }
      }
      yield;
    }
    const { beam, labels } = this.#limits;
    const fronts = states.map((collector, state) => collector?.finish(beam, this.#passes(b, state)));
    if (fronts.some((front) => front !== undefined && front.count === beam)) this.complete = false;
    const count = fronts.reduce((sum, front) => sum + (front?.count ?? 0), 0);
    if (count > labels) throw new TooManyLabels();
    this.labels += count;
    return fronts;
  }

  /** Whether a label of a border state reaches the threshold by all screens. */
  #passes(b: number, state: number): (value: number, costs: readonly Float64Array[], at: number) => boolean {
    const bars = this.#screens.map(({ offset, prefix }) => this.#threshold - offset - prefix[b][state]);
    return (value, costs, at) =>
      this.#screens.every(({ multipliers }, k) => {
        let reduced = value;
        for (let d = 0; d < multipliers.length; d++) reduced -= multipliers[d] * costs[d][at];
        return reduced >= bars[k];
      });
  }
}

/**
 * Labels of everything behind the first inner layer, for one width and variant: result[n][class] has exactly n more layers, the first of them of that class.
 * @param b,r the block, and the width and variant
 * @param behind of the block's border
 * @param least reduced value, without the offset, below which no path is of use
 */
export function tailLabels(
  { chain, blocks, multipliers }: Relaxation,
  { b, r }: { readonly b: number; readonly r: number },
  behind: readonly (Labels | undefined)[],
  scratch: LabelCollector,
  least: number,
): (Labels | undefined)[][] {
  const block = chain.blocks[b];
  const { head } = blocks[b];
  const { maxDepth, variants, goodPairs, pairClass, rest } = block;
  const classes = chain.activations.length;
  const o = Math.floor(r / variants);
  const step = emptyStep(multipliers);
  const levels: (Labels | undefined)[][] = [behind.slice(o * classes, (o + 1) * classes)];
  for (let n = 1; n < maxDepth; n++) {
    const level: (Labels | undefined)[] = [];
    for (let c = 0; c < classes; c++) {
      const bound = least - head[(r * maxDepth + maxDepth - 1 - n) * classes + c];
      for (const p of goodPairs) {
        if (pairClass[p] !== c) continue;
        setStep(step, block, rest, r, p);
        for (let next = 0; next < classes; next++) {
          const labels = levels[n - 1][next];
          if (labels !== undefined && mayFollow(chain, rest, r, c, next)) scratch.extend(labels, step, bound);
        }
      }
      level.push(scratch.count === 0 ? undefined : scratch.finish());
    }
    levels.push(level);
  }
  return levels;
}

function mergeDepths(
  levels: (Labels | undefined)[][],
  scratch: LabelCollector,
  classes: number,
): (Labels | undefined)[] {
  return Array.from({ length: classes }, (_, c) => {
    const present = levels.map((level) => level[c]).filter((labels) => labels !== undefined);
    if (present.length < 2) return present[0];
    for (const labels of present) scratch.append(labels);
    return scratch.finish();
  });
}

/** Sets a step to what one layer of a shape with a bit pair adds. */
export function setStep(
  step: PricedStep,
  { gain, factor }: ChainBlock,
  table: LayerFigures,
  s: number,
  p: number,
): void {
  const { multipliers } = step;
  step.value = table.value[s] + gain[p];
  step.reduced = step.value;
  for (let d = 0; d < step.costs.length; d++) {
    step.costs[d] = table.base[d][s] + table.slope[d][s] * factor[d][p];
    step.reduced -= multipliers[d] * step.costs[d];
  }
}
