import fc from "fast-check";
import { type Config, parseConfig } from "../src/config/config.ts";
import type { Block, Structure } from "../src/network/structure.ts";

const width = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 160 }).map((n) => 8 * n),
);
const bit = fc.integer({ min: 1, max: 8 });
const inners = ["K1DWK1", "K1KXK1", "K1KX", "KXKX", "K1DWSEK1"] as const;
const classes = [
  "ConvKXBNRELU",
  ...inners.map((inner) => `SuperRes${inner}` as const),
  ...inners.map((inner) => `SuperQuantRes${inner}` as const),
];
/** Convs of an inner layer. */
const convsOf = (className: string) => (/K1KX$|KXKX$/.test(className) ? 2 : 3);

const blockSeed = fc.record({
  class: fc.constantFrom(...classes),
  out: width,
  sameWidth: fc.boolean(),
  k: fc.constantFrom(1, 3, 5, 7),
  s: fc.constantFrom(1, 1, 2),
  L: fc.integer({ min: 1, max: 4 }),
  btn: width,
  quantised: fc.boolean(),
  bits: fc.array(bit, { minLength: 24, maxLength: 24 }),
});

/** Any structure the program accepts: odd widths, equal widths (shortcuts), every class, 1 to 8 bits that differ from conv to conv. */
export const anyStructure: fc.Arbitrary<Structure> = fc
  .tuple(fc.constantFrom(1, 3), fc.array(blockSeed, { minLength: 1, maxLength: 6 }))
  .map(([channels, seeds]) => {
    let before: number = channels;
    return seeds.map((seed): Block => {
      const out = seed.sameWidth ? before : seed.out;
      const base = { class: seed.class, in: before, out, k: seed.k, s: seed.s };
      before = out;
      if (seed.class === "ConvKXBNRELU") {
        return seed.quantised ? { ...base, nbitsA: seed.bits[0], nbitsW: seed.bits[1] } : base;
      }
      const block = { ...base, L: seed.L, btn: seed.btn };
      if (!seed.class.startsWith("SuperQuant")) return block;
      const bits = convsOf(seed.class) * seed.L;
      return { ...block, nbitsA: seed.bits.slice(0, bits), nbitsW: seed.bits.slice(12, 12 + bits) };
    });
  });

export const anyResolution = fc.integer({ min: 1, max: 300 });

/** The published kernel rule, said plainly. */
export function smallKernel(k: number, resolution: number): number {
  return k > 1 && 1.5 * k > resolution ? smallKernel(k - 2, resolution) : k;
}

/** The nearest multiple of 8, of two equally near ones the even multiple, at least 8. */
export function round8(x: number): number {
  const below = 8 * Math.floor(x / 8);
  const above = below + 8;
  const middle = below + 4;
  const rounded = x < middle ? below : x > middle ? above : below % 16 === 0 ? below : above;
  return Math.max(8, rounded);
}

const spaceSeed = fc.record({
  /** Other resolutions that are searched besides the first; most spaces have none. */
  others: fc.oneof(
    { weight: 2, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.integer({ min: 1, max: 28 }), { minLength: 2, maxLength: 5 }) },
  ),
  quantised: fc.boolean(),
  resolution: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 256 })),
  strides: fc.array(fc.constantFrom(1, 2), { minLength: 3, maxLength: 7 }),
  heads: fc.integer({ min: 0, max: 2 }),
  kernels: fc.uniqueArray(fc.constantFrom(1, 3, 5, 7), { minLength: 1, maxLength: 4 }),
  expansions: fc.uniqueArray(fc.constantFrom(0.5, 1, 1.1, 1.5, 2, 2.5, 3, 3.5, 4, 6), { minLength: 1, maxLength: 6 }),
  maxOut: fc.integer({ min: 4, max: 255 }).map((n) => 8 * n),
  maxDepth: fc.integer({ min: 1, max: 12 }),
  bits: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
  squeezed: fc.oneof(
    fc.constant(Array<boolean>(7).fill(false)),
    fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
  ),
});

type SpaceSeed = typeof spaceSeed extends fc.Arbitrary<infer T> ? T : never;

