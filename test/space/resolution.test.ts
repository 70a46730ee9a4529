import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { setResolution } from "../../src/space/genes.ts";
import { encode, resolutionOf, structureOf } from "../../src/space/genome.ts";
import { mutatePublished } from "../naive/mutation.ts";
import { RandomStream } from "../naive/random.ts";

describe("the input resolution as a gene", () => {
  const config = parseConfig({ task: "vww", input: { resolution: { min: 64, max: 224, step: 32 } } }, "test");
  const space = openProblem(config).space;

  test("is a range, a list or one size in the configuration", () => {
    const resolutions = (resolution: unknown) =>
      openProblem(parseConfig({ task: "imagenet", input: { resolution } }, "test")).space.options.resolutions;
    expect(resolutions({ min: 96, max: 128, step: 16 })).toEqual([96, 112, 128]);
    expect(resolutions({ min: 96, max: 112 })).toEqual([96, 104, 112]);
    expect(resolutions([160, 96, 160])).toEqual([96, 160]);
    expect(resolutions(100)).toEqual([100]);
    expect(resolutions([100])).toEqual([100]);
    expect(config.input).toEqual({ resolution: 64, resolutions: [64, 96, 128, 160, 192, 224], channels: 3 });
  });

  test("survives a configuration that is stored and read again", () => {
    expect(parseConfig(JSON.parse(JSON.stringify(config)), "stored")).toEqual(config);
  });

  test("refuses a range upside down, a size that is not a multiple of 8 and an unknown key", () => {
    const parse = (resolution: unknown) => () =>
      openProblem(parseConfig({ task: "vww", input: { resolution } }, "test")).space;
    expect(parse({ min: 160, max: 96 })).toThrow("expected pixels, a list of them, or { min, max, step }");
    expect(parse({ min: 96, max: 160, steps: 8 })).toThrow("expected pixels");
    expect(parse([96, 100])).toThrow("multiples of 8");
    expect(parse([])).toThrow("input");
  });

  test("takes every value of the range, and every descendant is a network of the space", () => {
    const genome = encode(space, config.space.start, 64, "start");
    const random = new RandomStream();
    random.reset(7, 0, 0);
    const met = new Set<number>();
    for (let step = 0; step < 1500; step++) {
      mutatePublished(space, genome, 0, random);
      const resolution = resolutionOf(space, genome, 0);
      met.add(resolution);
      expect(encode(space, structureOf(space, genome, 0), resolution, "child")).toEqual(genome);
    }
    expect([...met].sort((x, y) => x - y)).toEqual([64, 96, 128, 160, 192, 224]);
  });

  test("takes kernels along: the largest its maps allow stays the largest, any other stays what it is", () => {
    const start = structureOf(space, encode(space, config.space.start, 64, "start"), 0);
    const wide = start.map((block) => (block.L === undefined ? block : { ...block, k: 5 }));
    const genome = encode(space, wide, 224, "wide");
    setResolution(space, genome, 0, 64);
    // At 64 the last block sees 4 x 4 maps: 5 and 3 shrink to 1, and at 8 x 8, 5 x 1.5 still fits.
    expect(structureOf(space, genome, 0).map((block) => block.k)).toEqual([3, 5, 5, 5, 1, 1, 1]);
    setResolution(space, genome, 0, 224);
    expect(structureOf(space, genome, 0).map((block) => block.k)).toEqual([3, 5, 5, 5, 5, 5, 1]);
    const narrow = encode(space, start, 64, "start");
    setResolution(space, narrow, 0, 224);
    expect(structureOf(space, narrow, 0).map((block) => block.k)).toEqual([3, 3, 3, 3, 5, 5, 1]);
  });
});
