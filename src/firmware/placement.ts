import type { NetworkDescription } from "../formats/network-description.ts";
import { type Place, type PlanOptions, planOf, type Step } from "./plan.ts";

/** A piece of the arena, in bytes from its beginning. */
export interface Piece {
  readonly offset: number;
  readonly bytes: number;
}

/** What a kernel reads and writes, and where; absent what it has not. An image may lie in a memory of its own instead. */
export interface PlacedStep {
  readonly kind: Step["kind"];
  /** The layer, by its block and its place in that. */
  readonly block: number;
  readonly inner: number;
  /** Of the layer's, the last one where a kernel runs two. */
  readonly conv: number;
  readonly input?: Piece;
  /** What the shortcut adds. */
  readonly held?: Piece;
  readonly output?: Piece;
  readonly scratch?: Piece;
  /** From the first to the last that is in use while it runs, what is held for later included: at most the arena. */
  readonly bytes: number;
}

/** Kernels that write over what they read, in an order in which nothing is read after it was written over. */
const inPlace: readonly Step["kind"][] = ["depthwise", "pool"];

/**
 * Where every tensor and every scratch of a network lies in the arena of its C code.
 * @throws UserError where the runtime has no kernel for a layer
 * @throws Error where two that are in use at once overlap, which is a bug
 */
export function placedSteps(network: NetworkDescription, options: PlanOptions = {}): PlacedStep[] {
  const plan = planOf(network, options);
  const pieceOf = (place: Place | undefined) => place && { offset: plan.offset(place), bytes: place.bytes };
  return plan.steps.map((step) => {
    const { kind, layer, conv, low, high } = step;
    const { block, inner } = network.layers[layer];
    const input = pieceOf(step.input);
    const held = pieceOf(step.held);
    const output = pieceOf(step.output);
    const scratch = step.scratch === 0 ? undefined : { offset: plan.scratchAt(step), bytes: step.scratch };
    const apart = [
      [scratch, input],
      [scratch, held],
      [scratch, output],
      [input, held],
    ];
    if (!inPlace.includes(kind)) apart.push([input, output]);
    for (const [a, b] of apart) {
      if (a !== undefined && b !== undefined && overlap(a, b)) {
        throw new Error(
          `arena: ${kind} of block ${block} layer ${inner}: bytes from ${a.offset} and ${b.offset} overlap`,
        );
      }
    }
    for (const piece of [input, held, output, scratch]) {
      if (piece !== undefined && (piece.offset < 0 || piece.offset + piece.bytes > plan.arena)) {
        throw new Error(`arena: ${kind} of block ${block} layer ${inner}: outside of ${plan.arena} bytes`);
      }
    }
    const pieces = { input, held, output, scratch };
    const present = Object.fromEntries(Object.entries(pieces).filter(([, piece]) => piece !== undefined));
    return { kind, block, inner, conv, ...present, bytes: low + step.scratch + high };
  });
}

function overlap(a: Piece, b: Piece): boolean {
  return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}
