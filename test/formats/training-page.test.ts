import { expect, test } from "vitest";
import { applyAssignments, parseConfig, parseConfigText } from "../../src/config/config.ts";
import { networkOf } from "../../src/network/structure.ts";
import { startSearch } from "../../src/run/run.ts";
import { snippetsOf } from "../snippets.ts";

const [yaml] = snippetsOf("docs/from-search-to-training.md", "yaml");
const found = async (...assignments: string[]) => {
  const config = parseConfig(applyAssignments(parseConfigText(yaml), assignments));
  const { best, status } = await startSearch(config, { archive: ":memory:", threads: 0 });
  const { convs, bitsA, bitsW } = networkOf(best.structure, best.resolution);
  const bits = (list: Uint8Array) => [...new Set(list.subarray(1, convs))].toSorted();
  return { status, macs: best.costs.macs, a: bits(bitsA), w: bits(bitsW) };
};

test("the searches of docs/from-search-to-training.md end with the networks that it describes", async () => {
  const status = "done";
  expect(await found()).toEqual({ status, macs: 797_328, a: [4, 5, 6], w: [6] });
  expect(await found("space.bits=[8]")).toEqual({ status, macs: 567_616, a: [8], w: [8] });
  expect(await found("space.bits=[4]")).toEqual({ status, macs: 797_328, a: [4], w: [4] });
  expect(await found("space.bits=[3]")).toEqual({ status, macs: 797_328, a: [3], w: [3] });
});
