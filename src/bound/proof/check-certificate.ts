import { ln } from "../../base/gaussian.ts";
import { type CostName, costNames } from "../../costs/cost-table.ts";
import { costs, emptyCosts } from "../../costs/costs.ts";
import { liveBits } from "../../costs/live-sram.ts";
import { sramOf } from "../../costs/published-sram.ts";
import { families } from "../../network/families.ts";
import { appendLayer, beginNetwork, endStage, Network, nextMainConv } from "../../network/network.ts";
import { networkOf } from "../../network/structure.ts";
import { AnalyticScore } from "../../score/analytic.ts";
import { attainableLayers, type Budgets, holdsStructure, type SpaceDescription } from "../graph/space-description.ts";
import type { BoundNetwork, Certificate } from "./certificate.ts";

/*
 * Checks a certificate. It shares nothing with the solver but the definition of the space, of the score and of the costs: every layer is measured by
 * building it. The argument is in docs/bound.md. With prices m >= 0 no network within the budgets scores more than the greatest
 * score - m costs of any network + m limits; a proof by enumeration then follows all beginnings of networks which that does not exclude.
 */

const TOLERANCE = 1e-9; // The rounding of a score, a sum of some hundred terms.
const additive = ["bitops", "macs", "flash", "layers"] as const satisfies readonly CostName[];
const none = Number.NEGATIVE_INFINITY;

/**
 * @param spaces one a resolution, in the order of the certificate's proofs
 * @returns what is wrong with the certificate; empty where it proves what it says
 */
export function verifyCertificate(certificate: Certificate, spaces: readonly SpaceDescription[], budgets: Budgets) {
  const { best, proofs, upperBound } = certificate;
  const problems = best === null ? [] : networkProblems(best, spaces, budgets);
  const most = upperBound ?? none;
  if (best !== null && best.score > most) problems.push(`the network scores ${best.score}, above ${most}`);
  if (proofs.reduce((top, proof) => Math.max(top, proof.bound ?? none), none) !== most)
    problems.push("upperBound: not the greatest");
  if (proofs.length !== spaces.length) return [...problems, `expected ${spaces.length} proofs, got ${proofs.length}`];
  spaces.forEach((space, i) => {
    const { resolution, multipliers, bound, by } = proofs[i];
    const prices = additive.map((name) => multipliers[name] ?? 0);
    const fair = (m: number, d: number) => m === 0 || (m > 0 && budgets[additive[d]] !== undefined);
    if (resolution !== space.resolution || !prices.every(fair)) {
      problems.push(`proof ${i}: expected resolution ${space.resolution} and multipliers >= 0 of budgets that exist`);
    } else {
      const proven = provenBound(space, budgets, prices, by === "enumeration" ? (bound ?? none) : undefined);
      if (!(proven <= (bound ?? none) + TOLERANCE)) problems.push(`a proof by ${by} gives ${proven}, not ${bound}`);
    }
  });
  return problems;
}

function networkProblems(best: BoundNetwork, spaces: readonly SpaceDescription[], budgets: Budgets): string[] {
  const space = spaces.find((s) => s.resolution === best.resolution);
  if (space === undefined || !holdsStructure(space, best.structure)) return ["the network is not in the space"];
  const network = networkOf(best.structure, best.resolution);
  const score = new AnalyticScore(space.score).score(network);
  const measured = { ...costs(network, space.classes, emptyCosts()), score };
  const claimed = { ...best.costs, score: best.score };
  return ([...costNames, "score"] as const).flatMap((name) => {
    if (claimed[name] !== measured[name]) return [`the network's ${name} is ${measured[name]}, not ${claimed[name]}`];
    const over = name !== "score" && measured[name] > (budgets[name] ?? Number.POSITIVE_INFINITY);
    return over ? [`the network is over the budget of ${name}`] : [];
  });
}

