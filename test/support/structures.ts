import fc from "fast-check";
import { families, familyOf } from "../../src/network/families.ts";
import type { Block, Structure } from "../../src/network/structure.ts";

const superClasses = families.filter(({ isSuper }) => isSuper).map(({ className }) => className);

/** Random structures over some super block classes: rising and falling widths, both strides, bits that differ from conv to conv. */
export const structuresOf = (classes: readonly string[]): fc.Arbitrary<Structure> =>
  fc
    .record({
      stem: fc.record({ out: fc.integer({ min: 1, max: 12 }), s: fc.constantFrom(1, 2), seed: fc.nat() }),
      blocks: fc.array(
        fc.record({
          class: fc.constantFrom(...classes),
          sameWidth: fc.boolean(),
          out: fc.integer({ min: 1, max: 16 }),
          btn: fc.integer({ min: 1, max: 20 }),
          k: fc.constantFrom(1, 3, 5),
          s: fc.constantFrom(1, 2),
          L: fc.integer({ min: 1, max: 3 }),
          seed: fc.nat(),
        }),
        { maxLength: 5 },
      ),
      head: fc.boolean(),
    })
    .map(({ stem, blocks, head }) => {
      const structure: Block[] = [
        { class: "ConvKXBNRELU", in: 3, out: stem.out, k: 3, s: stem.s, ...singleBits(stem.seed) },
      ];
      for (const { sameWidth, seed, ...block } of blocks) {
        const from = structure.at(-1)!.out;
        const convs = familyOf(block.class)!.convs.length * block.L;
        const bits =
          familyOf(block.class)!.quantised !== "never"
            ? { nbitsA: bitsFrom(seed, convs), nbitsW: bitsFrom(seed + 1, convs) }
            : {};
        structure.push({ ...block, in: from, out: sameWidth ? from : block.out, ...bits });
      }
      if (head) {
        structure.push({
          class: "ConvKXBNRELU",
          in: structure.at(-1)!.out,
          out: 20,
          k: 1,
          s: 1,
          ...singleBits(stem.out),
        });
      }
      return structure;
    });

/** Over every one. */
export const anyStructure = structuresOf(superClasses);

function bitsFrom(seed: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => 1 + ((Math.imul(seed + i, 0x9e3779b1) >>> 8) % 8));
}

function singleBits(seed: number): Pick<Block, "nbitsA" | "nbitsW"> {
  const [a, w] = bitsFrom(seed, 2);
  return seed % 5 === 0 ? {} : { nbitsA: a, nbitsW: w };
}
