import { expect, test } from "vitest";
import { Allowance } from "../../../src/bound/proof/allowance.ts";
import { Labels } from "../../../src/bound/proof/labels.ts";

const next = -1;
const scores = (labels: Labels) =>
  labels
    .takeUndominated()
    .map(({ value }) => value)
    .sort((x, y) => y - x);

test("a label stays where no other beats it in score and in every cost that has a budget, and only there", () => {
  const taken = (limited: readonly number[]) => {
    const labels = new Labels(new Allowance({}), limited);
    labels.add({ value: 3, costs: [5, 9], next });
    labels.add({ value: 2, costs: [4, 9], next });
    labels.add({ value: 1, costs: [6, 1], next });
    // Worse, but other bits may follow.
    labels.add({ value: 0, costs: [9, 9], next: 1 });
    labels.add({ value: 0, costs: [9, 9], next: 2 });
    return scores(labels);
  };
  expect(taken([0, 1])).toEqual([3, 2, 1]);
  expect(taken([0])).toEqual([3, 2]);
  expect(taken([])).toEqual([3]);
  const labels = new Labels(new Allowance({}), [0]);
  labels.add({ value: 3, costs: [5], next: 1 });
  labels.add({ value: 2, costs: [6], next: 3 });
  labels.add({ value: 1, costs: [7], next: 2 });
  expect(scores(labels)).toEqual([3, 2]);
});

test("the clock is looked at while many labels are compared, none of which beats another", () => {
  let looks = 0;
  const isLate = () => {
    looks++;
    return false;
  };
  const labels = new Labels(new Allowance({ isLate }), [0]);
  const count = 20_000;
  for (let i = 0; i < count; i++) labels.add({ value: i, costs: [i], next });
  const before = looks;
  expect(labels.takeUndominated()).toHaveLength(count);
  // 200 million comparisons, a fraction of a second.
  expect(looks - before).toBeGreaterThan(50);
});
