import type { Structure } from "../src/network/structure.ts";
import { roundHalfEven } from "../src/space/space.ts";
import type { Random } from "./random.ts";
import { EXPANSIONS, HEAD, LEAST_BITS, MOST_BITS, MOST_INNER_LAYERS, MOST_OUT, STEMS } from "./space.ts";

/** What may vary of a network of the study. */
export interface Genes {
  readonly stem: number;
  readonly blocks: readonly { readonly out: number; readonly expansion: number; readonly bits: readonly Pair[] }[];
  readonly head: Pair;
}

/** Bits of activations and of weights. */
type Pair = readonly [number, number];

const bitsNear = (bits: number, by: number) => Math.min(MOST_BITS, Math.max(LEAST_BITS, bits + by));
const anyBits = (random: Random) => LEAST_BITS + random.below(MOST_BITS - LEAST_BITS + 1);
/** From 8 to MOST_OUT, in equal ratios. */
const anyOut = (random: Random) => 8 * Math.round((MOST_OUT / 8) ** random.next());

/** Depths and expansions uniform, widths in equal ratios; one pair of bits uniform, that of every layer within one of it. */
export function randomGenes(random: Random): Genes {
  const [a, w] = [anyBits(random), anyBits(random)];
  const pair = (): Pair => [bitsNear(a, random.below(3) - 1), bitsNear(w, random.below(3) - 1)];
  const first = 1 + random.below(MOST_INNER_LAYERS - 1);
  const second = 1 + random.below(MOST_INNER_LAYERS - first);
  return {
    stem: random.of(STEMS),
    blocks: [first, second].map((depth) => ({
      out: anyOut(random),
      expansion: random.of(EXPANSIONS),
      bits: Array.from({ length: depth }, pair),
    })),
    head: pair(),
  };
}

/** One change by lot. */
export function mutated(genes: Genes, random: Random): Genes {
  const step = random.below(2) * 2 - 1;
  const at = random.below(genes.blocks.length);
  const old = genes.blocks[at];
  const changed = (values: Partial<Genes["blocks"][number]>): Genes => ({
    ...genes,
    blocks: genes.blocks.map((block, i) => (i === at ? { ...block, ...values } : block)),
  });
  const nudge = ([a, w]: Pair, which: number): Pair =>
    which === 0
      ? [bitsNear(a, step), w]
      : which === 1
        ? [a, bitsNear(w, step)]
        : [bitsNear(a, step), bitsNear(w, step)];
  const which = random.below(3);
  switch (random.below(7)) {
    case 0:
      return { ...genes, stem: random.of(STEMS) };
    case 1:
      return changed({ out: Math.min(MOST_OUT, Math.max(8, old.out + 8 * step)) });
    case 2:
      return changed({ expansion: random.of(EXPANSIONS) });
    case 3: {
      const layers = genes.blocks.reduce((sum, { bits }) => sum + bits.length, 0);
      if (step > 0 && layers < MOST_INNER_LAYERS)
        return changed({ bits: [...old.bits, old.bits[old.bits.length - 1]] });
      return step < 0 && old.bits.length > 1 ? changed({ bits: old.bits.slice(0, -1) }) : genes;
    }
    case 4: {
      const layer = random.below(old.bits.length);
      return changed({ bits: old.bits.map((pair, i) => (i === layer ? nudge(pair, which) : pair)) });
    }
    case 5:
      return changed({ bits: old.bits.map((pair) => nudge(pair, which)) });
    default:
      return { ...genes, head: nudge(genes.head, which) };
  }
}

export function structureOf({ stem, blocks, head }: Genes): Structure {
  let channels = stem;
  const body = blocks.map(({ out, expansion, bits }) => {
    const of = (which: 0 | 1) => bits.flatMap((pair) => [pair[which], pair[which], pair[which]]);
    const btn = 8 * Math.max(1, roundHalfEven((expansion * out) / 8));
    const block = { class: "SuperQuantResK1DWK1", in: channels, out, k: 3, s: 2, L: bits.length, btn };
    channels = out;
    return { ...block, nbitsA: of(0), nbitsW: of(1), inner_class: "ResK1DWK1" };
  });
  return [
    { class: "ConvKXBNRELU", in: 1, out: stem, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
    ...body,
    { class: "ConvKXBNRELU", in: channels, out: HEAD, k: 1, s: 1, nbitsA: head[0], nbitsW: head[1] },
  ];
}
