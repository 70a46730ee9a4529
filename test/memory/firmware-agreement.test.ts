import fc from "fast-check";
import { expect, test } from "vitest";
import { runtimeOf } from "../../src/config/devices.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { cNetwork } from "../../src/firmware/c-network.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { integerNetwork } from "../../src/integer/trained-network.ts";
import { networkOf } from "../../src/network/structure.ts";
import { firmwareNetworks } from "../support/firmware-networks.ts";

test.each(["separate", "fused"])(
  "the arena of the runtime of %s kernels is that of the plan of its C code, and its deployed flash what the C has as constant data, to the byte",
  (form) => {
    const fused = form === "fused";
    const runtime = runtimeOf(fused ? "qes-c-fused" : "qes-c", "test");
    fc.assert(
      fc.property(firmwareNetworks(), (description) => {
        const { structure, resolution, classes } = description;
        const network = networkOf(structure, resolution);
        const { arena, flashDeployed } = costs(network, classes, emptyCosts(), { runtime, classes });
        const weights = randomWeights(description, 1);
        const c = cNetwork(description, integerNetwork(description, weights), { fused });
        expect(c.plan.arena).toBe(arena);
        expect(c.flash.weights + c.flash.constants + c.flash.descriptors).toBe(flashDeployed);
      }),
      { numRuns: 100 },
    );
  },
);
