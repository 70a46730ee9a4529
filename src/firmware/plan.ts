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
  /** "expand": an expansion and the depthwise conv behind it. */
  readonly kind: "image" | "conv" | "expand" | "add" | "average" | "depthwise" | "pool" | "classify" | "output";
  /** Index of the layer, and of the conv among the layer's: the last one where a kernel runs two. */
  readonly layer: number;
  readonly conv: number;
  readonly input?: Place;
  /** Of an addition. */
  readonly held?: Place;
  readonly output?: Place;
  /** Whether pixels are gone through from the last to the first. */
  readonly backward: boolean;
  /** Groups of channels that "expand" takes together. */
  readonly together?: number;
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
  /** Where outputs may be written, once all else is read: a multiple of 4; undefined where the arena has no room for them. */
  readonly outputsAt: number | undefined;
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
function scratchOf(conv: ConvDescription, { image = false, added = false, averages = false } = {}): number {
  const out = filled(conv.outChannels);
  return 4 * inputs(conv, image) + (added ? 2 * out : 0) + (averages ? 4 * out : 0);
}

const depthwiseScratch = ({ kernel, inResolution }: ConvDescription) => 8 * kernel * inResolution + 24 * kernel ** 2;

/** Which kernels a network is run with. */
export interface PlanOptions {
  /** Whether an expansion and the depthwise conv behind it are one. */
  readonly fused?: boolean;
}

/**
 * The steps of a network in the runtime's order.
 * @throws UserError where the runtime has no kernel for a layer
 */
export function planOf(network: NetworkDescription, { fused = false }: PlanOptions = {}): Plan {
  checkLayers(network, fused);
  const planned = new Planner(network, fused).steps;
  const arena = planned.reduce((most, { low, high, scratch }) => Math.max(most, low + scratch + high), 0);
  // What the arena has room for anyhow: inputs are then taken apart more seldom.
  const steps = planned.map((step) => (step.kind === "expand" ? together(network, step, arena) : step));
  if (arena > MOST_ARENA) throw tooLarge(`${MOST_ARENA} bytes of activations`, arena);
  return {
    steps,
    arena,
    scratchAt: ({ low }) => low,
    offset: ({ end, bytes }) => (end === "low" ? 0 : arena - bytes),
    outputsAt: outputsAt(network, steps.at(-1)!, arena),
  };
}

/** An "expand" step with as many groups of channels together as fit into the arena. */
function together({ layers }: NetworkDescription, step: Step, arena: number): Step {
  const conv = layers[step.layer].convs[step.conv];
  const lane = depthwiseScratch(conv);
  const more = Math.floor((arena - step.low - step.high - step.scratch) / lane);
  const count = Math.min(groups(conv.inChannels), 1 + more);
  return { ...step, together: count, scratch: step.scratch + (count - 1) * lane };
}

/** The last step reads means from its scratch and writes a word a class; without classes it copies a tensor, from its beginning on, to a place before it. */
function outputsAt({ layers, classes }: NetworkDescription, { low }: Step, arena: number): number | undefined {
  if (classes === 0 || 4 * classes <= low) return 0;
  const behind = low + filled(layers.at(-1)!.convs.at(-1)!.outChannels);
  return behind + 4 * classes <= arena ? behind : undefined;
}

const otherEnd = ({ end }: Place): End => (end === "low" ? "high" : "low");

/** Goes through a network, and knows where what is still needed lies. */
class Planner {
  readonly steps: Step[] = [];
  readonly #network: NetworkDescription;
  readonly #fused: boolean;
  /** What the next conv reads, and what the shortcut of its layer holds. */
  #current: Place;
  #held: Place | undefined;

  constructor(network: NetworkDescription, fused: boolean) {
    this.#network = network;
    this.#fused = fused;
    const { layers, channels, resolution } = network;
    const image = resolution * resolution * channels;
    this.#current = { end: "low", bytes: image, room: wordsOf(image) };
    layers.forEach((_, layer) => {
      this.#layer(layer);
    });
    this.#last();
  }

