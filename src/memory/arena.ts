import { FULL_PRECISION_BITS } from "../network/bits.ts";
import type { Network } from "../network/network.ts";
import { layerMoments, type StoredAt } from "./layer-memory.ts";
import type { MemoryForm, MemoryTerm } from "./memory-form.ts";
import type { Deployment } from "./runtime.ts";
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
export function arenaSteps(network: Network, deployment: Deployment): ArenaStep[] {
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
export function arenaBytes(network: Network, deployment: Deployment): number {
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
export function layerArena(network: Network, layer: number, deployment: Deployment, stored: readonly number[]): number {
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
  deployment: Deployment,
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

function termsOf(network: Network, layer: number, deployment: Deployment, ends: boolean): MemoryTerm[] {
  const momentsAt = (a: number, n: number): number[] => {
    const bytes: number[] = [];
    layerMoments(network, layer, deployment, { input: () => a, behind: n, ends }, (_, input, output, held, scratch) => {
      bytes.push(input + output + held + scratch);
    });
    return bytes;
  };
  const atA = momentsAt(8, 0);
  const atN = momentsAt(0, 8);
  const terms = momentsAt(0, 0).map((constant, i) => ({
    perA: (atA[i] - constant) / 8,
    perN: (atN[i] - constant) / 8,
    constant,
  }));
  return terms.filter((term, i) => !terms.some((other, j) => i !== j && covers(other, term, j < i)));
}

/** Whether a term is never below another, and above it somewhere or `earlier`. */
function covers(x: MemoryTerm, y: MemoryTerm, earlier: boolean): boolean {
  if (x.perA < y.perA || x.perN < y.perN || x.constant < y.constant) return false;
  return earlier || x.perA > y.perA || x.perN > y.perN || x.constant > y.constant;
}
