import type fc from "fast-check";
import { describeNetwork, type NetworkDescription } from "../../src/formats/network-description.ts";
import { integerNetworks } from "./integer-networks.ts";

/**
 * Networks that the C runtime serves: a single conv reads the image, and a depthwise conv has the activation bits of the conv behind it, which a fused one need not.
 */
export function firmwareNetworks({ fused = false } = {}): fc.Arbitrary<NetworkDescription> {
  return integerNetworks().map(({ name, structure, resolution, classes, channels }) => {
    const first = structure[0];
    const stem = {
      class: "ConvKXBNRELU",
      ...{ in: channels, out: first.in, k: first.k, s: first.s },
      nbitsA: [first.nbitsA].flat()[0]!,
      nbitsW: [first.nbitsW].flat()[0]!,
    };
    const blocks = structure.map((block) =>
      typeof block.nbitsA === "object"
        ? { ...block, nbitsA: block.nbitsA.map((bits, i, all) => (i % 3 === 2 && !fused ? all[i - 1] : bits)) }
        : block,
    );
    return describeNetwork(name, [stem, ...blocks], resolution, classes);
  });
}
