import fc from "fast-check";
import { expect, test } from "vitest";
import { runtimeOf } from "../../src/config/devices.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { planOf } from "../../src/firmware/plan.ts";
import { networkOf } from "../../src/network/structure.ts";
import { firmwareNetworks } from "../support/firmware-networks.ts";

const runtime = runtimeOf("qes-c", "test");

test("the arena of qes-c is that of the plan of its C code, but for the whole words at which that begins and ends scratch", () => {
  fc.assert(
    fc.property(firmwareNetworks(), (description) => {
      const { structure, resolution, classes } = description;
      const { arena } = costs(networkOf(structure, resolution), classes, emptyCosts(), { runtime, classes });
      const more = planOf(description).arena - arena!;
      expect(more).toBeGreaterThanOrEqual(0);
      expect(more).toBeLessThanOrEqual(6);
    }),
    { numRuns: 300 },
  );
});
