import { expect, test } from "vitest";
import { seconds } from "../../src/report/page/figures.ts";
import { fitting, linearTicks, logarithmicTicks } from "../../src/report/page/scale.ts";

test("a linear axis has several ticks wherever it begins, also around 0", () => {
  for (let i = 0; i < 400; i++) {
    const [from, span] = [i * 0.37, 1.03 ** i];
    expect(linearTicks(from, from + span, 5).length, `${from} to ${from + span}`).toBeGreaterThan(2);
    expect(linearTicks(-span, span, 4).length, `±${span}`).toBeGreaterThan(2);
  }
  expect(linearTicks(1.744e9, 27.9e9, 5)).toEqual([5e9, 10e9, 15e9, 20e9, 25e9]);
});

test("a logarithmic axis has two ticks at least", () => {
  expect(logarithmicTicks(64, 500_000)).toEqual([100, 1000, 10_000, 100_000]);
  expect(logarithmicTicks(64, 1500)).toEqual([100, 200, 500, 1000]);
  expect(logarithmicTicks(20, 40)).toEqual([20, 40]);
  for (let from = 1; from < 300; from += 7)
    for (let to = from + 1; to < 2000; to += 37) expect(logarithmicTicks(from, to).length).toBeGreaterThan(1);
});

test("a label without room is shown by its short text, and by its long one where that has some", () => {
  const labels = [
    { at: 0.01, text: "stem", short: "S" },
    { at: 0.05, text: "block 1", short: "1" },
    { at: 0.3, text: "block 2", short: "2" },
    { at: 0.99, text: "head", short: "H" },
  ];
  const at = (pixels: number) => fitting(labels, pixels).map(({ text }) => text);
  expect(at(2000)).toEqual(["stem", "block 1", "block 2", "head"]);
  expect(at(1000)).toEqual(["stem", "1", "block 2", "head"]);
  expect(at(60)).toEqual(["S", "2", "H"]);
});

test("a short time is not nothing", () => {
  expect([0, 0.004, 0.06, 12.4, 75].map(seconds)).toEqual(["0 s", "0.004 s", "0.1 s", "12 s", "1 min 15 s"]);
});
