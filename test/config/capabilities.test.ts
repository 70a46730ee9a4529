import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { capabilities, nearestPair, parseCapability } from "../../src/config/capabilities.ts";
import { parseConfig } from "../../src/config/config.ts";
import { packBits } from "../../src/network/bits.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { encode, structureOf } from "../../src/space/genome.ts";
import { mutatePublished } from "../naive/mutation.ts";
import { RandomStream } from "../naive/random.ts";

const texts = (value: unknown) => {
  const { stem, body, head } = parseCapability(value, "capability");
  const of = (pairs: typeof stem) => (pairs === "start" ? pairs : pairs.map(({ a, w }) => `${a}/${w}`).join(" "));
  return { stem: of(stem), body: of(body), head: of(head) };
};

describe("a bit capability", () => {
  test("is published, cmsis-nn or cmix-nn by name", () => {
    expect(texts("published")).toEqual({
      stem: "start",
      body: "3/3 3/4 3/5 3/6 4/3 4/4 4/5 4/6 5/3 5/4 5/5 5/6 6/3 6/4 6/5 6/6",
      head: "3/3 3/4 3/5 3/6 4/3 4/4 4/5 4/6 5/3 5/4 5/5 5/6 6/3 6/4 6/5 6/6",
    });
    expect(texts("cmsis-nn")).toEqual({ stem: "8/8 8/4", body: "8/8 8/4", head: "8/8 8/4" });
    expect(texts("cmix-nn").stem).toBe("2/2 2/4 2/8 4/2 4/4 4/8 8/2 8/4 8/8");
  });

  test("is a list of pairs for every conv, or one list a role", () => {
    expect(texts([[8, 2]])).toEqual({ stem: "8/2", body: "8/2", head: "8/2" });
    expect(texts({ body: [[4, 4]], stem: [[8, 8]] })).toEqual({ stem: "8/8", body: "4/4", head: "4/4" });
  });

  test("that is none of these is an error with the known names", () => {
    expect(() => parseCapability("cmsisnn", "capability")).toThrow("did you mean cmsis-nn?");
    expect(() => parseCapability(8, "capability")).toThrow("expected one of published, cmsis-nn, cmix-nn");
    expect(() => parseCapability([], "capability")).toThrow("expected a list of [activation, weight] bits");
    expect(() => parseCapability([[8, 8], [4]], "capability")).toThrow("capability[1]: expected [activation bits");
    expect(() => parseCapability({ body: [[8, 8]], tail: [] }, "capability")).toThrow("capability.tail: unknown key");
    expect(() => parseCapability({ stem: [[8, 8]] }, "capability")).toThrow("capability.body: expected a list");
  });

  test("has a nearest pair, with more bits where two are as near", () => {
    const pairs = capabilities["cmix-nn"].body;
    expect(nearestPair(pairs, { a: 3, w: 6 })).toEqual({ a: 4, w: 8 });
    expect(nearestPair(pairs, { a: 9, w: 1 })).toEqual({ a: 8, w: 2 });
  });

  test("holds for every descendant: stem, body and head bits stay legal and reach every legal pair", () => {
    const lists = [
      "published",
      "cmsis-nn",
      "cmix-nn",
      [
        [8, 8],
        [4, 4],
        [2, 8],
      ],
    ];
    for (const capability of lists) {
      const config = parseConfig({ device: "stm32f746", task: "vww", capability }, "test");
      const space = openProblem(config).space;
      const genome = encode(space, config.space.start, 96, "start");
      const random = new RandomStream();
      random.reset(1, 0, 0);
      const met = { stem: new Set<number>(), body: new Set<number>(), head: new Set<number>() };
      for (let step = 0; step < 4000; step++) {
        mutatePublished(space, genome, 0, random);
        structureOf(space, genome, 0).forEach((block, b) => {
          const weights = [block.nbitsW!].flat();
          for (const [i, a] of [block.nbitsA!].flat().entries()) {
            met[space.blocks[b].role].add(packBits({ a, w: weights[i] }));
          }
        });
      }
      for (const role of ["stem", "body", "head"] as const) {
        const legal = space.blocks.find((block) => block.role === role)!.bits.pairs;
        expect([...met[role]].sort((x, y) => x - y)).toEqual([...legal]);
      }
    }
  });
});

describe("the configuration's capability", () => {
  const block = (nbitsA: number[], nbitsW: number[]) => ({
    class: "SuperQuantResK1DWK1",
    in: 16,
    out: 24,
    k: 3,
    s: 2,
    L: 1,
    btn: 48,
    nbitsA,
    nbitsW,
  });
  const stem = { class: "ConvKXBNRELU", in: 3, out: 16, k: 3, s: 2, nbitsA: 8, nbitsW: 8 };
  const withStart = (start: unknown, more: object) =>
    openProblem(parseConfig({ space: { family: "quant-k1dwk1", start }, ...more }, "test")).space;

  test("refuses a start network with other bits, by its block", () => {
    const start = [stem, block([4, 4, 4], [4, 4, 4])];
    const space = withStart(start, { capability: "cmsis-nn" });
    expect(() => encode(space, start, 224, "space.start")).toThrow(
      "space.start[1].nbitsA/nbitsW: expected activation/weight bits among 8/4 8/8, got 4/4",
    );
  });

  test("contradicts space.bits", () => {
    const space = { family: "quant-k1dwk1", start: [stem, block([4, 4, 4], [4, 4, 4])], bits: [3, 4] };
    expect(() => parseConfig({ capability: "cmix-nn", space }, "test")).toThrow("space.bits contradicts capability");
  });

  test("of a device gives way to bits set by hand", () => {
    const space = openProblem(
      parseConfig({ device: "stm32f412", task: "face", space: { bits: [4, 5] } }, "test"),
    ).space;
    const body = space.blocks.find((b) => b.role === "body")!;
    expect([...body.bits.pairs]).toEqual([0x44, 0x45, 0x54, 0x55]);
  });

  test.each([[[8]], [[2, 3]], [[4, 5]]])("of bits set by hand, %j, is that of a task's start too", (bits) => {
    const config = parseConfig({ device: "stm32f412", task: "vww", space: { bits } }, "test");
    const { space } = openProblem(config);
    expect(() => encode(space, config.space.start, space.options.resolutions[0], "start")).not.toThrow();
  });

  test("is that of a start written by hand where it is to be fitted, and stays so when the run is read again", () => {
    const start = [stem, block([4, 4, 4], [4, 4, 4])];
    const fitted = { capability: "int8", space: { family: "quant-k1dwk1", start }, search: { fitStart: true } };
    const config = parseConfig(fitted, "test");
    expect(config.space.start).toEqual([stem, { ...block([8, 8, 8], [8, 8, 8]), inner_class: "ResK1DWK1" }]);
    expect(() => encode(openProblem(config).space, config.space.start, 224, "start")).not.toThrow();
    expect(parseConfig(JSON.parse(JSON.stringify(config)), "stored")).toEqual(config);
    expect(parseConfig({ ...fitted, search: {} }, "test").space.start).toMatchObject(start);
  });

  test("makes the bits of a task's start legal", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("published", "cmsis-nn", "cmix-nn"),
        fc.constantFrom("imagenet", "vww", "face"),
        (capability, task) => {
          const config = parseConfig({ task, capability }, "test");
          const space = openProblem(config).space;
          expect(() => encode(space, config.space.start, space.options.resolutions[0], "start")).not.toThrow();
        },
      ),
    );
  });
});
