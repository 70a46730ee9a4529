import type { Structure } from "../src/network/structure.ts";
import { type Genes, mutated, randomGenes, structureOf } from "./genes.ts";
import { Random } from "./random.ts";
import { costsOf, device, LEAST_BITS, MOST_BITS, provenOptimum, scoreOf } from "./space.ts";

/** A network of the study: where it came from, and what it is. */
export interface Sampled {
  /** Part and number, from 1 on: a1, b24, c8. */
  readonly id: string;
  readonly structure: Structure;
}

const SEED = 20;
const ACROSS = 20;
const AT_ONE_BUDGET = 24;
/** BitOps. */
const LEAST_TARGET = 4e6;
const MOST_TARGET = 32e6;
const MOST_MACS = 0.8e6;
/** Costs that part b holds equal, and how far below the budget they may be, as a share. */
const held = ["bitops", "flash", "sramLive"] as const;
const SLACK = 0.02;
const CHAINS = 300;
const MUTATIONS = 2000;

/** Every network of the plan; the same on every machine. */
export function sampleNetworks(): Sampled[] {
  const all = Array.from({ length: MOST_BITS - LEAST_BITS + 1 }, (_, i) => LEAST_BITS + i);
  const mixed = provenOptimum(all, device);
  const b = atOneBudget(mixed).map((structure, i) => ({ id: `b${i + 1}`, structure }));
  const c = [8, 4, 3].map((bits) => ({ id: `c${bits}`, structure: provenOptimum([bits], device) }));
  const a = acrossBudgets().map((structure, i) => ({ id: `a${i + 1}`, structure }));
  return [...a, ...b, ...c];
}

/** One random network within 5% of each target of BitOps; the targets are in equal ratios. */
function acrossBudgets(): Structure[] {
  const random = new Random(SEED);
  return Array.from({ length: ACROSS }, (_, i) => {
    const target = LEAST_TARGET * (MOST_TARGET / LEAST_TARGET) ** (i / (ACROSS - 1));
    for (;;) {
      const structure = structureOf(randomGenes(random));
      const { bitops, macs } = costsOf(structure);
      if (Math.abs(bitops / target - 1) <= 0.05 && macs <= MOST_MACS) return structure;
    }
  });
}

/** Networks as dear as the optimum, whose scores are spread evenly from the poorest found up to it. */
function atOneBudget(optimum: Structure): Structure[] {
  const budgets = costsOf(optimum);
  const outside = (structure: Structure) => {
    const costs = costsOf(structure);
    return held.reduce((sum, name) => {
      const share = costs[name] / budgets[name];
      return sum + Math.max(0, share - 1, 1 - SLACK - share);
    }, 0);
  };
  const best = scoreOf(optimum);
  const random = new Random(SEED + 1);
  const pool = new Map<string, { structure: Structure; score: number }>();
  for (let chain = 0; chain < CHAINS; chain++) {
    const target = best * random.next();
    let genes: Genes = randomGenes(random);
    let energy = Number.POSITIVE_INFINITY;
    for (let i = 0; i < MUTATIONS; i++) {
      const next = i === 0 ? genes : mutated(genes, random);
      const structure = structureOf(next);
      const [distance, score] = [outside(structure), scoreOf(structure)];
      if (distance === 0) pool.set(JSON.stringify(structure), { structure, score });
      const judged = distance + Math.abs(score - target) / best / 10;
      if (judged > energy) continue;
      genes = next;
      energy = judged;
    }
  }
  pool.set(JSON.stringify(optimum), { structure: optimum, score: best });
  let left = [...pool.values()].sort((x, y) => x.score - y.score);
  const least = left[0].score;
  const nearest: Structure[] = [];
  for (let i = AT_ONE_BUDGET - 1; i >= 0; i--) {
    const place = least + (i * (best - least)) / (AT_ONE_BUDGET - 1);
    const away = left.map(({ score }) => Math.abs(score - place));
    const taken = left[away.indexOf(Math.min(...away))].structure;
    // Those that differ in bits alone are nearly one network.
    left = left.filter(({ structure }) => shapeOf(structure) !== shapeOf(taken));
    nearest.push(taken);
  }
  return nearest.sort((x, y) => scoreOf(x) - scoreOf(y));
}

const shapeOf = (structure: Structure) => JSON.stringify(structure.map(({ out, L, btn }) => [out, L, btn]));
