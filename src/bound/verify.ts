import { type CostName, costNames, costs, emptyCosts, sramOf } from "../costs.ts";
import { appendLayer, beginNetwork, endStage, Network } from "../network.ts";
import { AnalyticScore } from "../score/analytic.ts";
import { ln } from "../score/gaussian.ts";
import { families } from "../space/families.ts";
import { networkOf } from "../structure.ts";
import type { Certificate } from "./certificate.ts";
import { type Budgets, holdsStructure, type SpaceDescription } from "./space-description.ts";

/*
 * Checks a certificate. It shares nothing with the solver but the definition of the space, of the score and of the costs: every layer is measured by
 * building it. The argument is in docs/bound.md. With prices m >= 0 no network within the budgets scores more than the greatest
 * score - m costs of any network + m limits; a proof by enumeration then follows all beginnings of networks which that does not exclude.
 */

/** Rounding of the score, a sum of some hundred terms. */
const TOLERANCE = 1e-9;
const additive = ["bitops", "macs", "flash", "layers"] as const satisfies readonly CostName[];
const none = Number.NEGATIVE_INFINITY;

/**
 * @param spaces one a resolution, in the order of the certificate's proofs
 * @returns what is wrong with the certificate; empty where it proves what it says
 */
export function verifyCertificate(
  { best, proofs, upperBound }: Certificate,
  spaces: readonly SpaceDescription[],
  budgets: Budgets,
): string[] {
  const problems = best === null ? [] : networkProblems(best, spaces, budgets);
  const most = upperBound ?? none;
  if (best !== null && !(best.score <= most)) problems.push(`the network scores ${best.score}, above ${most}`);
  if (Math.max(...proofs.map((proof) => proof.bound ?? none)) !== most)
    problems.push("upperBound is not the greatest bound");
  if (proofs.length !== spaces.length) return [...problems, `expected ${spaces.length} proofs, got ${proofs.length}`];
  spaces.forEach((space, i) => {
    const { resolution, multipliers, bound, by } = proofs[i];
    const prices = additive.map((name) => multipliers[name] ?? 0);
    const fair = (m: number, d: number) => m === 0 || (m > 0 && budgets[additive[d]] !== undefined);
    if (resolution !== space.resolution) problems.push(`expected a proof for resolution ${space.resolution}`);
    else if (!prices.every(fair)) problems.push("expected multipliers >= 0, of budgets that there are");
    else {
      const proven = provenBound(space, budgets, prices, by === "enumeration" ? (bound ?? none) : undefined);
      if (!(proven <= (bound ?? none) + TOLERANCE)) problems.push(`a proof by ${by} gives ${proven}, not ${bound}`);
    }
  });
  return problems;
}

function networkProblems(
  best: NonNullable<Certificate["best"]>,
  spaces: readonly SpaceDescription[],
  budgets: Budgets,
) {
  const space = spaces.find((s) => s.resolution === best.resolution);
  if (space === undefined || !holdsStructure(space, best.structure)) return ["the network is not in the space"];
  const network = networkOf(best.structure, best.resolution);
  const measured = {
    ...costs(network, space.classes, emptyCosts()),
    score: new AnalyticScore(space.score).score(network),
  };
  const claimed = { ...best.costs, score: best.score };
  return ([...costNames, "score"] as const).flatMap((name) => {
    if (claimed[name] !== measured[name]) return [`the network's ${name} is ${measured[name]}, not ${claimed[name]}`];
    const over = name !== "score" && measured[name] > (budgets[name] ?? Number.POSITIVE_INFINITY);
    return over ? [`the network is over the budget of ${name}`] : [];
  });
}

/** Where a network's beginning stands: before block b (n = 0), or inside it behind n layers of a shape. */
interface State {
  readonly b: number;
  readonly n: number;
  /** Channels that the next layer reads; inside a block its out channels. */
  readonly width: number;
  readonly k: number;
  readonly btn: number;
}

/** A network's beginning: its score, its costs, score - prices * costs, and which activation bits may come next. */
interface Label {
  readonly value: number;
  readonly costs: readonly number[];
  readonly reduced: number;
  readonly next: readonly boolean[];
}

/**
 * The Lagrangian bound at some prices, or where `claim` is given the greatest score above it that enumeration finds; if there is none, -Infinity.
 */
