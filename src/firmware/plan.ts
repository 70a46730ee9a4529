import { UserError } from "../base/user-error.ts";
import type { ConvDescription, NetworkDescription } from "../formats/network-description.ts";

/*
 * Where everything is while the runtime of templates/c works (qes_nn.h has what its kernels need). The arena has two ends: a layer's input lies at one, what the layer
 * expands it to at the other, and its output takes the input's place. So nothing is ever moved, and no room between tensors is lost.
 */

/** Channels of a group; the last one is filled up. */
export const GROUP = 8;
/** Of `qes_depthwise`. */
const MOST_KERNEL = 15;
/** Sides and channels are 16 bits. */
const MOST_SIZE = 65535;
/** Far above any microcontroller: what is larger would be a source file that no compiler takes. */
const MOST_WEIGHTS = 64e6;
const MOST_ARENA = 2 ** 30;

export type End = "low" | "high";

/** A tensor of the arena. */
export interface Place {
  readonly end: End;
  readonly bytes: number;
  /** Bytes that are set aside for it: whole words. */
  readonly room: number;
}

export interface Step {
  readonly kind: "image" | "conv" | "add" | "average" | "depthwise" | "pool" | "classify" | "output";
  /** Index of the layer, and of the conv among the layer's. */
  readonly layer: number;
  readonly conv: number;
  readonly input?: Place;
  /** Of an addition. */
  readonly held?: Place;
  readonly output?: Place;
  /** Whether pixels are gone through from the last to the first. */
  readonly backward: boolean;
  /** Bytes of all tensors at the step's peak, and what its kernel needs beside them. */
  readonly low: number;
  readonly high: number;
  readonly scratch: number;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Bytes of the arena: a multiple of 4. */
  readonly arena: number;
  /** Where the scratch of a step begins. */
  readonly scratchAt: (step: Step) => number;
  readonly offset: (place: Place) => number;
}

const groups = (channels: number) => Math.ceil(channels / GROUP);
/** Channels with those that fill up the last group. */
export const filled = (channels: number) => GROUP * groups(channels);

/** Whole words, whatever the bits are: so that room grows evenly with them. */
const wordsOf = (groups: number) => 4 * Math.ceil(groups / 4);

/** Every pixel of a tensor has whole groups of channels. */
function placeOf(end: End, side: number, channels: number, bits: number): Place {
  const all = side * side * groups(channels);
  return { end, bytes: all * bits, room: wordsOf(all) * bits };
}

/** Inputs of one output of a conv that is not depthwise, groups filled up. */
const inputs = ({ kernel, inChannels }: ConvDescription, image: boolean) =>
  image ? filled(kernel ** 2 * inChannels) : kernel ** 2 * filled(inChannels);

/** What the kernel of a conv needs beside its tensors, in bytes. */
function scratchOf(conv: ConvDescription, kind: Step["kind"], { image = false, held = false } = {}): number {
  const { kernel, outChannels, inResolution } = conv;
  if (kind === "depthwise") return 8 * kernel * inResolution + 24 * kernel ** 2;
  const out = filled(outChannels);
  return 4 * inputs(conv, image) + (held ? 2 * out : 0) + (kind === "average" ? 4 * out : 0);
}

/**
 * The steps of a network in the runtime's order.
 * @throws UserError where the runtime has no kernel for a layer
 */