  #layer(layer: number): void {
    const { layers, classes } = this.#network;
    const { convs, shortcut, stride } = layers[layer];
    const averages = classes > 0 && layer === layers.length - 1;
    this.#held = shortcut === "none" ? undefined : this.#current;
    for (let j = 0; j < convs.length; j++) {
      const isFirst = j === 0;
      const isLast = j === convs.length - 1;
      if (convs[j].depthwise) this.#depthwise(layer, j);
      else if (isLast && averages) this.#average(layer, j);
      else if (isLast && this.#held !== undefined) this.#add(layer, j, this.#held);
      else if (this.#fused && convs[j].kernel === 1 && convs[j + 1]?.depthwise) this.#expand(layer, ++j);
      else this.#conv(layer, j);
      if (isFirst && this.#held !== undefined && stride > 1) this.#pool(layer, j, this.#held);
    }
  }

  #conv(layer: number, conv: number): void {
    const output = this.#outputAt(otherEnd(this.#current), layer, conv);
    const image = layer === 0 && conv === 0;
    const scratch = scratchOf(this.#shape(layer, conv), { image });
    this.#write({ kind: image ? "image" : "conv", layer, conv, output, scratch }, [this.#current, output]);
  }

  #depthwise(layer: number, conv: number): void {
    const output = this.#outputAt(this.#current.end, layer, conv);
    const backward = this.#current.end === "high";
    const scratch = depthwiseScratch(this.#shape(layer, conv));
    this.#write({ kind: "depthwise", layer, conv, output, backward, scratch }, [this.#held, this.#current]);
  }

  /** @param conv the depthwise one, behind its expansion */
  #expand(layer: number, conv: number): void {
    const output = this.#outputAt(otherEnd(this.#current), layer, conv);
    const scratch = scratchOf(this.#shape(layer, conv - 1)) + depthwiseScratch(this.#shape(layer, conv));
    this.#write({ kind: "expand", layer, conv, output, scratch }, [this.#current, output]);
  }

  #add(layer: number, conv: number, held: Place): void {
    const output = this.#outputAt(held.end, layer, conv);
    const larger = output.bytes > held.bytes;
    // What grows is written from its far end on.
    const backward = larger === (held.end === "low");
    const scratch = scratchOf(this.#shape(layer, conv), { added: true });
    this.#write({ kind: "add", layer, conv, held, output, backward, scratch }, [this.#current, larger ? output : held]);
  }

  #average(layer: number, conv: number): void {
    const held = this.#held;
    const options = { image: layer === 0, added: held !== undefined, averages: true };
    const scratch = scratchOf(this.#shape(layer, conv), options);
    const step = { kind: "average", layer, conv, input: this.#current, scratch } as const;
    this.#push(held === undefined ? step : { ...step, held }, [this.#current, held]);
  }

  /** What is held is pooled in its place, beside what the layer's first kernel wrote. */
  #pool(layer: number, conv: number, held: Place): void {
    const [{ inResolution, inChannels, bitsA }] = this.#network.layers[layer].convs;
    const output = placeOf(held.end, Math.ceil(inResolution / 2), inChannels, bitsA);
    const backward = held.end === "high";
    this.#push({ kind: "pool", layer, conv, input: held, output, backward, scratch: 0 }, [held, this.#current]);
    this.#held = output;
  }

  #last(): void {
    const { layers, classes } = this.#network;
    const end = { layer: layers.length - 1, conv: layers.at(-1)!.convs.length - 1 };
    if (classes === 0) {
      this.#push({ ...end, kind: "output", input: this.#current, scratch: 0 }, [this.#current]);
      return;
    }
    // Where the step before it left the averages.
    const { low, high } = this.steps.at(-1)!;
    const means = 4 * filled(this.#shape(end.layer, end.conv).outChannels);
    this.steps.push({ ...end, kind: "classify", low, high, scratch: means, backward: false });
  }

  #shape(layer: number, conv: number): ConvDescription {
    return this.#network.layers[layer].convs[conv];
  }

  #outputAt(end: End, layer: number, conv: number): Place {
    const { layers } = this.#network;
    const next = layers[layer].convs[conv + 1] ?? layers[layer + 1]?.convs[0];
    const { outResolution, outChannels } = this.#shape(layer, conv);
    return placeOf(end, outResolution, outChannels, next?.bitsA ?? 8);
  }

  /** A step of the main path, and what its output is read from. */
  #write(
    step: Omit<PlannedStep, "input" | "output"> & { readonly output: Place },
    live: readonly (Place | undefined)[],
  ) {
    this.#push({ ...step, input: this.#current }, live);
    this.#current = step.output;
  }

  /** @param live what lies at the ends while it runs */
  #push(step: PlannedStep, live: readonly (Place | undefined)[]): void {
    const at = { low: 0, high: 0 };
    for (const place of live) if (place !== undefined) at[place.end] += place.room;
    this.steps.push({ backward: false, ...step, ...at });
  }
}

type PlannedStep = Omit<Step, "low" | "high" | "backward"> & { readonly backward?: boolean };

const tooLarge = (expected: string, got: number) =>
  new UserError(`c: expected at most ${expected}, got ${got}; choose a smaller network`);

function checkLayers({ layers, totals }: NetworkDescription, fused: boolean): void {
  if (totals.weights > MOST_WEIGHTS) throw tooLarge(`${MOST_WEIGHTS} weights`, totals.weights);
  layers.forEach(({ convs, block, inner, shortcut, squeeze }, i) => {
    const refuse = (expected: string, got: string) =>
      new UserError(`c: block ${block} layer ${inner}: expected ${expected}, got ${got}; choose another network`);
    if (squeeze !== undefined) throw refuse("a layer without a squeeze-excite", "one with it");
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
      if (depthwise && behind.bitsA !== bitsA && !(fused && before.kernel === 1)) {
        throw refuse(
          "a depthwise conv with the activation bits of the conv behind it, since it works in place",
          `${bitsA} and ${behind.bitsA}`,
        );
      }
    });
  });
}
