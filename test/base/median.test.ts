import { expect, test } from "vitest";
import { median } from "../../src/base/median.ts";

test("the median is the middle value, and between two middle ones their mean", () => {
  expect(median([5])).toBe(5);
  expect(median([9, 1, 4])).toBe(4);
  expect(median([54_040, 30_752, 45_748, 31_256])).toBe(38_502);
  expect(median([])).toBeNaN();
});