/** A network's beginning: its score, its costs, score - prices * costs, and which activation bits may come next. */
interface Label {
  readonly value: number;
  readonly costs: readonly number[];
  readonly reduced: number;
  readonly next: readonly boolean[];
}

/** Where a beginning stands: before block b (n = 0), or inside it behind n layers; the next layer reads `width` channels. */
interface State {
  readonly b: number;
  readonly n: number;
  readonly width: number;
  readonly k: number;
  readonly btn: number;
  /** Greatest score - prices * costs from here to the end, by the activation bits of the next layer. */
  potential?: Float64Array;
  readonly labels: Label[];
}

/** The Lagrangian bound at some prices; given a claim, the greatest score above it that enumeration finds, or -Infinity. */
function provenBound(space: SpaceDescription, budgets: Budgets, prices: readonly number[], claim?: number): number {
  const { blocks, score } = space;
  const { sram = Number.POSITIVE_INFINITY, sramLive = Number.POSITIVE_INFINITY } = budgets;
  const limits = additive.map((name) => budgets[name] ?? Number.POSITIVE_INFINITY);
  limits[3] = attainableLayers(space, limits[3]);
  const offset = prices.reduce((sum, price, d) => (price > 0 ? sum + price * limits[d] : sum), 0);
  const stageOf = (b: number) => blocks.filter((block, i) => i > 0 && i <= b && block.s === 2).length;
  const facts = blocks.map((_, b) => ({
    resolution: blocks.slice(0, b).reduce((r, block) => Math.ceil(r / block.s), space.resolution),
    weight: score.stageWeights.slice(stageOf(b)).reduce((sum, x) => sum + x, 0),
    lnOut: b + 1 === blocks.length || blocks[b + 1].s === 2 ? score.stageWeights[stageOf(b)] : 0,
    classes: b + 1 === blocks.length ? space.classes : 0,
  }));
  // Activation bits; 8 comes first and is full precision and what follows the last block, too.
  const bits = [...new Set([8, ...blocks.flatMap((block) => block.pairs.map((pair) => pair.a || 8))])];
  const scorer = new AnalyticScore(score);
  const network = new Network(16);
  // The layer last measured.
  const layer = { values: new Float64Array(2), costs: emptyCosts(), value: 0, reduced: 0, next: bits.map(() => true) };

  /** Builds one layer with the program's own code and reads off its part of the score, its costs and what may follow. */
  function measure({ b, n, width }: State, to: State, a: number, w: number): void {
    const { family, s } = blocks[b];
    const { resolution, weight, lnOut, classes } = facts[b];
    beginNetwork(network, n === 0 ? resolution : Math.ceil(resolution / s));
    const shape = { in: width, btn: to.btn, out: to.width, k: to.k, s: n === 0 ? s : 1 };
    appendLayer(network, family, { block: b, first: n === 0 }, shape, {
      a: family.convs.map(() => a),
      w: family.convs.map(() => w),
      offset: 0,
    });
    endStage(network);
    costs(network, n === 0 ? classes : 0, layer.costs);
    scorer.blockValues(network, layer.values);
    layer.value = weight * layer.values[0] + (n === 0 ? lnOut * ln(to.width) : 0);
    layer.reduced = prices.reduce((sum, price, d) => sum - price * layer.costs[additive[d]], layer.value);
    if (Math.min(sram, sramLive) === Number.POSITIVE_INFINITY) return;
    // A conv behind the layer, whose activation bits are what the layer's last conv writes.
    const { convs } = network;
    const behind = families.find((f) => !f.isSuper)!;
    appendLayer(network, behind, { block: b, first: false }, { ...shape, k: 1, s: 1 }, { a: [8], w: [8], offset: 0 });
    layer.next = bits.map((next) => {
      network.bitsA[convs] = next;
      const fits = (i: number) =>
        liveBits(network, 0, i, network.bitsA[nextMainConv(network, i)] || 8) <= 8 * sramLive &&
        (network.projection[i] === 1 || sramOf(network, 0, 0, i) <= sram);
      return [...Array(convs).keys()].every(fits);
    });
  }

  const states = new Map<string, State>();
  function stateOf(b: number, n: number, width: number, k: number, btn: number): State {
    const key = `${b} ${n} ${width} ${k} ${btn}`;
    if (!states.has(key)) states.set(key, { b, n, width, k, btn, labels: [] });
    return states.get(key)!;
  }
  const endOfBlock = ({ b, width }: State) => stateOf(b + 1, 0, width, 0, 0);

  /** Measures every layer that may come next; `visit` gets the state behind it and the index of its activation bits. */
  function steps(state: State, visit: (to: State, i: number) => void): void {
    if (state.b === blocks.length || state.n === blocks[state.b].maxDepth) return;
    const { outs, kernels, bottlenecks, pairs } = blocks[state.b];
    const place = (out: number, k: number, btn: number) => {
      const to = stateOf(state.b, state.n + 1, out, k, btn);
      potentialOf(to);
      for (const { a, w } of pairs) {
        measure(state, to, a, w);
        if (additive.every((name, d) => layer.costs[name] <= limits[d])) visit(to, bits.indexOf(a || 8));
      }
    };
    if (state.n > 0) place(state.width, state.k, state.btn);
    const wider = outs.filter((out) => state.n === 0 && (state.b === 0 || out >= state.width));
    for (const out of wider) for (const k of kernels) for (const btn of bottlenecks(out)) place(out, k, btn);
  }

  function potentialOf(state: State): Float64Array {
    if (state.potential !== undefined) return state.potential;
    const best = new Float64Array(bits.length).fill(none);
    if (state.b === blocks.length) best[0] = 0;
    if (state.n > 0) best.set(potentialOf(endOfBlock(state)));
    steps(state, (to, i) => {
      best[i] = Math.max(best[i], layer.reduced + greatest(to.potential!, layer.next));
    });
    state.potential = best;
    return best;
  }

  const start = stateOf(0, 0, space.inputChannels, 0, 0);
  const lagrangian = potentialOf(start).reduce((top, value) => Math.max(top, value), none) + offset;
  if (claim === undefined) return lagrangian;
  const add = (state: State, label: Label) => {
    if (label.reduced + greatest(state.potential!, label.next) + offset > claim) state.labels.push(label);
  };
  add(start, { value: 0, costs: additive.map(() => 0), reduced: 0, next: bits.map(() => true) });
  let found = none;
  for (const state of [...states.values()].sort((x, y) => x.b - y.b || x.n - y.n)) {
    const kept = undominated(state.labels);
    if (kept.length === 0) continue;
    if (state.b === blocks.length) found = kept.reduce((top, { value }) => Math.max(top, value), found);
    if (state.n > 0) for (const label of kept) add(endOfBlock(state), label);
    steps(state, (to, i) => {
      for (const { value, costs: sums, reduced, next } of kept) {
        const grown = sums.map((sum, d) => sum + layer.costs[additive[d]]);
        if (!next[i] || grown.some((sum, d) => sum > limits[d])) continue;
        add(to, { value: value + layer.value, costs: grown, reduced: reduced + layer.reduced, next: layer.next });
      }
    });
  }
  return found > claim ? found : none;
}

function greatest(potential: Float64Array, allowed: readonly boolean[]): number {
  let best = none;
  for (let i = 0; i < potential.length; i++) if (allowed[i] && potential[i] > best) best = potential[i];
  return best;
}

/** Without the labels that another beats in everything. */
function undominated(labels: readonly Label[]): Label[] {
  const beats = (x: Label, y: Label) =>
    y.costs.every((cost, d) => x.costs[d] <= cost) && y.next.every((may, i) => !may || x.next[i]);
  const best = [...labels].sort((x, y) => y.value - x.value);
  return best.filter((label, i) => !best.slice(0, i).some((other) => beats(other, label)));
}
