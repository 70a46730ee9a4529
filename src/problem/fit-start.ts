import { leastOf } from "../base/extremes.ts";
import { UserError } from "../base/user-error.ts";
import { budgetNames } from "../costs/cost-table.ts";
import { overLimits } from "../costs/costs.ts";
import { Network } from "../network/network.ts";
import { effectivenessOf } from "../score/effectiveness.ts";
import { setDepth, setExpansion, setOut, setResolution } from "../space/genes.ts";
import { btnUnits, costsAt, decode, outUnits, resolutionOf, shrunkKernel } from "../space/genome.ts";
import { smallestCosts } from "../space/smallest.ts";
import { ConvGene, type Space, SuperGene } from "../space/space.ts";
import type { Problem } from "./problem.ts";

/** Of a problem, what says whether a genome is within budget. */
type Budgeted = Pick<Problem, "space" | "classes" | "limits"> & Partial<Pick<Problem, "deployment" | "effectiveness">>;

/** What else helps: a board has the memory that it has. */
const SMALLER =
  "or let the networks be smaller: by a lower input.resolution, fewer bits, or fewer blocks in space.start";

/** What the start network needs beyond its budgets, e.g. `flash 1200000 > 1048576 (14.4% over)`; empty where it fits. */
export function overBudget(problem: Budgeted, genome: Uint8Array): string[] {
  const { space, classes, limits, deployment } = problem;
  const cost = costsAt(space, genome, 0, classes, deployment);
  const over = overLimits(cost, limits).map((name) => {
    const limit = limits[budgetNames.indexOf(name)];
    const figure = cost[name] ?? Number.NaN;
    return `${name} ${figure} > ${limit} (${((100 * figure) / limit - 100).toFixed(1)}% over)`;
  });
  return [...over, ...overEffectiveness(problem, genome)];
}

function overEffectiveness({ space, effectiveness = Number.POSITIVE_INFINITY }: Budgeted, genome: Uint8Array) {
  if (effectiveness === Number.POSITIVE_INFINITY) return [];
  const network = new Network(space.convCapacity);
  decode(space, genome, 0, network);
  const own = effectivenessOf(network);
  return own <= effectiveness ? [] : [`effectiveness ${own} > ${effectiveness}`];
}

/**
 * Shrinks a start network until it is within every budget. The rules, each a step at a time and as long as it changes something,
 * before the next: the input resolution, one down; the depth, the last layer of the deepest block (the later of equals); the
 * expansion of every block, one down; every width times 0.8, down to a multiple of the width step; the kernels, the smallest; the bits
 * of every conv, one step down, activations first.
 * @returns the genome, and what was changed in words
 * @throws UserError where even the smallest network is over a budget
 */
export function fitStart(problem: Budgeted, start: Uint8Array): { genome: Uint8Array; changes: string[] } {
  const genome = start.slice();
  const fits = () => overBudget(problem, genome).length === 0;
  const changes: string[] = [];
  for (const [what, shrink] of rules) {
    let steps = 0;
    while (!fits() && shrink(problem.space, genome)) steps++;
    if (steps > 0) changes.push(steps === 1 ? what : `${what}, ${steps} times`);
    if (fits()) return { genome, changes };
  }
  checkBudgetsCanBeMet(problem);
  throw new UserError(
    `the budgets together leave no room for the smallest start network: ${overBudget(problem, genome).join("; ")}; raise one of them, ${SMALLER}`,
  );
}

/** @throws UserError where a budget is below what any network of the space costs, with the smallest possible figure */
export function checkBudgetsCanBeMet({ space, classes, limits, deployment }: Budgeted): void {
  const smallest = smallestCosts(space, classes, deployment);
  const unmet = budgetNames.flatMap((name, i) =>
    smallest.get(name)! > limits[i]
      ? [`budgets.${name}: no network of the space meets ${limits[i]}; the smallest possible is ${smallest.get(name)}`]
      : [],
  );
  if (unmet.length > 0) {
    throw new UserError(`${unmet.join("\n")}; raise the budget, ${SMALLER}`);
  }
}

type Shrink = (space: Space, genome: Uint8Array) => boolean;

/** Each changes the genome in place and says whether it did. */
const rules: readonly (readonly [string, Shrink])[] = [
  ["input resolution lowered", lowerResolution],
  ["a layer of the deepest block dropped", dropLayer],
  ["expansions lowered", lowerExpansions],
  ["widths times 0.8", narrow],
  ["kernels shrunk", shrinkKernels],
  ["activation bits lowered", (space, genome) => lowerBits(space, genome, 0)],
  ["weight bits lowered", (space, genome) => lowerBits(space, genome, 2)],
];

function lowerResolution(space: Space, genome: Uint8Array): boolean {
  const { resolutions } = space.options;
  const index = resolutions.indexOf(resolutionOf(space, genome, 0));
  if (index === 0) return false;
  setResolution(space, genome, 0, resolutions[index - 1]);
  return true;
}

function dropLayer(space: Space, genome: Uint8Array): boolean {
  const depthOf = (b: number) => genome[space.blocks[b].offset + SuperGene.depth];
  let deepest = -1;
  space.blocks.forEach((block, b) => {
    if (block.family.isSuper && (deepest < 0 || depthOf(b) >= depthOf(deepest))) deepest = b;
  });
  if (depthOf(deepest) === 1) return false;
  setDepth(space.blocks[deepest], genome, 0, depthOf(deepest) - 1);
  return true;
}

function lowerExpansions(space: Space, genome: Uint8Array): boolean {
  return changed(genome, () => {
    for (const block of space.blocks) {
      if (!block.family.isSuper) continue;
      const out = outUnits(block, genome, 0);
      const btn = btnUnits(block, genome, 0);
      let lower = -1;
      let widest = 0;
      for (let e = 0; e < space.expansions; e++) {
        const units = space.btnUnits[e * 256 + out];
        if (units < btn && units > widest) {
          lower = e;
          widest = units;
        }
      }
      if (lower >= 0) setExpansion(space, block, genome, 0, lower);
    }
  });
}

function narrow(space: Space, genome: Uint8Array): boolean {
  return changed(genome, () => {
    space.blocks.forEach((block, b) => {
      setOut(space, b, genome, 0, Math.floor(outUnits(block, genome, 0) * 0.8));
    });
  });
}

function shrinkKernels(space: Space, genome: Uint8Array): boolean {
  const resolution = resolutionOf(space, genome, 0);
  return changed(genome, () => {
    for (const block of space.blocks) {
      if (!block.family.isSuper) continue;
      const r = space.inputResolution(block, resolution);
      genome[block.offset + SuperGene.k] = leastOf(space.options.kernels.map((k) => shrunkKernel(k, r)));
    }
  });
}

function lowerBits(space: Space, genome: Uint8Array, kind: 0 | 2): boolean {
  return changed(genome, () => {
    for (const block of space.blocks) {
      const { family, offset } = block;
      const bits = offset + (family.isSuper ? SuperGene.bits : ConvGene.bits);
      const depth = family.isSuper ? genome[offset + SuperGene.depth] : 1;
      for (let i = bits; i < bits + depth; i++) {
        const lower = block.bits.next[kind * 256 + genome[i]];
        // A pair with fewer bits of one kind and more of the other would not be a step down.
        if (lower >> 4 <= genome[i] >> 4 && (lower & 15) <= (genome[i] & 15)) genome[i] = lower;
      }
    }
  });
}

function changed(genome: Uint8Array, change: () => void): boolean {
  const before = genome.slice();
  change();
  return genome.some((gene, i) => gene !== before[i]);
}
