import { FULL_PRECISION_BITS } from "../network/bits.ts";
import { MOST_CONVS } from "../network/families.ts";
import type { Network } from "../network/network.ts";
import { layerMoments, type Moment, type StoredAt } from "./layer-memory.ts";
import type { MemoryForm, MemoryTerm } from "./memory-form.ts";
import type { RuntimeDeployment } from "./runtime.ts";
import { storedBits } from "./storage.ts";

/** One conv's moment of the execution order at which most is live; bytes. */
export interface ArenaStep {
  readonly layer: number;
  readonly conv: number;
  /** Of the conv's input, its output and what else is live. */
  readonly input: number;
  readonly output: number;
  readonly held: number;
  /** What is live: the sum of the three. */
  readonly live: number;
  readonly scratch: number;
  /** live + scratch. */
  readonly bytes: number;
}

/** The largest moment of every conv that a kernel runs, in the order of execution. */
export function arenaSteps(network: Network, deployment: RuntimeDeployment): ArenaStep[] {
  const steps: ArenaStep[] = [];
  const stored = storedBits(deployment.runtime.activations);
  for (let layer = 0; layer < network.layers; layer++) {
    layerMoments(network, layer, deployment, storedIn(network, layer, stored), (conv, input, output, held, scratch) => {
      const live = input + output + held;
      const step = { layer, conv, input, output, held, live, scratch, bytes: live + scratch };
      if (steps.at(-1)?.conv !== conv) steps.push(step);
      else if (step.bytes > steps.at(-1)!.bytes) steps[steps.length - 1] = step;
    });
  }
  return steps;
}

/** Bytes of the arena of a network: the most of live tensors and scratch at any moment. */
export function arenaBytes(network: Network, deployment: RuntimeDeployment): number {
  let most = 0;
  const stored = storedBits(deployment.runtime.activations);
  for (let layer = 0; layer < network.layers; layer++)
    most = Math.max(most, layerArena(network, layer, deployment, stored));
  return most;
}

/**
 * The part of one layer, at the network's bits; the last layer is the network's end.
 * @param stored `storedBits` of the runtime's activations
 */
export function layerArena(
  network: Network,
  layer: number,
  deployment: RuntimeDeployment,
  stored: readonly number[],
): number {
  let most = 0;
  layerMoments(network, layer, deployment, storedIn(network, layer, stored), (_, input, output, held, scratch) => {
    most = Math.max(most, input + output + held + scratch);
  });
  return most;
}

/**
 * The form of `arenaBytes` in one layer whose convs share their bits: what is live is a line in stored bits, so three points give it.
 * @param stored `storedBits` of the runtime's activations
 */
export function arenaForm(
  network: Network,
  layer: number,
  deployment: RuntimeDeployment,
  stored: readonly number[],
): MemoryForm {
  const form = { terms: termsOf(network, layer, deployment, false), storedBits: stored };
  return deployment.classes === 0 ? form : { ...form, end: termsOf(network, layer, deployment, true) };
}

function storedIn(network: Network, layer: number, stored: readonly number[]): StoredAt {
  const next = network.layerEnd[layer];
  const ends = next >= network.convs;
  return {
    input: (conv) => stored[network.bitsA[conv]],
    behind: stored[ends ? FULL_PRECISION_BITS : network.bitsA[next]],
    ends,
  };
}

const eight = () => 8;
const zero = () => 0;
/** Bits at which a line is measured: none, of the layer alone, of what is behind it alone. */
const points = [false, true].map((ends): readonly StoredAt[] => [
  { input: zero, behind: 0, ends },
  { input: eight, behind: 0, ends },
  { input: zero, behind: 8, ends },
]);
/** Bytes of every moment of a layer at each of them: forms are made by the hundred thousand. */
const measured = points[0].map(() => new Float64Array(4 * MOST_CONVS));
let row = measured[0];
let moments = 0;
const note: Moment = (_, input, output, held, scratch) => {
  row[moments++] = input + output + held + scratch;
};

function termsOf(network: Network, layer: number, deployment: RuntimeDeployment, ends: boolean): MemoryTerm[] {
  const stored = points[ends ? 1 : 0];
  for (let point = 0; point < stored.length; point++) {
    row = measured[point];
    moments = 0;
    layerMoments(network, layer, deployment, stored[point], note);
  }
  const [none, own, behind] = measured;
  const terms: MemoryTerm[] = [];
  for (let i = 0; i < moments; i++) {
    const constant = none[i];
    const term = { perA: (own[i] - constant) / 8, perN: (behind[i] - constant) / 8, constant };
    // Of equal ones the first stays.
    if (terms.some((other) => covers(other, term))) continue;
    let kept = 0;
    for (const other of terms) if (!covers(term, other)) terms[kept++] = other;
    terms.length = kept;
    terms.push(term);
  }
  return terms;
}

/** Whether a term is never below another. */
function covers(x: MemoryTerm, y: MemoryTerm): boolean {
  return x.perA >= y.perA && x.perN >= y.perN && x.constant >= y.constant;
}