export function planOf(network: NetworkDescription): Plan {
  checkLayers(network);
  const steps: Step[] = [];
  const { layers, classes, channels, resolution } = network;
  const image = resolution * resolution * channels;
  let x: Place = { end: "low", bytes: image, room: wordsOf(image) };
  const sum = (...places: (Place | undefined)[]) => {
    const at = { low: 0, high: 0 };
    for (const place of places) if (place) at[place.end] += place.room;
    return at;
  };
  layers.forEach(({ convs, shortcut, stride }, layer) => {
    const isFirst = layer === 0;
    const isEnd = layer === layers.length - 1;
    const after = layers[layer + 1]?.convs[0].bitsA ?? 8;
    const [first] = convs;
    let held = shortcut === "none" ? undefined : x;
    let current = x;
    convs.forEach((conv, j) => {
      const isLast = j === convs.length - 1;
      const bits = isLast ? after : convs[j + 1].bitsA;
      const outputAt = (end: End) => placeOf(end, conv.outResolution, conv.outChannels, bits);
      const base = { layer, conv: j, input: current };
      if (conv.depthwise) {
        const output = outputAt(current.end);
        const backward = current.end === "high";
        const scratch = scratchOf(conv, "depthwise");
        steps.push({ ...base, kind: "depthwise", output, backward, ...sum(held, current), scratch });
        current = output;
        return;
      }
      const added = isLast ? held : undefined;
      if (isLast && isEnd && classes > 0) {
        const scratch = scratchOf(conv, "average", { image: isFirst, held: added !== undefined });
        const backward = false;
        steps.push({
          ...base,
          kind: "average",
          ...(added && { held: added }),
          backward,
          ...sum(current, added),
          scratch,
        });
        return;
      }
      if (added !== undefined) {
        const output = outputAt(added.end);
        const larger = output.bytes > added.bytes;
        // What grows is written from its far end on.
        const backward = larger === (added.end === "low");
        const scratch = scratchOf(conv, "add", { held: true });
        steps.push({
          ...base,
          kind: "add",
          held: added,
          output,
          backward,
          ...sum(current, larger ? output : added),
          scratch,
        });
        current = output;
        return;
      }
      const output = outputAt(current.end === "low" ? "high" : "low");
      const kind = isFirst && j === 0 ? "image" : "conv";
      const scratch = scratchOf(conv, kind, { image: kind === "image" });
      steps.push({ ...base, kind, output, backward: false, ...sum(current, output), scratch });
      if (held !== undefined && stride > 1) {
        const side = Math.ceil(first.inResolution / 2);
        const pooled = placeOf(held.end, side, first.inChannels, first.bitsA);
        const backward = held.end === "high";
        steps.push({
          kind: "pool",
          layer,
          conv: j,
          input: held,
          output: pooled,
          backward,
          ...sum(held, output),
          scratch: 0,
        });
        held = pooled;
      }
      current = output;
    });
    x = current;
  });
  const end = { layer: layers.length - 1, conv: layers.at(-1)!.convs.length - 1, backward: false };
  if (classes > 0) {
    const means = 4 * filled(layers.at(-1)!.convs.at(-1)!.outChannels);
    // Where the step before it left the averages.
    const { low, high } = steps.at(-1)!;
    steps.push({ ...end, kind: "classify", low, high, scratch: means });
  } else steps.push({ ...end, kind: "output", input: x, ...sum(x), scratch: 0 });
  const arena = steps.reduce((most, { low, high, scratch }) => Math.max(most, low + scratch + high), 0);
  if (arena > MOST_ARENA) throw tooLarge(`${MOST_ARENA} bytes of activations`, arena);
  return {
    steps,
    arena,
    scratchAt: ({ low }) => low,
    offset: ({ end: side, bytes }) => (side === "low" ? 0 : arena - bytes),
  };
}

const tooLarge = (expected: string, got: number) =>
  new UserError(`c: expected at most ${expected}, got ${got}; choose a smaller network`);

function checkLayers({ layers, totals }: NetworkDescription): void {
  if (totals.weights > MOST_WEIGHTS) throw tooLarge(`${MOST_WEIGHTS} weights`, totals.weights);
  layers.forEach(({ convs, block, inner, shortcut }, i) => {
    const refuse = (expected: string, got: string) =>
      new UserError(`c: block ${block} layer ${inner}: expected ${expected}, got ${got}; choose another network`);
    if (shortcut === "projected") throw refuse("a shortcut without a projection", "one with it");
    if (i === 0 && (convs.length > 1 || convs[0].depthwise)) {
      throw refuse("a single conv that reads the image", "a block of several");
    }
    convs.forEach((conv, j) => {
      const { depthwise, kernel, inChannels, outChannels, inResolution, bitsA } = conv;
      const [before, behind] = [convs[j - 1], convs[j + 1]];
      const size = Math.max(inChannels, outChannels, inResolution);
      if (size > MOST_SIZE) throw refuse(`at most ${MOST_SIZE} channels and pixels of a side`, String(size));
      if (depthwise && kernel > MOST_KERNEL) throw refuse(`kernels of at most ${MOST_KERNEL}`, String(kernel));
      if (depthwise && (before === undefined || before.depthwise || behind === undefined)) {
        throw refuse("depthwise convs between others", "one that is not");
      }
      if (j > 0 && !depthwise && !before.depthwise) throw refuse("a depthwise conv between two others", "none");
      if (depthwise && behind.bitsA !== bitsA) {
        throw refuse(
          "a depthwise conv with the activation bits of the conv behind it, since it works in place",
          `${bitsA} and ${behind.bitsA}`,
        );
      }
    });
  });
}
