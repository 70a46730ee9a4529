import fc from "fast-check";
import { describeNetwork, type NetworkDescription } from "../../src/formats/network-description.ts";
import type { Block, Structure } from "../../src/network/structure.ts";

const width = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(8, 16, 24, 32));
const block = fc.record({
  single: fc.boolean(),
  out: width,
  sameWidth: fc.boolean(),
  k: fc.constantFrom(1, 3, 3, 5, 7),
  s: fc.constantFrom(1, 1, 2),
  L: fc.integer({ min: 1, max: 3 }),
  btn: width,
  bits: fc.array(fc.integer({ min: 2, max: 8 }), { minLength: 18, maxLength: 18 }),
});

/**
 * Networks that whole numbers can compute: 2 to 8 bits that differ from conv to conv, odd widths and sides, with and without shortcuts and classifier.
 * @param superClass the class of the blocks of several layers
 */
export function integerNetworks(superClass = "SuperQuantResK1DWK1"): fc.Arbitrary<NetworkDescription> {
  return fc
    .record({
      channels: fc.constantFrom(1, 2, 3, 8),
      resolution: fc.integer({ min: 1, max: 13 }),
      classes: fc.constantFrom(0, 1, 7),
      blocks: fc.array(block, { minLength: 1, maxLength: 4 }),
    })
    .map(({ channels, resolution, classes, blocks }) => {
      let before: number = channels;
      const structure: Structure = blocks.map(({ single, out, sameWidth, k, s, L, btn, bits }): Block => {
        const shape = { in: before, out: sameWidth ? before : out, k, s };
        before = shape.out;
        if (single) return { class: "ConvKXBNRELU", ...shape, nbitsA: bits[0], nbitsW: bits[1] };
        return {
          ...{ class: superClass, ...shape, L, btn },
          nbitsA: bits.slice(0, 3 * L),
          nbitsW: bits.slice(9, 9 + 3 * L),
        };
      });
      return describeNetwork("random", structure, resolution, classes);
    });
}

/** Bytes that fill an image: as good as random, with runs of 0 and of 255. */
export function anyImage({ resolution, channels }: NetworkDescription): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof({ weight: 4, arbitrary: fc.nat(255) }, fc.constantFrom(0, 255));
  const length = resolution * resolution * channels;
  return fc.array(byte, { minLength: length, maxLength: length }).map((bytes) => Uint8Array.from(bytes));
}
