import fc from "fast-check";
import { expect, test } from "vitest";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { layerTable } from "../../src/formats/layer-table.ts";
import { networkOf } from "../../src/network/structure.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { anyResolution, anyStructure } from "../arbitrary.ts";

test("the convs of any network sum to its costs exactly, peak where it peaks, and sum to its score", () => {
  fc.assert(
    fc.property(anyStructure, anyResolution, fc.constantFrom(0, 2, 1000), (structure, resolution, classes) => {
      const network = networkOf(structure, resolution);
      const stageWeights = Array.from({ length: network.stages }, (_, i) => (i * 3) % 5);
      const score = new AnalyticScore({ stageWeights, sigmaActivation: 5, sigmaWeight: 4 });
      const { convs, classifierFlash } = layerTable(network, { classes, score });
      const total = costs(network, classes, emptyCosts());
      const sum = (of: (conv: (typeof convs)[number]) => number) => convs.reduce((all, conv) => all + of(conv), 0);
      expect(convs).toHaveLength(network.convs);
      expect(sum(({ bitops }) => bitops)).toBe(total.bitops);
      expect(sum(({ macs }) => macs)).toBe(total.macs);
      expect(sum(({ layers }) => layers)).toBe(total.layers);
      expect(sum(({ flash }) => flash) + classifierFlash).toBe(total.flash);
      expect(convs.reduce((peak, { live }) => Math.max(peak, live), 0)).toBe(total.sramLive);
      for (const { input, output, held, live } of convs) expect(input + output + held).toBe(live);
      const all = sum(({ gain, width }) => gain + width);
      expect(Math.abs(all - score.score(network))).toBeLessThanOrEqual(1e-9 * (1 + sum(({ gain }) => Math.abs(gain))));
    }),
    { numRuns: 300 },
  );
});