function provenBound(space: SpaceDescription, budgets: Budgets, prices: readonly number[], claim?: number): number {
  const { blocks, resolution, score } = space;
  const limits = additive.map((name) => budgets[name] ?? Number.POSITIVE_INFINITY);
  const offset = prices.reduce((sum, price, d) => (price > 0 ? sum + price * limits[d] : sum), 0);
  // Activation bits; 8 comes first and is full precision and what follows the last block, too.
  const bits = [...new Set([8, ...blocks.flatMap((block) => block.pairs.map((pair) => pair.a || 8))])];
  const scorer = new AnalyticScore(score);
  const network = new Network(16);
  const potentials = new Map<string, Float64Array>();
  /** The layer last measured. */
  const layer = { values: new Float64Array(2), costs: emptyCosts(), value: 0, reduced: 0, next: bits.map(() => true) };

  /** Builds one layer with the program's own code and reads off its part of the score, its costs and what may follow. */
  function measure({ b, n, width }: State, to: State, a: number, w: number): void {
    const { family, s } = blocks[b];
    const r = blocks.slice(0, n === 0 ? b : b + 1).reduce((side, block) => Math.ceil(side / block.s), resolution);
    const [bitsA, bitsW] = [family.convs.map(() => a), family.convs.map(() => w)];
    beginNetwork(network, r);
    const shape = { in: width, btn: to.btn, out: to.width, k: to.k, s: n === 0 ? s : 1 };
    appendLayer(network, family, b, shape, n === 0, bitsA, bitsW, 0);
    endStage(network);
    costs(network, 0, layer.costs);
    scorer.blockValues(network, layer.values);
    const stage = blocks.filter((block, i) => i > 0 && i <= b && block.s === 2).length;
    layer.value = layer.values[0] * score.stageWeights.slice(stage).reduce((sum, x) => sum + x, 0);
    const last = b + 1 === blocks.length;
    if (n === 0 && (last || blocks[b + 1].s === 2)) layer.value += score.stageWeights[stage] * ln(to.width);
    if (n === 0 && last && space.classes > 0) layer.costs.flash += to.width * space.classes + space.classes;
    layer.reduced = additive.reduce((sum, name, d) => sum - prices[d] * layer.costs[name], layer.value);
    const { sram } = budgets;
    if (sram !== undefined) layer.next = bits.map((next) => sramBefore(next) <= sram);
  }

  /** SRAM of the measured layer in front of a conv with these activation bits. */
  function sramBefore(next: number): number {
    const { convs } = network;
    const conv = families.find((family) => !family.isSuper)!;
    appendLayer(network, conv, 0, { in: 1, btn: 1, out: 1, k: 1, s: 1 }, false, [next], [next], 0);
    const main = [...Array(convs).keys()].filter((i) => network.projection[i] === 0);
    const most = Math.max(...main.map((i) => sramOf(network, 0, 0, i)));
    Object.assign(network, { convs, layers: 1 });
    return most;
  }

  /** Measures every layer that may come next; `visit` gets the state behind it, the index of its bits and that state's potential. */
  function steps(state: State, visit: (to: State, i: number, behind: Float64Array) => void): void {
    const block = blocks[state.b];
    if (block === undefined || state.n === block.maxDepth) return;
    const { outs, kernels, bottlenecks, pairs } = block;
    const widths = state.n > 0 ? [] : outs.filter((out) => state.b === 0 || out >= state.width);
    const shapes = widths.flatMap((width) =>
      kernels.flatMap((k) => bottlenecks(width).map((btn) => ({ width, k, btn }))),
    );
    for (const shape of state.n > 0 ? [state] : shapes) {
      const to = { ...shape, b: state.b, n: state.n + 1 };
      const behind = potential(to);
      for (const { a, w } of pairs) {
        measure(state, to, a, w);
        if (additive.every((name, d) => layer.costs[name] <= limits[d])) visit(to, bits.indexOf(a || 8), behind);
      }
    }
  }

  /** Greatest sum of score - prices * costs from a state to the end, by the activation bits of the layer that comes next. */
  function potential(state: State): Float64Array {
    const known = potentials.get(keyOf(state));
    if (known !== undefined) return known;
    const best = new Float64Array(bits.length).fill(none);
    if (state.b === blocks.length) best[0] = 0;
    if (state.n > 0) best.set(potential(endOfBlock(state)));
    steps(state, (_, i, behind) => {
      best[i] = Math.max(best[i], layer.reduced + greatest(behind, layer.next));
    });
    potentials.set(keyOf(state), best);
    return best;
  }

  const start = { b: 0, n: 0, width: space.inputChannels, k: 0, btn: 0 };
  if (claim === undefined) return Math.max(...potential(start)) + offset;
  // States by block and layers, so that a state comes after all that lead to it.
  const levels: Map<string, { state: State; labels: Label[] }>[][] = [...blocks, start].map(() => []);
  const add = (state: State, label: Label) => {
    if (label.reduced + greatest(potential(state), label.next) + offset <= claim) return;
    levels[state.b][state.n] ??= new Map();
    const level = levels[state.b][state.n];
    if (!level.has(keyOf(state))) level.set(keyOf(state), { state, labels: [] });
    level.get(keyOf(state))!.labels.push(label);
  };
  add(start, { value: 0, costs: additive.map(() => 0), reduced: 0, next: bits.map(() => true) });
  for (let b = 0; b < blocks.length; b++) {
    for (let n = 0; n <= blocks[b].maxDepth; n++) {
      for (const { state, labels } of levels[b][n]?.values() ?? []) {
        const kept = undominated(labels);
        if (n > 0) for (const label of kept) add(endOfBlock(state), label);
        steps(state, (to, i) => {
          for (const { value, costs: sums, reduced, next } of kept) {
            const grown = sums.map((sum, d) => sum + layer.costs[additive[d]]);
            if (!next[i] || grown.some((sum, d) => sum > limits[d])) continue;
            add(to, { value: value + layer.value, costs: grown, reduced: reduced + layer.reduced, next: layer.next });
          }
        });
      }
    }
  }
  const ends = [...(levels[blocks.length][0]?.values() ?? [])].flatMap(({ labels }) => labels);
  return ends.reduce((most, { value, next }) => (next[0] && value > claim ? Math.max(most, value) : most), none);
}

function keyOf({ b, n, width, k, btn }: State): string {
  return n === 0 ? `${b} ${width}` : `${b} ${width} ${n} ${k} ${btn}`;
}

function endOfBlock(state: State): State {
  return { ...state, b: state.b + 1, n: 0 };
}

function greatest(potential: Float64Array, allowed: readonly boolean[]): number {
  return potential.reduce((best, x, i) => (allowed[i] && x > best ? x : best), none);
}

/** Without the labels that another beats in everything. */
function undominated(labels: readonly Label[]): Label[] {
  const kept: Label[] = [];
  for (const label of [...labels].sort((x, y) => y.value - x.value)) {
    const beats = (other: Label) =>
      label.costs.every((cost, d) => other.costs[d] <= cost) && label.next.every((may, i) => !may || other.next[i]);
    if (!kept.some(beats)) kept.push(label);
  }
  return kept;
}
