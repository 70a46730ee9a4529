import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import type { Operator } from "../../src/operators/operator.ts";
import type { OperatorRow } from "../../src/operators/operator-table.ts";
import { OperatorTimes } from "../../src/operators/operator-times.ts";
import { readOperatorTable } from "../../src/operators/read-table.ts";

const textOf = (name: string) => readFileSync(join(packageRoot, "test/fixtures/operators", name), "utf8");
const { rows } = readOperatorTable(textOf("table.csv"), "table.csv", "table");

function operatorOf([kind, , inChannels, side, outChannels, kernel, stride, fused]: OperatorRow): Operator {
  return { depthwise: kind === "depthwise", inChannels, side, outChannels, kernel, stride, fused: fused === 1 };
}

function depthwise(channels: number, side: number): Operator {
  return { depthwise: true, inChannels: channels, side, outChannels: channels, kernel: 3, stride: 1, fused: false };
}

test("10,000 random queries have what SciPy makes of them", () => {
  const tables = new Map<number, OperatorTimes>();
  const lines = textOf("queries.csv").trim().split("\n").slice(1);
  expect(lines).toHaveLength(10_000);
  let worst = 0;
  for (const line of lines) {
    const cells = line.split(",");
    const [batch, , , , , , , truth] = cells.slice(1).map(Number);
    const times = tables.get(batch) ?? new OperatorTimes({ name: "table", batch, rows });
    tables.set(batch, times);
    const operator = operatorOf([cells[0], ...cells.slice(1).map(Number)] as unknown as OperatorRow);
    const own = times.exact(operator);
    worst = Math.max(worst, Math.abs(own - truth) / Math.max(1, truth));
    expect(Math.abs(times.of(operator) - own)).toBeLessThanOrEqual(2 ** -31);
  }
  expect(worst).toBeLessThan(1e-9);
});

test("measured operators have what was measured, whatever the order of the rows", () => {
  const forwards = new OperatorTimes({ name: "table", batch: 8, rows });
  const backwards = new OperatorTimes({ name: "table", batch: 8, rows: rows.toReversed() });
  for (const row of rows.filter(([, batch]) => batch === 8)) {
    expect(Math.abs(forwards.exact(operatorOf(row)) - row[8] / 8)).toBeLessThan(1e-12);
  }
  for (let side = 1; side < 300; side += 7) {
    for (const row of rows.slice(0, 200)) {
      const operator = { ...operatorOf(row), side };
      expect(backwards.of(operator)).toBe(forwards.of(operator));
    }
  }
});

test("on a grid, where triangulations are not unique, the corners of a cell bound what is inside", () => {
  const grid: OperatorRow[] = [];
  for (const out of [8, 16, 24, 32])
    for (const side of [4, 8, 12, 16]) grid.push(["depthwise", 1, out, side, out, 3, 1, 0, out * side * side]);
  const times = new OperatorTimes({ name: "grid", rows: grid });
  for (let out = 8; out <= 32; out++) {
    for (let side = 4; side <= 16; side++) {
      const [o, s] = [8 * Math.floor(Math.min(31, out) / 8), 4 * Math.floor(Math.min(15, side) / 4)];
      const corners = [o, o + 8].flatMap((x) => [s, s + 4].map((y) => x * y * y));
      const value = times.of(depthwise(out, side));
      expect(value).toBeGreaterThanOrEqual(Math.min(...corners));
      expect(value).toBeLessThanOrEqual(Math.max(...corners));
    }
  }
});

test("one point, and points on a line, are what there is", () => {
  const row = (out: number, side: number, value: number): OperatorRow => [
    "depthwise",
    1,
    out,
    side,
    out,
    3,
    1,
    0,
    value,
  ];
  const at = (rows: readonly OperatorRow[], out: number, side: number) =>
    new OperatorTimes({ name: "few", rows }).of({ ...depthwise(out, side), fused: true });
  expect(at([row(8, 8, 1)], 99, 5)).toBe(1);
  const line = [row(8, 8, 1), row(16, 16, 3), row(32, 32, 5)];
  expect(at(line, 12, 12)).toBe(2);
  expect(at(line, 24, 24)).toBe(4);
  expect(at(line, 40, 31)).toBe(5);
});
