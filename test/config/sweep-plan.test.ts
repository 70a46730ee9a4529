import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { parseSweepPlan } from "../../src/config/sweep-plan.ts";

const plan = (value: object) => parseSweepPlan(JSON.stringify(value), "plan.yaml");

describe("a plan", () => {
  test("is the product of searches, settings and seeds, seeds the fastest", () => {
    const all = plan({
      searches: ["a", { device: "d", task: "t" }],
      seeds: "3..4",
      set: [{ x: [1, 2] }, { "y.z": [[1], [2, 3]], w: ["p", null] }],
    });
    expect(all).toHaveLength(16);
    expect(all.map(({ index }) => index)).toEqual([...all.keys()]);
    const naive: unknown[] = [];
    for (const source of ["a", { device: "d", task: "t" }])
      for (const x of [1, 2])
        for (const [yz, w] of [
          [[1], "p"],
          [[2, 3], null],
        ])
          for (const seed of [3, 4]) naive.push({ index: naive.length, source, set: { x, "y.z": yz, w }, seed });
    expect(all).toEqual(naive);
  });

  test("without seeds and settings is its searches, each with the seed of its configuration", () => {
    expect(plan({ searches: ["a", "b"] })).toEqual([
      { index: 0, source: "a", set: {}, seed: undefined },
      { index: 1, source: "b", set: {}, seed: undefined },
    ]);
    expect(plan({ searches: ["a"], seeds: [7, 7, 9] }).map(({ seed }) => seed)).toEqual([7, 9]);
    expect(plan({ searches: ["a"], seeds: 5 }).map(({ seed }) => seed)).toEqual([5]);
  });

  test.each([
    [
      { searches: ["a"], seeds: "1..10000", set: [{ x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }] },
      /at most 100000 searches, got 110000/,
    ],
    [
      { searches: ["a"], set: [{ x: [1, 2], y: [1] }] },
      /set.0: expected as many values of every key.*x has 2, y has 1/,
    ],
    [{ searches: ["a"], set: [{}] }, /set.0: .*got no key/],
    [{ searches: ["a"], set: [{ x: 3 }] }, /set.0.x/],
    [{ searches: [] }, /searches/],
    [
      { searches: [{ device: "d" }] },
      /^plan.yaml: searches.0.task: expected a task beside the device, a name or a file, got nothing$/,
    ],
    [{ searches: [{ task: "t" }] }, /searches.0.device: expected a device beside the task/],
    [{ searches: ["a", { device: "d", task: 7 }] }, /searches.1.task: expected string, got 7$/],
    [{ searches: ["a"], seeds: "1-3" }, /seeds: expected such as 1\.\.10/],
    [{ searches: ["a"], seed: 3 }, /seed: unknown key; did you mean seeds/],
    [{}, /searches/],
  ])("that is wrong says where: %j", (value, message) => {
    expect(() => plan(value)).toThrow(UserError);
    expect(() => plan(value)).toThrow(message);
  });
});