/** Draws a structure of the space, from the rules of design section 7 and nothing else. `pick(n)` is a number below n. */
function structureOfSeed(seed: SpaceSeed, pick: (n: number) => number, inputResolution: number): Structure {
  let r = inputResolution;
  let before = 3;
  const bodies = seed.strides.length - 1 - seed.heads;
  return seed.strides.map((s, i): Block => {
    const resolution = r;
    r = Math.ceil(r / s);
    const channels = before;
    if (i === 0 || i > bodies) {
      const head = i > bodies;
      // A head's width is fixed by the start network.
      before = head ? 2040 : 8 * (1 + pick(Math.min(4, seed.maxOut / 8)));
      const bits = seed.quantised
        ? head
          ? { nbitsA: seed.bits[pick(seed.bits.length)], nbitsW: seed.bits[pick(seed.bits.length)] }
          : { nbitsA: 8, nbitsW: 8 }
        : {};
      return { class: "ConvKXBNRELU", in: channels, out: before, k: head ? 1 : 3, s, ...bits };
    }
    const lowest = Math.ceil(channels / 8);
    before = 8 * (lowest + pick(seed.maxOut / 8 - lowest + 1));
    const k = smallKernel(seed.kernels[pick(seed.kernels.length)], resolution);
    const L = 1 + pick(seed.maxDepth);
    const btn = round8(seed.expansions[pick(seed.expansions.length)] * before);
    const block = { in: channels, out: before, k, s, L, btn };
    // Blocks with squeeze-excite may stand beside those without.
    const inner = seed.squeezed[i] ? "K1DWSEK1" : "K1DWK1";
    if (!seed.quantised) return { class: `SuperRes${inner}`, ...block, inner_class: `Res${inner}` };
    const layers = Array.from({ length: L }, () => [
      seed.bits[pick(seed.bits.length)],
      seed.bits[pick(seed.bits.length)],
    ]);
    return {
      class: `SuperQuantRes${inner}`,
      ...block,
      nbitsA: layers.flatMap(([a]) => [a, a, a]),
      nbitsW: layers.flatMap(([, w]) => [w, w, w]),
      inner_class: `Res${inner}`,
    };
  });
}

export interface RandomSpace {
  readonly config: Config;
  /** Ascending; one where the resolution is fixed. */
  readonly resolutions: readonly number[];
  /** A structure of the space, at one of its resolutions, the first by default; the choices come from `pick`. */
  readonly draw: (pick: (n: number) => number, resolution?: number) => Structure;
}

/** Any searchable configuration: full precision or quantised, any depth limit, resolutions where kernels shrink, up to two heads. */
export const anySpace: fc.Arbitrary<RandomSpace> = spaceSeed
  .map((seed) => ({ ...seed, heads: Math.min(seed.heads, seed.strides.length - 2) }))
  .map((seed) => {
    const resolutions =
      seed.others.length === 0 ? [seed.resolution] : seed.others.map((n) => 8 * n).sort((x, y) => x - y);
    const draw = (pick: (n: number) => number, resolution = resolutions[0]) => structureOfSeed(seed, pick, resolution);
    const start = draw(() => 0);
    const stages = 1 + seed.strides.filter((s, i) => i > 0 && s === 2).length;
    const config = parseConfig(
      {
        input: { resolution: resolutions.length === 1 ? resolutions[0] : resolutions },
        space: {
          family: seed.quantised ? "quant-k1dwk1" : "k1dwk1",
          start,
          kernels: seed.kernels,
          expansions: seed.expansions,
          maxOut: seed.maxOut,
          maxDepth: seed.maxDepth,
          stemOut: [8, Math.min(32, seed.maxOut)],
          ...(seed.quantised ? { bits: seed.bits } : {}),
        },
        score: { kind: "analytic", stageWeights: Array.from({ length: stages }, (_, i) => i + 1) },
      },
      "random",
    );
    return { config, resolutions, draw };
  });

/** A small random number generator for tests: xorshift32. */
export function picker(seed: number): (n: number) => number {
  let state = (seed | 0) ^ 0x2545f491 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 4294967296) * n);
  };
}
