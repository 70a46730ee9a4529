import { expect, test } from "vitest";
import { Traffic } from "../../src/pool/traffic.ts";

test("what a message takes besides scoring is shared by its genomes", () => {
  const traffic = new Traffic();
  for (let i = 0; i < 5; i++) traffic.measured(0.5, 0.375, 8);
  expect(traffic.count).toBe(5);
  expect(traffic.message).toBe(0.125);
  expect(traffic.figures).toEqual({ score: 0.046875, send: 0.015625 });
});

test("one message of a thread that still fills its tables changes no figure", () => {
  const traffic = new Traffic();
  traffic.measured(3, 1, 8);
  for (let i = 0; i < 4; i++) traffic.measured(0.5, 0.375, 8);
  expect(traffic.message).toBe(0.125);
  expect(traffic.figures).toEqual({ score: 0.046875, send: 0.015625 });
});

test("a clock that runs apart in two threads gives no message of less than no time", () => {
  const traffic = new Traffic();
  traffic.measured(0.25, 0.5, 1);
  expect(traffic.figures).toEqual({ score: 0.5, send: 0 });
});
