import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { randomWeights } from "../../src/formats/weights.ts";
import { runInteger } from "../../src/integer/reference.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { addFamily } from "../../src/network/families.ts";
import { naiveInteger } from "../naive/integer.ts";
import { anyImage, integerNetworks } from "../support/integer-networks.ts";

const slow = process.env["QES_SLOW_TESTS"] === "1";

const remove = addFamily({
  className: "SuperToyProjected",
  isSuper: true,
  quantised: "always",
  convs: [
    { kernel: 1, from: "in", to: "btn", depthwise: false, strided: false },
    { kernel: "k", from: "btn", to: "btn", depthwise: false, strided: true },
    { kernel: 1, from: "btn", to: "out", depthwise: false, strided: false },
  ],
  shortcut: "projected",
});
afterAll(remove);

test.each(["SuperQuantResK1DWK1", "SuperToyProjected"])(
  "the interpreter is the page's arithmetic: %s",
  (superClass) => {
    const seen = new Set<string>();
    let [values, inner] = [0, 0];
    const anyCase = integerNetworks(superClass).chain((network) =>
      fc.tuple(fc.constant(network), anyImage(network), fc.nat(1000)),
    );
    fc.assert(
      fc.property(anyCase, ([description, image, seed]) => {
        const network = integerNetwork(description, randomWeights(description, seed));
        const output = runInteger(network, image);
        expect([...output]).toEqual(naiveInteger(network, image));
        const most = network.classifier === undefined ? 255 : 2 ** 30;
        for (const value of output) if (value > 0 && value < most) inner++;
        values += output.length;
        for (const { shortcut, stride } of network.layers) seen.add(`${shortcut} ${stride}`);
      }),
      { numRuns: slow ? 500 : superClass === "SuperToyProjected" ? 20 : 50, seed: 3 },
    );
    const shortcuts = superClass === "SuperToyProjected" ? ["projected 1", "projected 2"] : ["identity 1", "pooled 2"];
    for (const kind of ["none 1", "none 2", ...shortcuts]) expect(seen).toContain(kind);
    // Clamped values would hide differences.
    expect(inner / values).toBeGreaterThan(0.2);
  },
);
